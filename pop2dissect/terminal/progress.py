"""How far the reading is, on standard error, for work that takes a while."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator

from pop2dissect.pipeline import Dissection
from pop2dissect.session import Session

_PATIENCE = 1.0
"""Seconds before a line appears: shorter work needs none."""
_INTERVAL = 0.2
_BAR = 30
_CLEAR = "\r\x1b[K"


def watched(dissection: Dissection, sessions: Iterator[Session]) -> Iterator[Session]:
    """Pass on the sessions of a dissection; a second thread shows how much of the captures was read."""
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(dissection, done), daemon=True)
    watcher.start()
    try:
        yield from sessions
    finally:
        done.set()
        watcher.join()


def _watch(dissection: Dissection, done: threading.Event) -> None:
    started = time.monotonic()
    if done.wait(_PATIENCE):
        return
    try:
        while not done.wait(_INTERVAL):
            line = progress_line(dissection.octets_read, dissection.octets, time.monotonic() - started)
            sys.stderr.write(_CLEAR + line)
            sys.stderr.flush()
        sys.stderr.write(_CLEAR)
        sys.stderr.flush()
    except (OSError, ValueError):
        return  # nobody watches any more


def progress_line(read: int, total: int, seconds: float) -> str:
    """Return a line for so many bytes read, of a total that is 0 where it is not known, in so many seconds."""
    much = f"{read / 1_000_000:,.1f}"
    if read > total or not read:
        return f"reading {much} MB"
    left = round(seconds * (total - read) / read)
    bar = ("#" * round(_BAR * read / total)).ljust(_BAR, "-")
    minutes, rest = divmod(left, 60)
    hours, minutes = divmod(minutes, 60)
    return f"reading [{bar}] {much} of {total / 1_000_000:,.1f} MB, {hours}:{minutes:02}:{rest:02} left"
