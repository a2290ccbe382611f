"""Scans a part of a file by itself, for the stretches of it in which nothing matters.

Where in the part a record begins is guessed: :mod:`pop2dissect.capture.parts` says why nothing hangs on that.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import NamedTuple, TypeAlias

from pop2dissect.capture import fast
from pop2dissect.capture.pcapng_blocks import PACKET
from pop2dissect.capture.window import WINDOW_OCTETS, Window

Stamps: TypeAlias = list[tuple[int, int, int]]
"""Of interfaces their index, and the earliest and latest time stamp of packets."""

_WORTH = 1 << 15
"""Octets that it takes longer to hop through than to pass by."""
_TRIED = 1 << 20
"""Octets after which a part in which most packets matter is left to who has to read them anyway."""
_CHAIN = 3
"""Records that follow each other where one is taken to begin."""
_SEARCHED = 1 << 16
"""Octets that are searched for the beginning of a record."""
_DAY = 86_400
"""Seconds between two packets beyond which the first is not taken for one."""


class How(NamedTuple):
    """How the packets of a stretch of a file are written, and which of them matter: all that the scan must know."""

    ports: frozenset[int] | None
    rows: tuple[int, ...]
    """Of the interfaces, as :class:`~pop2dissect.capture.fast.Interfaces` has them before the first packet."""
    big_endian: bool
    form: tuple[int, ...] = ()
    """As :func:`~pop2dissect.capture.scan.pcap` takes it; nothing for pcapng."""


class Skip(NamedTuple):
    """A stretch of whole records in which nothing matters."""

    begin: int
    """Where it begins in the file."""
    end: int
    packets: int


class Part(NamedTuple):
    """What was found from a place in the file on, if a record begins there."""

    begin: int
    stamps: Stamps
    skips: list[Skip]


def scan_part(file: str, identity: tuple[int, int], begin: int, end: int, how: How) -> Part | None:
    """Scan from the first record after ``begin`` on; whoever does it need know nothing else.

    It goes on to ``end``, or to where something unusual comes. Returns None where no record was found to begin, or
    where the path leads to another file by now than to that of the :func:`identity`.
    """
    with Path(file).open("rb", buffering=0) as source:
        if identity_of(source.fileno()) != identity:
            return None
        source.seek(begin)
        window = Window(source)
        window.jump(begin)
        window.forward(0, WINDOW_OCTETS)
        return _Scan(window, how).part(end)


def identity_of(descriptor: int) -> tuple[int, int]:
    """Return what tells an open file from any other."""
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


class _Scan:
    """The scan of a part, whose beginning is in the window."""

    def __init__(self, window: Window, how: How) -> None:
        self._window, self._how = window, how
        self._form = array("q", how.form)
        self._order = ">" if how.big_endian else "<"
        self._length = how.form[1] if how.form else 4
        """Where in a record the length is that says where the next one begins."""
        self._interfaces = fast.Interfaces(how.ports)
        self._found: list[tuple[int, int]] = []
        self._skips: list[Skip] = []
        self._passed = 0
        """Octets in them."""

    def part(self, end: int) -> Part | None:
        """Scan up to a place in the file."""
        window = self._window
        position = next(self._borders(), None)
        if position is None:
            return None
        begin = to = window.base + position
        number = kept = 0
        while True:
            before = position
            position, number = self._hop(position, min(window.end, end - window.base), number)
            for frame, at in self._found:
                self._pass(to, window.base + at, frame - 1 - kept)
                to, kept = window.base + at + self._octets(at), frame
            here = window.base + position
            tried = here - begin > _TRIED
            if position == before or window.base + window.end >= end or (tried and self._is_dense(begin, to, here)):
                break
            window.forward(position, WINDOW_OCTETS)
            position = 0
        self._pass(to, here, number - kept)
        return Part(begin, list(self._interfaces.stamps()), self._skips)

    def _pass(self, begin: int, end: int, packets: int) -> None:
        if end - begin >= _WORTH:
            self._skips.append(Skip(begin, end, packets))
            self._passed += end - begin

    def _is_dense(self, begin: int, to: int, here: int) -> bool:
        return self._passed + here - to < (here - begin) // 4

    def _hop(self, position: int, end: int, number: int) -> tuple[int, int]:
        """Go on as the scan does; return where it stopped, and the number of packets up to there."""
        self._found.clear()
        data, rows, tables = self._window.data, self._interfaces.rows, self._interfaces.tables
        arguments = (rows, tables, number, self._found)
        reached: tuple[int, int]
        if self._form:
            reached = fast.scanner.pcap(data, position, end, self._form, *arguments)
        else:
            reached = fast.scanner.pcapng(data, position, end, self._how.big_endian, *arguments)
        return reached

    def _octets(self, at: int) -> int:
        """Return how many octets the record has that begins at a place of the window."""
        (length,) = Struct(self._order + "I").unpack_from(self._window.data, at + self._length)
        return int(length) + (self._form[0] if self._form else 0)

    def _borders(self) -> Iterator[int]:
        """Yield where in the window a record may begin: from there on all that is there is records."""
        window = self._window
        for at in self._plausible() if self._form else self._blocks():
            self._interfaces.rows = array("q", self._how.rows)
            position, number = self._hop(at, window.end, 0)
            if number >= _CHAIN and (not self._form or position + self._octets_at_least(position) > window.end):
                self._interfaces.rows = array("q", self._how.rows)
                yield at

    def _octets_at_least(self, at: int) -> int:
        """Return how many octets a record has that is not in the window as a whole."""
        return self._octets(at) if at + self._form[0] <= self._window.end else self._form[0]

    def _blocks(self) -> Iterator[int]:
        """Yield the places of what looks like the type of an Enhanced Packet Block (pcapng, section 4.3)."""
        kind, at = Struct(self._order + "I").pack(PACKET), -1
        while (at := self._window.data.find(kind, at + 1, min(_SEARCHED, self._window.end))) >= 0:
            yield at

    def _plausible(self) -> Iterator[int]:
        """Yield the places of what looks like two headers of pcap records in a row."""
        header, _, _, units, _ = self._form
        data, end = self._window.data, self._window.end - header
        unpack = Struct(self._order + "IIII").unpack_from
        for at in range(min(_SEARCHED, end)):
            seconds, fraction, _, _ = unpack(data, at)
            following = at + self._octets(at)
            if fraction < units and following <= end:
                then, fraction, _, _ = unpack(data, following)
                if fraction < units and abs(then - seconds) < _DAY:
                    yield at
