"""Give it inputs that misbehave, each beside one that does not: ``python -m fuzz.inputs``.

Whatever the fault, within seconds a sentence names the input, what precedes the fault and the other capture are
analysed, and the same holds where the environment lacks what is usual.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import json
import lzma
import os
import resource
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO
from unittest import mock

from pop2dissect.capture import source
from pop2dissect.capture.paths import printable
from pop2dissect.cli import ExitStatus, main
from pop2dissect.text.safe import terminal_safe

WITHIN = 10
"""Seconds that one input may take."""
_HEADER = 24
_OUTPUTS = ("--json", "-V", "--stats", "--jsonl")

Fault = Callable[[Path, bytes], str]
"""Puts an input somewhere into a folder, made of a sound capture; gives its path."""


def _holding(name: str, change: Callable[[bytes], bytes]) -> Fault:
    def put(folder: Path, octets: bytes) -> str:
        path = os.fsencode(folder) + b"/" + os.fsencode(name)
        with open(path, "wb") as file:  # noqa: PTH123 (names of any bytes)
            file.write(change(octets))
        return os.fsdecode(path)

    return put


def _linked(target: str) -> Fault:
    def put(folder: Path, _: bytes) -> str:
        (folder / "link").symlink_to(target)
        return str(folder / "link")

    return put


def _folder(folder: Path, _: bytes) -> str:
    (folder / "folder").mkdir()
    (folder / "folder" / "notes.txt").write_text("none")
    return str(folder / "folder")


def _socket(folder: Path, _: bytes) -> str:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(folder / "socket"))
    return str(folder / "socket")


def _flipped(octets: bytes, at: int) -> bytes:
    return octets[:at] + bytes([octets[at] ^ 0xFF]) + octets[at + 1 :]


_PACKERS: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}

FAULTS: dict[str, Fault] = {
    "empty": _holding("empty.pcap", lambda _: b""),
    "text": _holding("text.pcap", lambda _: b"Dear Fred,\n" * 99),
    "zeros": _holding("zeros.pcap", lambda _: bytes(99_999)),
    "other format": _holding("snoop.pcap", lambda octets: b"snoop\0\0\0" + octets),
    "name with escapes": _holding("\x1b[2J\n.pcap", lambda _: b""),
    "name of no characters": _holding("\udcff\udcfe.pcap", lambda octets: octets[:-3]),
    "long name": lambda folder, _: str(folder / ("x" * 300)),
    "missing": lambda folder, _: str(folder / "missing.pcap"),
    "missing pattern": lambda folder, _: str(folder / "*.none"),
    "link to nothing": _linked("nowhere"),
    "link to itself": _linked("link"),
    "link to a folder of none": lambda folder, octets: (_folder(folder, octets), _linked("folder")(folder, octets))[1],
    "folder of none": _folder,
    "socket": _socket,
    "device of zeros": lambda *_: "/dev/zero",
    "device of nothing": lambda *_: os.devnull,
    "file that gives EIO": lambda *_: "/proc/self/mem",
    "below a file": lambda folder, octets: f"{_holding('x', bytes)(folder, octets)}/y",
    "cut header": _holding("cut.pcap", lambda octets: octets[: _HEADER - 1]),
    "cut frame": _holding("cut.pcap", lambda octets: octets[:-1]),
    "long frame": _holding("long.pcap", lambda octets: octets[:-400] + b"\xff" * 400),
    **{
        f"{name} {words}": _holding(f"x.pcap.{name}", lambda octets, pack=pack, cut=cut: cut(pack(octets)))  # type: ignore[misc] # defaults of a lambda
        for name, pack in _PACKERS.items()
        for words, cut in {
            "cut": lambda packed: packed[: len(packed) // 2],
            "cut early": lambda packed: packed[:12],
            "damaged": lambda packed: _flipped(packed, len(packed) // 2),
        }.items()
    },
}


class TooLongError(BaseException):
    """Something takes too long. No handler of errors of the program takes it for one of its own."""


class _FailsAt(io.RawIOBase):
    """A file of which no byte after some can be read."""

    def __init__(self, file: IO[bytes], octets: int) -> None:
        self._file = file
        self._left = octets

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # a memoryview only
        if not self._left:
            raise OSError(5, "Input/output error")
        octets = self._file.read(min(len(buffer), self._left))
        self._left -= len(octets)
        buffer[: len(octets)] = octets
        return len(octets)

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()


def violations(capture: Path, faulty: Path) -> Iterator[str]:
    """Yield what is wrong, in sentences: nothing, if all is well. The other one is of the user Fred."""
    octets = faulty.read_bytes()
    for number, (name, put) in enumerate(FAULTS.items()):
        for first in (True, False):
            with tempfile.TemporaryDirectory() as scratch:
                path = put(Path(scratch), octets)
                mode = _OUTPUTS[(2 * number + first) % len(_OUTPUTS)]
                paths = [path, str(capture)] if first else [str(capture), path]
                for wrong in _wrong(mode, paths, path):
                    yield f"{name}, {'first' if first else 'second'}, {mode}: {wrong}"
                for wrong in _alone(path):
                    yield f"{name}, alone: {wrong}"
    for at in range(0, len(octets), max(1, len(octets) // 24)):
        with tempfile.TemporaryDirectory() as scratch:
            path = _holding("eio.pcap", bytes)(Path(scratch), octets)
            with _failing(path, at):
                for wrong in _wrong("--json", [path, str(capture)], path):
                    yield f"EIO after {at} bytes: {wrong}"


@contextlib.contextmanager
def _failing(path: str, at: int) -> Iterator[None]:
    whole = source._open

    def opened(name: str) -> IO[bytes]:
        file = whole(name)
        return _FailsAt(file, at) if name == path else file  # type: ignore[return-value] # a RawIOBase

    with mock.patch.object(source, "_open", opened):
        yield


def _wrong(mode: str, paths: list[str], faulty: str) -> Iterator[str]:
    status, out, said = run(["--quiet", mode, *paths] if mode != "--jsonl" else [mode, *paths])
    if status not in (ExitStatus.DONE, ExitStatus.UNREADABLE) or "Traceback" in said:
        yield f"status {status}, {said!r}"
    if "Fred" not in out:
        yield "the other capture is not analysed"
    named = json.loads(out)["captures"][paths.index(faulty)] if mode == "--json" and out else None
    told = " ".join([named["path"], *named["warnings"]]) if named else out + said
    names = (printable(faulty), terminal_safe(faulty), terminal_safe(printable(faulty)))
    if not any(name in told for name in names):
        yield f"nothing names the input: {told!r:.300}"
    if named and not named["warnings"]:
        yield "nothing is said of the input"


def _alone(path: str) -> Iterator[str]:
    status, _, said = run(["--quiet", path])
    if status not in (ExitStatus.DONE, ExitStatus.UNREADABLE) or "Traceback" in said:
        yield f"status {status}, {said!r}"
    if status and said.count("\n") != 1:
        yield f"it is not one sentence: {said!r}"


def run(arguments: list[str], seconds: int = WITHIN) -> tuple[int, str, str]:
    """Run the command in this process, for so many seconds at most (0: any); give its status and what it wrote."""
    out, said = io.StringIO(), io.StringIO()

    def late(*_: object) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
            status = main(arguments)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    return status, out.getvalue(), said.getvalue()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, resource.getrlimit(resource.RLIMIT_AS)[1]))
    found = list(violations(Path("samples/rfc937_normal.pcap"), Path("tests/data/captures/raw_read_nack.pcap")))
    print("\n".join(found) or "each is named, and the others are analysed")
    sys.exit(bool(found))
