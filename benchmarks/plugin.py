"""Time tshark with the POP2 plugin against tshark without, in the same run.

The first capture has one packet in a thousand from POP2 sessions; the others have nothing else: two that were recorded
and one made here, which is timed also without Wireshark's mail dissector.

Usage: python benchmarks/plugin.py [FOLDER] [--ways]   (captures are kept in the folder, benchmarks/data by default)

Processor time is compared, by turns, so that a busy machine does not matter much, in whole and less what an empty
capture takes (net). The exit status is 1 when either exceeds the limit for this version of tshark. With --ways another
table compares ways to get segments out of tshark, which decided how the tshark engine asks for them; pyshark takes
minutes.
"""

from __future__ import annotations

import argparse
import gzip
import re
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
ORDINARY_LIMIT = 1.1
"""With the plugin, tshark may take this many times what it takes without, where little of the traffic is POP2."""
LIMITS, NEWEST_LIMIT = {"4.0": 2.0}, 1.5
"""The same where all of it is, by version and for all newer ones: their mail dissector costs little."""
FORMS = {
    "one line a packet": [],
    "tcp.port == 109": ["-Y", "tcp.port == 109"],
    "-2": ["-2"],
    "-2 -Y tcp": ["-2", "-Y", "tcp"],
    "-V": ["-V"],
}
PCAP_HEADER = 24
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
    limit: float
    preferences: Sequence[str] = ()


def used() -> float:
    """Return the processor time of all children so far, finer than the ticks of ``os.times``."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def seconds(command: list[str]) -> float:
    """Run a command; give the processor time that it and its children took."""
    before = used()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return used() - before


def ratios(commands: Sequence[list[str]], rounds: int) -> tuple[float, float, float, float]:
    """Run commands by turns: without and with the plugin, and both of an empty capture.

    Give the seconds of the first two, the ratio of these, and the ratio of what is left of them without start-up.
    """
    runs = [[seconds(command) for command in commands] for _ in range(rounds)]
    plain, ours, start, our_start = (statistics.median(column) for column in zip(*runs, strict=True))
    return plain, ours, statistics.median(run[1] / run[0] for run in runs), (ours - our_start) / (plain - start)


def main() -> None:
    options = parse_arguments()
    options.folder.mkdir(parents=True, exist_ok=True)
    kept = [compare(comparison, options.folder) for comparison in comparisons(options.folder)]
    if options.ways:
        for name, command in ways(dense_capture(options.folder)).items():
            print(f"{name:<18} {seconds(command):6.2f} s")
    sys.exit(not all(kept))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time tshark with the POP2 plugin against tshark without.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent / "data")
    parser.add_argument("--ways", action="store_true", help="compare ways to get segments out of tshark, too")
    return parser.parse_args()


def comparisons(folder: Path) -> list[Comparison]:
    """Return all that is timed."""
    version = re.search(r"\d+\.\d+", subprocess.run(["tshark", "--version"], capture_output=True, text=True).stdout)
    limit = LIMITS.get(version[0], NEWEST_LIMIT) if version else NEWEST_LIMIT
    dense = dense_capture(folder)
    return [
        Comparison(needle_capture(folder), 3, ORDINARY_LIMIT),
        Comparison(recorded(folder, "many_sessions"), 9, limit),
        Comparison(recorded(folder, "big_messages"), 9, limit),
        Comparison(dense, 3, limit),
        Comparison(dense, 3, limit, preferences=WITHOUT_MAIL),
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


def empty_capture(folder: Path, capture: Path) -> Path:
    path = folder / "plugin_empty.pcap"
    path.write_bytes(capture.read_bytes()[:PCAP_HEADER])
    return path


def compare(comparison: Comparison, folder: Path) -> bool:
    """Print the figures of one capture; give whether all are within its limit."""
    print(comparison.capture.stem, *comparison.preferences, f"(limit {comparison.limit})", flush=True)
    plugin = ["-X", f"lua_script:{plugin_path()}", *comparison.preferences]
    captures = comparison.capture, empty_capture(folder, comparison.capture)
    kept = True
    for name, options in FORMS.items():
        commands = [["tshark", "-n", "-r", str(path), *more, *options] for path in captures for more in ([], plugin)]
        plain, ours, whole, net = ratios(commands, comparison.rounds)
        kept = kept and max(whole, net) <= comparison.limit
        print(
            f"  {name:<18} {plain:6.2f} s  with the plugin {ours:6.2f} s  ratio {whole:5.2f}  net {net:5.2f}",
            flush=True,
        )
    return kept


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
