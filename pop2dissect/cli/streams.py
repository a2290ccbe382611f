"""Standard streams as the caller left them, made so that what is written to them is written whole."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TextIO

from pop2dissect.errors import OutputError
from pop2dissect.text.safe import terminal_safe
from pop2dissect.writing import FullWriter

_STREAMS = 3


def settle_streams() -> None:
    """Make sure that there is standard output, and that nothing else is where a standard stream should be.

    A file that is opened gets the lowest free number, so with standard error closed, what is to go there would go
    into it. Complaints that nobody wants to hear go nowhere. Raises OutputError if standard output is closed.
    """
    while (nowhere := os.open(os.devnull, os.O_RDWR)) < _STREAMS:
        pass
    os.close(nowhere)
    if sys.stderr is None:
        sys.stderr = _nowhere()
    if sys.stdout is None:
        sys.stdout = _nowhere()
        raise OutputError("standard output cannot be written: it is closed")
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout is sys.__stdout__:
        sys.stdout = _whole(sys.stdout)


def _whole(stream: TextIO) -> TextIO:
    """Return a stream to the same place. Python's own loses what a short write leaves over when it is unbuffered."""
    stream.flush()
    writer = io.BufferedWriter(FullWriter(stream.fileno(), "standard output"), 1 << 16)
    return io.TextIOWrapper(
        writer, encoding=stream.encoding, errors=stream.errors, line_buffering=stream.isatty(), write_through=False
    )


def discard_output() -> None:
    """Let what is still to be written to standard output go nowhere, so that closing it at the end cannot fail."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        sys.stdout.flush()


def complain(sentence: str) -> None:
    """Write a line to standard error, if that can be."""
    try:
        print(f"pop2dissect: {terminal_safe(sentence)}", file=sys.stderr)
    except (OSError, ValueError):
        return


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")
