"""How far the reading is, on standard error, for work that takes a while."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pop2dissect.pipeline import Dissection
from pop2dissect.session import Session

_PATIENCE = 1.0
"""Seconds before a line appears: shorter work needs none."""
_INTERVAL = 0.2
_BAR = 30
_CLEAR = "\r\x1b[K"


class Done:
    """What of several captures has been read so far."""

    def __init__(self, files: int, octets: int) -> None:
        self.files, self.octets = 0, 0
        self._of_files, self._of_octets = files, octets

    def add(self, octets: int) -> None:
        """Count one more."""
        self.files += 1
        self.octets += octets

    def line(self, seconds: float) -> str:
        """Return a line that shows it."""
        return progress_line(self.octets, self._of_octets, seconds, (self.files, self._of_files))


def watched(dissection: Dissection, sessions: Iterator[Session]) -> Iterator[Session]:
    """Pass on the sessions of a dissection; a second thread shows how much of the captures was read."""

    def line(seconds: float) -> str:
        captures = dissection.captures
        done = sum(info.packets > 0 for info in captures)  # known when a capture has been read
        files = (done, len(captures)) if len(captures) > 1 else None
        return progress_line(dissection.octets_read, dissection.octets, seconds, files)

    with shown_while(line):
        yield from sessions


@contextmanager
def shown_while(line: Callable[[float], str], *, wanted: bool = True) -> Iterator[None]:
    """Show a line, which is made of the seconds so far, while something is done in here; if it is ``wanted``."""
    if not wanted:
        yield
        return
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(line, done), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _watch(line: Callable[[float], str], done: threading.Event) -> None:
    started = time.monotonic()
    if done.wait(_PATIENCE):
        return
    try:
        while not done.wait(_INTERVAL):
            sys.stderr.write(_CLEAR + line(time.monotonic() - started))
            sys.stderr.flush()
        sys.stderr.write(_CLEAR)
        sys.stderr.flush()
    except (OSError, ValueError):
        return  # nobody watches any more


def progress_line(read: int, total: int, seconds: float, files: tuple[int, int] | None = None) -> str:
    """Return a line for so many bytes read, of a total that is 0 where it is not known, in so many seconds.

    With ``files``, how many of how many have been read is said too, and how many bytes a second.
    """
    much = f"{read / 1_000_000:,.1f}"
    if read > total or not read:
        return f"reading {much} MB"
    left = round(seconds * (total - read) / read)
    bar = ("#" * round(_BAR * read / total)).ljust(_BAR, "-")
    minutes, rest = divmod(left, 60)
    hours, minutes = divmod(minutes, 60)
    several = f", {files[0]:,} of {files[1]:,} files, {read / seconds / 1_000_000:,.1f} MB/s" if files else ""
    return f"reading [{bar}] {much} of {total / 1_000_000:,.1f} MB{several}, {hours}:{minutes:02}:{rest:02} left"
