"""Captures that workers read ahead of the dissection, which takes their packets in its own order."""

from __future__ import annotations

import io
import pickle
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from pop2dissect.archive.sift import Sifting
from pop2dissect.archive.workers import AHEAD, Workers
from pop2dissect.capture.damage import stop
from pop2dissect.capture.extract.facts import Facts, Ports
from pop2dissect.capture.extract.read import Row, located, records_of
from pop2dissect.capture.paths import cannot_be_read
from pop2dissect.capture.record import CaptureInfo, Record
from pop2dissect.errors import CaptureError
from pop2dissect.limits import Limits

_AT_ONCE = 1 << 10
"""Packets that are packed together."""
_IN_MEMORY = 1 << 20
"""Octets of a capture's packets beyond which they wait in a file."""


class Sifted(NamedTuple):
    """What a worker gives back of a capture."""

    facts: Facts
    packed: bytes
    """The packets, if no file has them."""
    file: str | None


def sift_apart(path: str, file: str, ports: Ports, limits: Limits, folder: str | None) -> Sifted:
    """Read one capture; whoever does it need know nothing else. Without a folder, all goes back in memory."""
    sifting = Sifting(path, file, ports, limits, for_now=True)
    rows = ((one.frame, one.time, one.link_type, one.octets, one.original, one.place) for one in sifting)
    packed = io.BytesIO()
    while some := list(islice(rows, _AT_ONCE)):
        pickle.dump(some, packed, pickle.HIGHEST_PROTOCOL)
        if folder is not None and packed.tell() > _IN_MEMORY:
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as spool:
                spool.write(packed.getvalue())
                for some in iter(lambda: list(islice(rows, _AT_ONCE)), []):
                    pickle.dump(some, spool, pickle.HIGHEST_PROTOCOL)
            return Sifted(sifting.facts, b"", spool.name)
    return Sifted(sifting.facts, packed.getvalue(), None)


class Ahead:
    """Has workers read captures in the order in which they will be wanted, and not too many too early."""

    def __init__(self, workers: Workers, ports: Ports, limits: Limits, folder: str | None) -> None:
        self._workers = workers
        self._ports, self._limits = ports, limits
        self._folder = folder
        self._waiting: deque[tuple[int, str]] = deque()
        self._given: dict[int, Future[Sifted]] = {}
        self.octets = 0
        """Of the captures that have been read."""

    def begin(self, captures: Sequence[tuple[int, str]]) -> None:
        """Read captures, each with its index, in this order."""
        self._waiting.extend(captures)
        self._give()

    def _give(self) -> None:
        while self._waiting and len(self._given) < AHEAD * self._workers.count:
            index, path = self._waiting.popleft()
            future = self._workers.submit(sift_apart, path, located(path), self._ports, self._limits, self._folder)
            future.add_done_callback(self._count)
            self._given[index] = future

    def _count(self, future: Future[Sifted]) -> None:
        if not future.cancelled() and future.exception() is None:
            self.octets += future.result().facts.size or 0

    def records(self, info: CaptureInfo, index: int, ports: Ports, *, mapped: bool) -> Iterator[Record]:
        """Yield the packets of a capture that matter, when they are there; say what is known of it.

        What keeps it from being read is among its warnings; where that ended the worker, it counts as not read at all.
        """
        future = self._given[index]
        try:
            facts, packed, file = future.result()
            if facts.problem is not None:
                raise CaptureError(facts.problem)
        except CaptureError as error:
            if future.exception() is not None:
                info.format, info.kind = "", None
            stop(info, str(cannot_be_read(info.path, error)))
            return
        finally:
            del self._given[index]
            self._give()
        yield from records_of(_rows(packed, file), facts, index, ports, mapped=mapped)
        facts.give(info)


def _rows(packed: bytes, file: str | None) -> Iterator[Row]:
    """Unpack packets; a file is gone as soon as it is open."""
    with io.BytesIO(packed) if file is None else Path(file).open("rb") as source:
        if file is not None:
            Path(file).unlink()
        while True:
            try:
                rows: list[Row] = pickle.load(source)
            except EOFError:
                return
            yield from rows
