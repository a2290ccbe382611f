"""Time tshark with the POP2 plugin against tshark without, in the same run.

The first capture has one packet in a thousand from POP2 sessions; the others have nothing else: two that were recorded
and one made here. They are timed also without Wireshark's mail dissector, which writes every line of a mail into the
Info column: where mails are large, that is most of the time.

Usage: python benchmarks/plugin.py [FOLDER] [--ways]   (captures are kept in the folder, benchmarks/data by default)

Processor time is compared, by turns, so that a busy machine does not matter much. The exit status is 1 when a capture
for which the limit is promised exceeds it. With --ways another table compares ways to get segments out of tshark,
which decided how the tshark engine asks for them; pyshark takes minutes.
"""

from __future__ import annotations

import argparse
import gzip
import resource
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from generate import write_dense, write_needle

from pop2dissect.engine.tshark.fields import FIELDS
from pop2dissect.wireshark.install import plugin_path

RECORDED = Path(__file__).parents[1] / "tests" / "data" / "captures"
OCTETS = 40_000_000
NEEDLE_PACKETS, NEEDLE_OCTETS = 200_000, 60_000_000
LIMIT = 1.5
"""With the plugin, tshark may take this many times what it takes without, where that is promised."""
FORMS = {
    "one line a packet": [],
    "tcp.port == 109": ["-Y", "tcp.port == 109"],
    "-2": ["-2"],
    "-2 -Y tcp": ["-2", "-Y", "tcp"],
    "-V": ["-V"],
}
WITHOUT_MAIL = ("-o", "pop2.dissect_mail:never")

PYSHARK = """
import sys, pyshark
with pyshark.FileCapture(sys.argv[1], display_filter="tcp.port == 109", keep_packets=False) as capture:
    for packet in capture:
        packet.tcp.get_field_value("payload")
"""


@dataclass(frozen=True)
class Comparison:
    """What is timed: a capture, with the plugin's preferences."""

    capture: Path
    rounds: int
    """A short run is mostly start-up and noise, and needs more of them."""
    preferences: Sequence[str] = ()
    promised: bool = False
    """Whether the limit is promised for it, in all forms."""


def used() -> float:
    """Return the processor time of all children so far, finer than the ticks of ``os.times``."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def seconds(command: list[str]) -> float:
    """Run a command; give the processor time that it and its children took."""
    before = used()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return used() - before


def ratio(without: list[str], with_plugin: list[str], rounds: int) -> tuple[float, float, float]:
    """Take turns; give both medians and the median of the ratios."""
    pairs = [(seconds(without), seconds(with_plugin)) for _ in range(rounds)]
    first, second = zip(*pairs, strict=True)
    return statistics.median(first), statistics.median(second), statistics.median(b / a for a, b in pairs)


def main() -> None:
    options = parse_arguments()
    options.folder.mkdir(parents=True, exist_ok=True)
    kept = True
    for comparison in comparisons(options.folder):
        largest = compare(comparison)
        kept = kept and (largest <= LIMIT or not comparison.promised)
    if options.ways:
        for name, command in ways(dense_capture(options.folder)).items():
            print(f"{name:<18} {seconds(command):6.2f} s")
    sys.exit(not kept)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time tshark with the POP2 plugin against tshark without.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent / "data")
    parser.add_argument("--ways", action="store_true", help="compare ways to get segments out of tshark, too")
    return parser.parse_args()


def comparisons(folder: Path) -> list[Comparison]:
    """Return all that is timed."""
    needle, dense = needle_capture(folder), dense_capture(folder)
    many, big = recorded(folder, "many_sessions"), recorded(folder, "big_messages")
    return [
        Comparison(needle, rounds=3, promised=True),
        Comparison(many, rounds=9),
        Comparison(many, rounds=9, preferences=WITHOUT_MAIL),
        Comparison(big, rounds=9),
        Comparison(big, rounds=9, preferences=WITHOUT_MAIL, promised=True),
        Comparison(dense, rounds=3),
        Comparison(dense, rounds=3, preferences=WITHOUT_MAIL),
    ]


def needle_capture(folder: Path) -> Path:
    path = folder / "plugin_needle.pcap"
    if not path.exists():
        write_needle(path, NEEDLE_PACKETS, NEEDLE_OCTETS)
    return path


def dense_capture(folder: Path) -> Path:
    path = folder / "plugin_dense.pcap"
    if not path.exists():
        write_dense(path, OCTETS)
    return path


def recorded(folder: Path, name: str) -> Path:
    """Return a recorded capture, unpacked: to unpack it takes longer than the plugin."""
    path, packed = folder / f"{name}.pcap", RECORDED / f"{name}.pcap.gz"
    if not packed.exists():
        return RECORDED / f"{name}.pcap"
    if not path.exists():
        with gzip.open(packed) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)
    return path


def compare(comparison: Comparison) -> float:
    """Print the figures of one capture; give the largest ratio."""
    print(comparison.capture.stem, *comparison.preferences, f"(limit {LIMIT})" if comparison.promised else "")
    tshark = ["tshark", "-n", "-r", str(comparison.capture)]
    plugin = ["-X", f"lua_script:{plugin_path()}", *comparison.preferences]
    largest = 0.0
    for name, options in FORMS.items():
        plain, ours, times = ratio([*tshark, *options], [*tshark, *plugin, *options], comparison.rounds)
        largest = max(largest, times)
        print(f"  {name:<18} without {plain:6.2f} s  with the plugin {ours:6.2f} s  ratio {times:5.2f}")
    return largest


def ways(capture: Path) -> dict[str, list[str]]:
    """Return the ways to get the TCP segments of a capture out of tshark, payload and all."""
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
