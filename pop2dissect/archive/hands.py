"""Who reads captures: this process, or others. It changes nothing of the result."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from pop2dissect.archive.ahead import Ahead
from pop2dissect.archive.workers import Alone, Processes, Workers
from pop2dissect.capture.extract.facts import Ports
from pop2dissect.limits import Limits


@contextmanager
def hands(count: int) -> Iterator[Workers]:
    """Have so many workers in here; the only one is this process."""
    if count == 1:
        yield Alone()
    else:
        with Processes(count) as processes:
            yield processes


@contextmanager
def reading_ahead(count: int, ports: Ports, limits: Limits) -> Iterator[Ahead]:
    """Have so many workers read captures ahead of what is done in here."""
    with ExitStack() as held:
        folder = held.enter_context(tempfile.TemporaryDirectory(prefix="pop2dissect-"))
        yield Ahead(held.enter_context(hands(count)), ports, limits, folder)
