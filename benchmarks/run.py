"""Time pop2dissect against tcpdump, tshark and tcpflow on made-up captures, by turns, and write a table and a picture.

    python benchmarks/run.py [--scale S] [--rounds N] [--captures FOLDER] [--write] [NAME ...]    (all rows by default)

Processor time is compared, of the two commands of one round, so that a busy machine is busy for both; of two workers,
elapsed time, for which the machine should have nothing else to do. ``--scale 0.1`` makes the captures a tenth as large;
``--write`` writes docs/benchmarks.md and its picture. All of it takes about ten minutes and 8 GB of disk.
"""

from __future__ import annotations

import argparse
import gzip
import os
import platform
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.generate import count_packets, write_dense, write_frames, write_large_needle, write_needle
from benchmarks.measure import Taken, taken
from benchmarks.page import write_comparison
from benchmarks.shapes import refused
from pop2dissect.capture.fast import LANE
from pop2dissect.wireshark.install import plugin_path

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "pictures" / "benchmarks.png"
SAMPLE = ROOT / "samples" / "rfc937_normal.pcap"
PORT = "109"
OURS = [sys.executable, "-m", "pop2dissect", "--quiet"]

Command = list[str]
_PASS = [sys.executable, "-c", "pass"]


class Measure(Enum):
    """What is compared, with its unit."""

    PROCESSOR = " ×"
    """Processor time, as a multiple of the peer's."""
    ELAPSED = " × elapsed"
    """The same of the time on the clock."""
    MORE = " s more"
    """Seconds of processor time beyond the peer's."""
    RATE = " packets a second"
    PEAK = " MB"
    """Memory at most."""


class Row(NamedTuple):
    """What is compared with what."""

    name: str
    capture: str
    ours: Callable[[str], list[Command]]
    theirs: Callable[[str], list[Command]]
    peer: str
    wanted: float
    """At most; of a rate, at least."""
    measure: Measure = Measure.PROCESSOR


class Measured(NamedTuple):
    """All rounds of a row."""

    row: Row
    ours: list[Taken]
    theirs: list[Taken]

    packets: int
    """In the capture."""

    @property
    def values(self) -> list[float]:
        """What was measured in each round."""
        pairs = list(zip(self.ours, self.theirs or self.ours, strict=True))
        match self.row.measure:
            case Measure.PROCESSOR:
                return [ours.seconds / theirs.seconds for ours, theirs in pairs]
            case Measure.ELAPSED:
                return [ours.elapsed / theirs.elapsed for ours, theirs in pairs]
            case Measure.MORE:
                return [ours.seconds - theirs.seconds for ours, theirs in pairs]
            case Measure.RATE:
                return [self.packets / ours.seconds for ours, _ in pairs]
            case Measure.PEAK:
                return [ours.peak for ours, _ in pairs]


def all_taken(commands: Sequence[Command], folder: str) -> Taken:
    """Run commands one after the other in a folder of their own; the peak is of the one that needed the most."""
    each = [taken(command, cwd=folder) for command in commands]
    seconds, elapsed, peaks, _ = zip(*each, strict=True)
    return Taken(sum(seconds), sum(elapsed), max(peaks))


def made(folder: Path, name: str, scale: float) -> str:
    """Return a capture by name, made if it is not there."""
    path = folder / f"{name} {scale}"
    if path.exists():
        return str(path)
    unfinished = path.with_suffix(".part")
    if name == "needle":
        write_needle(unfinished, int(1_300_000 * scale), int(1_000_000_000 * scale))
    elif name == "large needle":
        write_large_needle(unfinished, int(4_000_000_000 * scale))
    elif name == "small packets":
        write_needle(unfinished, int(4_160_000 * scale), int(400_000_000 * scale))
    elif name == "dense":
        write_dense(unfinished, int(300_000_000 * scale))
    elif name == "refused logins":
        write_frames(unfinished, refused(random.Random(937), int(10_000 * scale)))
    elif name == "archive":
        unfinished.mkdir(exist_ok=True)
        for number in range(max(int(200 * scale), 1)):
            write_needle(unfinished / f"{number:03}.pcap", 6_500, 5_000_000, seed=number, second=number)
        (folder / f"list {scale}").write_text("".join(f"{path}/{file.name}\n" for file in sorted(unfinished.iterdir())))
    else:
        plain = made(folder, "needle", scale)
        if name == "zst":
            subprocess.run(["zstd", "-q", "-f", plain, "-o", str(unfinished)], check=True)
        else:
            with open(plain, "rb") as octets, gzip.open(unfinished, "wb", 6) as packed:  # noqa: PTH123 (a name)
                shutil.copyfileobj(octets, packed)
    unfinished.rename(path)
    return str(path)


def dissected(*options: str, jobs: int = 1) -> Callable[[str], list[Command]]:
    return lambda capture: [[*OURS, "--jobs", str(jobs), *options, capture]]


def nothing(_: str) -> list[Command]:
    return []


def filtered(capture: str) -> list[Command]:
    return [["tcpdump", "-r", capture, "-w", "out.pcap", f"tcp port {PORT}"]]


def decoded(*options: str) -> Callable[[str], list[Command]]:
    return lambda capture: [["tshark", "-n", *options, "-r", capture, "-Y", f"tcp.port=={PORT}"]]


def unpacked(program: str) -> Callable[[str], list[Command]]:
    """Return what unpacks a capture, and what then reads it plain."""

    def commands(capture: str) -> list[Command]:
        folder, name = os.path.split(capture)
        return [[program, "-dc", capture], *dissected()(os.path.join(folder, name.replace(name.split()[0], "needle")))]  # noqa: PTH118 (names)

    return commands


def rows() -> list[Row]:
    """Return all rows of the table."""
    plugin = ["-X", f"lua_script:{plugin_path()}"]
    elapsed = Measure.ELAPSED

    def listed(archive: str) -> list[Command]:
        return [["tcpdump", "-V", archive.replace("archive", "list"), "-w", "out.pcap", f"tcp port {PORT}"]]

    return [
        Row("needle", "needle", dissected(), filtered, "tcpdump -w", 0.9),
        Row("large needle", "large needle", dissected(), filtered, "tcpdump -w", 0.65),
        Row("small packets", "small packets", dissected(), filtered, "tcpdump -w", 0.45),
        Row("needle, two workers", "needle", dissected(jobs=2), filtered, "tcpdump -w", 0.45, elapsed),
        Row("large needle, two workers", "large needle", dissected(jobs=2), filtered, "tcpdump -w", 0.45, elapsed),
        Row("small packets, two workers", "small packets", dissected(jobs=2), filtered, "tcpdump -w", 0.3, elapsed),
        Row("dense, text", "dense", dissected(), decoded(), "tshark -Y", 0.3),
        Row("dense, JSON lines", "dense", dissected("--jsonl"), decoded(), "tshark -Y", 0.3),
        Row("dense, with the plugin", "dense", dissected(), decoded(*plugin), "tshark with the plugin", 0.05),
        Row("dense, files", "dense", dissected(), lambda one: [["tcpflow", "-r", one, "-o", "flows"]], "tcpflow", 2),
        Row("dense, rate", "dense", dissected(), nothing, "", 400_000, Measure.RATE),
        Row("refused logins", "refused logins", dissected(), decoded(), "tshark -Y", 0.6),
        Row("refused logins, memory", "refused logins", dissected(), nothing, "", 90, Measure.PEAK),
        Row("archive", "archive", dissected(), listed, "tcpdump -V list", 1.4),
        Row("archive, two workers", "archive", dissected(jobs=2), dissected(), "one worker", 0.59, elapsed),
        Row("zst", "zst", dissected(), unpacked("zstd"), "zstd -dc, then the plain file", 1.2),
        Row("gz", "gz", dissected(), unpacked("gzip"), "gzip -dc, then the plain file", 1.2),
        Row("start-up", "", lambda _: [[*OURS, str(SAMPLE)]], lambda _: [_PASS], "python", 0.09, Measure.MORE),
    ]


def measured(row: Row, captures: Path, scale: float, rounds: int) -> Measured:
    """Let both take turns."""
    capture = made(captures, row.capture, scale) if row.capture else ""
    packets = count_packets(Path(capture)) if row.measure is Measure.RATE else 0
    result = Measured(row, [], [], packets)
    for _ in range(rounds):
        for commands, results in ((row.theirs(capture), result.theirs), (row.ours(capture), result.ours)):
            if commands:
                with TemporaryDirectory(dir=captures) as folder:
                    results.append(all_taken(commands, folder))
    return result


def line(one: Measured) -> str:
    """Return a row of the table."""
    values, row = one.values, one.row
    digits = {Measure.RATE: ",.0f", Measure.PEAK: ".0f"}.get(row.measure, ".2f")
    shown, least, most, wanted = (
        format(value, digits) for value in (median(values), min(values), max(values), row.wanted)
    )
    at = 1 if row.measure is Measure.ELAPSED else 0
    seconds = [f"{median(run[at] for run in runs):.2f}" if runs else "" for runs in (one.ours, one.theirs)]
    peak = max(run.peak for run in one.ours)
    return (
        f"| {row.name} | {row.peer} | {seconds[0]} | {seconds[1]} | **{shown}{row.measure.value}** ({least}–{most}) "
        f"| {wanted}{row.measure.value} | {peak:.0f} |"
    )


def page(results: Sequence[Measured], scale: float, rounds: int) -> str:
    """Return docs/benchmarks.md."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, pop2dissect {LANE}"
    head = f"""# Benchmarks

Made by `python benchmarks/run.py --write`: captures are made up from seeds, each program runs {rounds} times by turns,
and what counts is processor time (user and system) of whole processes, start-up included. Medians; in brackets the
least and the most of the rounds. Of two workers it is elapsed time. The byte code of modules is there before, as after
an installation. {machine}.

Captures are {scale:g} times as large as these: needle 1 GB with 0.1 % of POP2, large needle 4 GB, small packets 400 MB
of 80 octets each, dense 300 MB of nothing but POP2, 10,000 refused logins, an archive of 200 files of 5 MB; zst and gz
are the needle, compressed. The smaller they are, the more the start-up counts. Of memory 80 MB and 1 KB a session are
wanted.

| row | compared with | s | theirs, s | result | wanted | peak, MB |
|---|---|---|---|---|---|---|
"""
    return head + "\n".join(map(line, results)) + "\n\n![How many times as long](pictures/benchmarks.png)\n"


def plot(results: Sequence[Measured], path: Path) -> None:
    """Draw the ratios, and what is wanted, on one scale."""
    from matplotlib.figure import Figure

    shown = [one for one in results if one.row.measure in (Measure.PROCESSOR, Measure.ELAPSED)][::-1]
    figure = Figure(figsize=(8, 0.4 * len(shown) + 1.2), layout="constrained")
    axes = figure.subplots()
    names = [f"{one.row.name} / {one.row.peer}" for one in shown]
    axes.barh(names, [median(one.values) for one in shown], color="#4c78a8", label="time, times the peer's")
    axes.plot([one.row.wanted for one in shown], names, "|", color="#e45756", markersize=16, label="wanted")
    axes.set_xscale("log")
    axes.axvline(1, color="0.5", linewidth=0.8)
    figure.legend(loc="outside lower center", ncols=2)
    figure.savefig(path, dpi=110, metadata={"Software": ""})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--captures", type=Path, default=Path(__file__).parent / "data")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    captures = options.captures.resolve()
    captures.mkdir(parents=True, exist_ok=True)
    results = []
    for row in rows():
        if not options.names or any(name in row.name for name in options.names):
            results.append(measured(row, captures, options.scale, options.rounds))
            print(line(results[-1]), flush=True)
    if options.write:
        write_comparison(page(results, options.scale, options.rounds))
        plot(results, PICTURE)


if __name__ == "__main__":
    main()
