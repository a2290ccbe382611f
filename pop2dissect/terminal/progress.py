"""A progress bar on standard error for work that takes a while."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

from pop2dissect.pipeline import Dissection
from pop2dissect.session import Session

_PATIENCE = 1.0
"""Seconds before a bar appears: shorter work needs none, and need not load what draws it."""
_INTERVAL = 0.2


def watched(dissection: Dissection) -> Iterator[Session]:
    """Pass sessions on; a second thread shows how much of the captures was read."""
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(dissection, done), daemon=True)
    watcher.start()
    try:
        yield from dissection
    finally:
        done.set()
        watcher.join()


def _watch(dissection: Dissection, done: threading.Event) -> None:
    if done.wait(_PATIENCE):
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as progress:
        task = progress.add_task("reading", total=dissection.octets or None)
        while not done.wait(_INTERVAL):
            progress.update(task, completed=dissection.octets_read)
