"""Measure what twice the input costs where an attacker may choose the input, and what was promised of small things.

    python benchmarks/growth.py [--rounds N] [--write] [NAME ...]    (all by default)

Prints processor time for an input and for one of twice the size, the best of some rounds by turns, and ends with
status 1 where twice the size costs more than three times as much (a square is four times), or more than was promised.
Of conversations in the shapes that cost most it is 2.3 times, in text, ``-V``, JSON and the report. With ``--write``
these are written into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.generate import write_again, write_dense
from benchmarks.measure import environment
from benchmarks.page import write_growth
from benchmarks.shapes import SHAPES, write_shape
from pop2dissect.api import read
from pop2dissect.cli import main as command
from pop2dissect.decode.segment import ACK, Segment
from pop2dissect.findings.engine import FindingsEngine
from pop2dissect.mail import open_mail, parse_headers
from pop2dissect.pipeline import Dissection
from pop2dissect.protocols.pop2.grammar import parse_command
from pop2dissect.tcp import Connection
from pop2dissect.tcp.late import LateSegments
from pop2dissect.text.safe import fit, terminal_safe
from tests.mail.hostile import HOSTILE

ROUNDS = 5
MOST_FOR_TWICE = 3.0
MOST_FOR_TWICE_A_SHAPE = 2.3
MEGABYTE = 1 << 20
MANY_SESSIONS = Path(__file__).parents[1] / "tests" / "data" / "captures" / "many_sessions.pcap"
SAMPLE = Path(__file__).parents[1] / "samples" / "rfc937_normal.pcap"

Work = Callable[[], object]


class Growth(NamedTuple):
    """An input of some size, and what is done with it."""

    prepare: Callable[[int], Work]
    size: int
    seconds: float
    """Promised for the size, with some to spare for slow machines."""
    most: float = MOST_FOR_TWICE
    """How many times as much twice the size may cost."""


class Share(NamedTuple):
    """A part of something, and how much of the whole it may take."""

    part: Work
    whole: Work
    most: float


def processor_time(work: Work) -> float:
    """Return the seconds of processor time of something and of the programs that it starts."""
    gc.collect()
    before = _used()
    work()
    return _used() - before


def _used() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def best(*works: Work, rounds: int = ROUNDS) -> list[float]:
    """Return the least time that each takes, by turns, so that a busy machine is busy for all."""
    taken = [[processor_time(work) for work in works] for _ in range(rounds)]
    return [min(times) for times in zip(*taken, strict=True)]


def hostile_mail(name: str) -> Callable[[int], Work]:
    def prepare(size: int) -> Work:
        message = HOSTILE[name](size)
        return lambda: open_mail(message)

    return prepare


def headers_before_a_body(size: int) -> Work:
    message = b"From: a\r\nSubject: b\r\n\r\n" + b"x" * size
    return lambda: [parse_headers(message) for _ in range(100)]


def long_command(size: int) -> Work:
    line = b"HEL" * (size // 3)
    return lambda: parse_command(line)


def long_text(size: int) -> Work:
    plain, wide = "x" * size, "漢" * size
    return lambda: [(terminal_safe(plain), fit(plain, 80), fit(wide, 80)) for _ in range(10)]


def finished_connections(remembered: int) -> Work:
    """Finish 50,000 connections of which so many are remembered; forgetting the oldest must not cost more for it."""
    made = []
    for number in range(50_000):
        key = number.to_bytes(4) + b"\x0a\x00\x00\x01\x9c\x40\x00\x6d"
        segment = Segment(number + 1, number, key, 1000, 1, ACK, 0, 0, b"HELO a b\r\n", 0, 10, 10, ())
        connection = Connection(key, segment)
        connection.add(connection.client, segment)
        made.append(connection)

    def work() -> None:
        late = LateSegments(remembered)
        for connection in made:
            late.remember(connection)

    return work


def dense(folder: Path) -> Callable[[int], Path]:
    """Return a maker of captures of nothing but POP2."""

    def make(size: int) -> Path:
        path = folder / f"{size}.pcap"
        if not path.exists():
            write_dense(path, size)
        return path

    return make


def growths(capture: Callable[[int], Path]) -> dict[str, Growth]:
    """Return all cases of inputs that are doubled, by name."""

    def reading(size: int) -> Work:
        path = capture(size)
        return lambda: read(path)

    def report(copies: int) -> Work:
        path = capture(1).with_name(f"{copies} copies.pcap")
        write_again(path, MANY_SESSIONS, copies)

        def work() -> None:
            page = path.with_suffix(".html")
            page.unlink(missing_ok=True)
            command(["--quiet", "--report", str(page), str(path)])

        return work

    def shaped(name: str, form: list[str]) -> Callable[[int], Work]:
        def prepare(times: int) -> Work:
            path = capture(1).with_name(f"{name} {times}.pcap")
            page = path.with_suffix(".html")
            write_shape(path, name, times)

            def work() -> None:
                page.unlink(missing_ok=True)
                command(["--quiet", *form, *([str(page)] if form == ["--report"] else []), str(path)])

            return work

        return prepare

    shapes = {
        " ".join((name, *form)): Growth(shaped(name, form), 1, 60, MOST_FOR_TWICE_A_SHAPE)
        for name in SHAPES
        for form in FORMS.values()
    }
    return {
        **shapes,
        **{f"mail: {name}": Growth(hostile_mail(name), MEGABYTE // 2, 2) for name in HOSTILE},
        "headers before a body": Growth(headers_before_a_body, 20 * MEGABYTE, 0.5),
        "long command line": Growth(long_command, 48_000, 1),
        "long text on a terminal": Growth(long_text, 10_000_000, 1),
        "connections remembered": Growth(finished_connections, 5_500, 1),
        "a dense capture": Growth(reading, 10_000_000, 10),
        "a report, copies of 391": Growth(report, 3, 60),
    }


def shares(capture: Callable[[int], Path]) -> dict[str, Share]:
    """Return what may take a part of something else's time, by name."""
    path = capture(4_000_000)
    sessions = read(path).sessions

    def find() -> None:
        findings = FindingsEngine()
        for session in sessions:
            findings.examine(session)
        findings.conclude([])

    def dissect() -> None:
        with Dissection(path) as dissection:
            for _ in dissection:
                pass

    return {"findings": Share(find, dissect, 0.1)}


def start_up() -> float:
    """Return the processor time that the command takes for a small capture, beyond that of Python."""

    def run(*arguments: str) -> Work:
        return lambda: subprocess.run([sys.executable, *arguments], env=environment(), check=True, capture_output=True)

    environment()
    ours, bare = best(run("-m", "pop2dissect", str(SAMPLE)), run("-c", "pass"))
    return ours - bare


FORMS = {"text": [], "`-V`": ["-V"], "JSON": ["--json"], "report": ["--report"]}


def written(ratios: dict[str, float]) -> str:
    """Return the second part of docs/benchmarks.md."""
    rows = "".join(
        f"| {name} | " + " | ".join(f"{ratios[' '.join((name, *form))]:.1f}" for form in FORMS.values()) + " |\n"
        for name in SHAPES
    )
    return f"""
How many times as much processor time a capture of twice the size takes, in the shapes that cost most, without the
start-up. Made by `python benchmarks/growth.py --write`, which ends with status 1 where it is more than
{MOST_FOR_TWICE_A_SHAPE}.

| shape | {" | ".join(FORMS)} |
|---|{"---|" * len(FORMS)}
{rows}"""


START_UP = 0.25
"""Seconds of processor time that a small capture may take."""


@contextmanager
def nothing_written() -> Iterator[None]:
    """Keep what a command writes from the terminal."""
    with Path(os.devnull).open("w") as nowhere:
        before, sys.stdout = sys.stdout, nowhere
        try:
            yield
        finally:
            sys.stdout = before


def main() -> int:
    """Measure, print a line for each; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    wanted, well, ratios = options.names, True, {}

    def chosen(name: str) -> bool:
        return not wanted or any(part in name for part in wanted)

    def said(name: str, text: str, right: bool) -> None:
        nonlocal well
        well = well and right
        print(f"{name:<30} {text}{'' if right else '   TOO MUCH'}", flush=True)

    with TemporaryDirectory() as folder:
        capture = dense(Path(folder))
        for name, case in growths(capture).items():
            if chosen(name):
                with nothing_written():
                    once, twice = best(case.prepare(case.size), case.prepare(2 * case.size), rounds=options.rounds)
                ratio = ratios[name] = twice / max(once, 0.01)  # less is noise
                right = ratio < case.most and once < case.seconds
                said(name, f"{case.size:>10,}  {once:6.2f} s   twice that {twice:6.2f} s, {ratio:4.1f} times", right)
        if chosen("findings"):
            for name, share in shares(capture).items():
                part, whole = best(share.part, share.whole)
                said(name, f"{part:.2f} s of {whole:.2f} s, {part / whole:.0%}", part / whole < share.most)
        if chosen("start-up"):
            seconds = start_up()
            said("start-up", f"{seconds:.2f} s beyond Python's own", seconds < START_UP)
    if options.write:
        write_growth(written(ratios))
    return int(not well)


if __name__ == "__main__":
    sys.exit(main())
