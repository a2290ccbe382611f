"""Segments of connections that are over: copies of what they had carried, which begin no new connection."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from pop2dissect.capture.record import frame_text
from pop2dissect.decode.segment import RST, SYN, Segment, reverse_key
from pop2dissect.tcp.connection import Connection
from pop2dissect.tcp.sender import Sender
from pop2dissect.tcp.sequence import difference


class _Extent(NamedTuple):
    """The sequence numbers that one end of a connection had used."""

    start: int
    length: int

    def holds(self, seq: int, length: int) -> bool:
        """Whether all of a segment lies in it; a SYN before and a FIN after it count."""
        offset = difference(seq, self.start)
        return offset >= -2 and offset + length <= self.length + 2


class LateSegments:
    """Remembers connections that were given out, at most ``limit``, and counts what still comes of them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._extents: OrderedDict[bytes, _Extent] = OrderedDict()
        """By flow key, both directions of a connection after one another. (The first key of a plain dict is looked for
        past all those that were deleted before it.)"""
        self._count = 0
        self._octets = 0
        self._first = 0

    def remember(self, connection: Connection) -> None:
        """Remember a connection that is over."""
        for key, sender in (
            (connection.client_key, connection.client),
            (reverse_key(connection.client_key), connection.server),
        ):
            self._extents.pop(key, None)
            self._extents[key] = _extent(sender)
        while len(self._extents) > 2 * self._limit:
            self._extents.popitem(last=False)

    def belongs(self, segment: Segment) -> bool:
        """Whether a segment on addresses and ports without a connection repeats what one that is over carried."""
        if segment.flags & SYN:
            return False
        extent = self._extents.get(segment.key)
        if extent is None:
            return False
        if not segment.flags & RST and not extent.holds(segment.seq, segment.length):
            return False
        if not self._count:
            self._first = segment.frame
        self._count += 1
        self._octets += segment.length
        return True

    def warnings(self) -> list[str]:
        """Return how many segments were left out, if any."""
        if not self._count:
            return []
        return [
            f"{self._count:,} segments (the first is {frame_text(self._first)}) came long after their "
            f"connection was closed, and only repeat what it had carried ({self._octets:,} octets): they were left out"
        ]


def _extent(sender: Sender) -> _Extent:
    first = sender.pieces.first()
    return _Extent(((sender.space.base or 0) + first) & 0xFFFFFFFF, sender.pieces.highest - first)
