"""Says why the program ends where the system ends it: a capture in a map became shorter while it was read.

To touch what is not there any more is SIGBUS (mmap(2)), which no handler in Python can come back from. A second
process waits for what ``faulthandler`` writes of it, and says it in a sentence.
"""

from __future__ import annotations

import faulthandler
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pop2dissect.capture.paths import printable
from pop2dissect.capture.reader import are_mapped
from pop2dissect.capture.source import size_of
from pop2dissect.cli.status import ExitStatus
from pop2dissect.text.safe import terminal_safe

_ERROR = 2
"""Descriptor of standard error."""


@contextmanager
def guarded(paths: Sequence[str]) -> Iterator[None]:
    """Guard what is done with captures in here, if they are read through maps. To be entered before threads start."""
    if not (hasattr(os, "fork") and are_mapped(paths)) or faulthandler.is_enabled():
        yield
        return
    sizes = {path: size_of(path) for path in paths}
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _watch(reading, writing, sizes)
    os.close(reading)
    faulthandler.enable(writing, all_threads=False)
    try:
        yield
    finally:
        faulthandler.disable()
        os.close(writing)
        os.waitpid(child, 0)


def _watch(reading: int, writing: int, sizes: dict[str, int]) -> None:
    """Wait until the program has ended, and say why if it was the system's doing. Never returns."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # it ends when the program does
        for descriptor in (0, 1, writing):
            os.close(descriptor)
        said = b""
        while piece := os.read(reading, 4096):
            said += piece
        if said:
            os.write(
                _ERROR, f"pop2dissect: {terminal_safe(_reason(said, sizes))}\n".encode("utf-8", "backslashreplace")
            )
    finally:
        os._exit(ExitStatus.DONE)


def _reason(said: bytes, sizes: dict[str, int]) -> str:
    if b"Bus error" not in said:
        return "this is a fault of pop2dissect or of Python, please report it: the system ended the program"
    shorter = [printable(path) for path, size in sizes.items() if size_of(path) < size]
    if shorter:
        return f"{', '.join(shorter)} became shorter while it was read, which ended the program; read a copy of it"
    return f"{', '.join(map(printable, sizes))} cannot be read any more, which ended the program"
