"""Time tshark with the POP2 plugin against tshark without, in the same run.

The first capture has one packet in a thousand from POP2 sessions, the second nothing else. On the second most
of the time is not the plugin's: Wireshark's mail dissector writes every line of a mail into the Info column.

Usage: python benchmarks/plugin.py [FOLDER]    (the capture is kept in the folder, benchmarks/data by default)

Processor time is compared, so that a busy machine does not matter. The second table compares ways to get
segments out of tshark, which decided how the tshark engine asks for them.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

from generate import write_dense, write_needle

from pop2dissect.engine.tshark.fields import FIELDS
from pop2dissect.wireshark.install import plugin_path

ROUNDS = 3
OCTETS = 40_000_000
NEEDLE_PACKETS, NEEDLE_OCTETS = 200_000, 60_000_000
LIMIT = 1.5
"""With the plugin, tshark may take this many times what it takes without, on ordinary traffic."""
FORMS = {
    "one line a packet": [],
    "tcp.port == 109": ["-Y", "tcp.port == 109"],
    "-2 -Y tcp": ["-2", "-Y", "tcp"],
    "-V": ["-V"],
}
WITHOUT_MAIL = ["-o", "pop2.dissect_mail:FALSE"]

PYSHARK = """
import sys, pyshark
with pyshark.FileCapture(sys.argv[1], display_filter="tcp.port == 109", keep_packets=False) as capture:
    for packet in capture:
        packet.tcp.get_field_value("payload")
"""


def seconds(command: list[str]) -> float:
    """Run a command; give the processor time that it and its children took."""
    before = os.times()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def ratio(without: list[str], with_plugin: list[str]) -> tuple[float, float, float]:
    """Take turns; give both medians and the median of the ratios."""
    pairs = [(seconds(without), seconds(with_plugin)) for _ in range(ROUNDS)]
    first, second = zip(*pairs, strict=True)
    return statistics.median(first), statistics.median(second), statistics.median(b / a for a, b in pairs)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "data")
    folder.mkdir(parents=True, exist_ok=True)
    needle, dense = folder / "plugin_needle.pcap", folder / "plugin_dense.pcap"
    if not needle.exists():
        write_needle(needle, NEEDLE_PACKETS, NEEDLE_OCTETS)
    if not dense.exists():
        write_dense(dense, OCTETS)
    slow = compare(needle, []) > LIMIT
    compare(dense, [])
    compare(dense, WITHOUT_MAIL)
    for name, command in ways(dense).items():
        print(f"{name:<18} {seconds(command):6.2f} s")
    sys.exit(slow)


def compare(capture: Path, preferences: list[str]) -> float:
    """Print the figures of one capture; give the largest ratio."""
    print(" ".join([capture.stem, *preferences]))
    tshark, plugin = ["tshark", "-n", "-r", str(capture)], ["-X", f"lua_script:{plugin_path()}", *preferences]
    largest = 0.0
    for name, options in FORMS.items():
        plain, ours, times = ratio([*tshark, *options], [*tshark, *plugin, *options])
        largest = max(largest, times)
        print(f"  {name:<18} without {plain:6.2f} s  with the plugin {ours:6.2f} s  ratio {times:5.2f}")
    return largest


def ways(capture: Path) -> dict[str, list[str]]:
    """Give the ways to get the TCP segments of a capture out of tshark, payload and all."""
    tshark = ["tshark", "-n", "-r", str(capture), "-Y", "tcp.port == 109"]
    fields = [text for field in FIELDS for text in ("-e", field)]
    return {
        "-T fields": [*tshark, "-T", "fields", *fields],
        "-T pdml": [*tshark, "-T", "pdml", "-J", "frame ip ipv6 tcp"],
        "-T json": [*tshark, "-T", "json", "-J", "frame ip ipv6 tcp"],
        "-T ek": [*tshark, "-T", "ek", "-J", "frame ip ipv6 tcp"],
        "pyshark": [sys.executable, "-c", PYSHARK, str(capture)],
    }


if __name__ == "__main__":
    main()
