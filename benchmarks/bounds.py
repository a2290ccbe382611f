"""Measure what hostile captures cost at full size, in every form of output.

    python benchmarks/bounds.py [--part 0.1] [NAME ...]    (all by default, at full size)

Prints, for each capture and output, processor time and peak memory, and how many times as much half the size took;
ends with status 1 where twice the size costs more than 2.3 times the time, or where a run fails. Memory is the
resident set, which counts the pages of a mapped capture: the size of the capture is given beside it.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import shapes
from benchmarks.generate import Talk, write_frames
from benchmarks.measure import Taken, environment, measure
from pop2dissect.cli.outputs.declared import FILES
from tests.capture.files import enhanced, interface, pcap_header, pcap_record, section, segment
from tests.mail.hostile import HOSTILE

MOST_FOR_TWICE = 2.3
START_UP = 0.5
"""Seconds of processor time below which a difference is noise."""
_PIECE = 1 << 20


class Bound(NamedTuple):
    """A kind of capture, and how large it is to be borne."""

    write: Callable[[Path, int], None]
    size: int
    unit: str


def _gaps(path: Path, size: int) -> None:
    write_frames(path, shapes.lost_of("s")(random.Random(1), size))


def _line(path: Path, size: int) -> None:
    write_frames(path, shapes.endless_line(random.Random(1), size // 1000))


def _connections(path: Path, size: int) -> None:
    chance = random.Random(1)
    said = (
        ("s", b"+ POP2 pop.example.test\r\n"),
        ("c", b"HELO user secret\r\n"),
        ("s", b"#0 messages\r\n"),
        ("c", b"QUIT\r\n"),
        ("s", b"+ bye\r\n"),
    )

    def frames() -> Iterator[bytes]:
        for number in range(size):
            talk = Talk(chance, number, port=1024 + number // 60000)  # no connection comes twice
            yield from talk.begin()
            yield from (talk.frame(who, text) for who, text in said)
            yield from talk.end()

    write_frames(path, frames())


def _flood(path: Path, size: int) -> None:
    write_frames(path, shapes.flood(random.Random(1), size))


def _mail(make: Callable[[int], bytes]) -> Callable[[Path, int], None]:
    def write(path: Path, size: int) -> None:
        message = make(size)
        talk = Talk(random.Random(1), 1)
        said = (
            ("s", b"+ POP2 pop.example.test\r\n"),
            ("c", b"HELO user secret\r\n"),
            ("s", b"#1 messages\r\n"),
            ("c", b"READ\r\n"),
            ("s", b"=%d characters in message\r\n" % len(message)),
            ("c", b"RETR\r\n"),
            *(("s", message[start : start + 1400]) for start in range(0, len(message), 1400)),
            ("c", b"ACKS\r\n"),
            ("s", b"=0 no more\r\n"),
            ("c", b"QUIT\r\n"),
            ("s", b"+ bye\r\n"),
        )
        write_frames(path, chain(talk.begin(), (talk.frame(who, text) for who, text in said), talk.end()))

    return write


def _zeros(size: int) -> Iterator[bytes]:
    record = pcap_record(segment(1, 2, bytes(60000)))
    yield pcap_header()
    yield from (record for _ in range(size // len(record)))


def _gzip(path: Path, size: int) -> None:
    with gzip.open(path, "wb") as packed:
        packed.writelines(_zeros(size))


def _zstandard(path: Path, size: int) -> None:
    import zstandard

    with path.open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as packed:
        for piece in _zeros(size):
            packed.write(piece)


def _options(path: Path, size: int) -> None:
    plain = enhanced(segment(payload=b"QUIT\r\n"))
    body = plain[8:-4] + (struct.pack("<HH", 1, 4) + b"abcd") * size + struct.pack("<HH", 0, 0)
    length = len(body) + 12
    block = struct.pack("<II", 6, length) + body + struct.pack("<I", length)
    path.write_bytes(section() + interface() + block)


CASES: dict[str, Bound] = {
    "gaps": Bound(_gaps, 100_000, "exchanges of one session, a third of the server's segments missing"),
    "line": Bound(_line, 1_000_000_000, "bytes in one line"),
    "connections": Bound(_connections, 1_000_000, "connections"),
    "flood": Bound(_flood, 1_000_000, "SYNs"),
    **{f"mail, {name}": Bound(_mail(make), 50_000_000, "bytes of one message") for name, make in HOSTILE.items()},
    "gzip": Bound(_gzip, 4_000_000_000, "bytes of other traffic, compressed by gzip"),
    "zstd": Bound(_zstandard, 4_000_000_000, "bytes of other traffic, compressed by zstd"),
    "options": Bound(_options, 1_000_000, "options of one block"),
}

OUTPUTS: dict[str, list[str]] = {
    "text": [],
    "tree": ["-V"],
    "json": ["--json"],
    "jsonl": ["--jsonl"],
    "report": ["--report", "report.html"],
    "files": [word for one in FILES for word in (one.options[-1], one.name)],
    "browse": ["--browse"],
}


def run(capture: Path, words: list[str], folder: Path) -> Taken:
    """Run the program in a folder of its own, at a terminal if it wants one, and return what it took."""
    folder.mkdir()
    command = [sys.executable, "-m", "pop2dissect", "--quiet", *words, str(capture)]
    if "--browse" not in words:
        return measure(command, cwd=folder)
    ours, theirs = os.openpty()
    threading.Thread(target=_leave_when_shown, args=(ours,), daemon=True).start()
    terminal = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
    found = measure(command, cwd=folder, env={**environment(), "TERM": "xterm-256color"}, **terminal)
    os.close(theirs)
    return found


def _leave_when_shown(terminal: int) -> None:
    """Read what is shown on a terminal, and press ``q`` as soon as anything of the capture is."""
    try:
        while shown := os.read(terminal, _PIECE):
            if len(shown) > 500:
                time.sleep(0.5)
                os.write(terminal, b"q")
    except OSError:
        return


def main() -> int:
    """Measure, print a line for each; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="of captures and outputs; all by default")
    parser.add_argument("--part", type=float, default=1.0, help="of the full size")
    options = parser.parse_args()
    cases = [name for name in CASES if any(name.startswith(part) for part in options.names)] or list(CASES)
    outputs = [name for name in OUTPUTS if name in options.names] or list(OUTPUTS)
    well = True
    print(
        "| capture | size | output | time | half the size | peak memory | status |\n|--|--|--|--|--|--|--|", flush=True
    )
    with TemporaryDirectory() as scratch:
        for name in cases:
            case = CASES[name]
            captures = [Path(scratch) / "half.pcap", Path(scratch) / "whole.pcap"]
            for capture, share in zip(captures, (0.5, 1.0), strict=True):
                case.write(capture, int(case.size * options.part * share))
            what = f"{int(case.size * options.part):,} {case.unit} ({captures[1].stat().st_size / 1e6:,.0f} MB)"
            for output in outputs:
                half, whole = (
                    run(capture, OUTPUTS[output], Path(scratch) / f"{name}{output}{capture.stem}".replace("/", "-"))
                    for capture in captures
                )
                right = not (half.status or whole.status)
                right &= whole.seconds <= MOST_FOR_TWICE * max(half.seconds, START_UP)
                well = well and right
                print(
                    f"| {name} | {what} | {output} | {whole.seconds:.1f} s | {half.seconds:.1f} s, {half.peak:.0f} MiB "
                    f"| {whole.peak:.0f} MiB | {whole.status}{'' if right else ' **TOO MUCH**'} |",
                    flush=True,
                )
    return int(not well)


if __name__ == "__main__":
    sys.exit(main())
