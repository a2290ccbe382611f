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
def hands(count: int, dask: str | None = None) -> Iterator[Workers]:
    """Have so many workers in here; the only one is this process. With ``dask``, those of a cluster at that address."""
    if dask is not None:
        from pop2dissect.archive.cluster import Cluster

        with Cluster(dask, count) as cluster:
            yield cluster
    elif count == 1:
        yield Alone()
    else:
        with Processes(count) as processes:
            yield processes


@contextmanager
def reading_ahead(count: int, dask: str | None, ports: Ports, limits: Limits) -> Iterator[Ahead]:
    """Have so many workers read captures ahead of what is done in here; what a cluster reads goes through memory."""
    with ExitStack() as held:
        folder = None if dask else held.enter_context(tempfile.TemporaryDirectory(prefix="pop2dissect-"))
        yield Ahead(held.enter_context(hands(count, dask)), ports, limits, folder)
