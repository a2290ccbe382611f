"""Where the bytes of a stream lie in a file that leaves its gaps out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from pop2dissect.tcp.stream import Gap, Stream


class Holes:
    """The gaps of a stream, found quickly however many there are."""

    def __init__(self, stream: Stream) -> None:
        self._gaps = stream.gaps
        self._offsets = [gap.offset for gap in stream.gaps]
        self._missing = [0, *accumulate(gap.length for gap in stream.gaps)]

    def file_offset(self, offset: int, start: int = 0) -> int:
        """Return where the byte at an offset of the stream lies in a file that begins with the one at ``start``.

        Of a byte that is missing itself: where it would be.
        """
        return offset - start - (self._missing_before(offset) - self._missing_before(start))

    def captured(self, start: int, end: int) -> int:
        """Count the bytes of ``start`` to ``end`` that were captured."""
        return self.file_offset(end, start)

    def between(self, start: int, end: int) -> Iterator[Gap]:
        """Yield the gaps from ``start`` to ``end``, cut to these."""
        index = max(bisect_right(self._offsets, start) - 1, 0)
        while index < len(self._gaps) and self._gaps[index].offset < end:
            offset, length, reason = self._gaps[index]
            first, last = max(offset, start), min(offset + length, end)
            if first < last:
                yield Gap(first, last - first, reason)
            index += 1

    def _missing_before(self, offset: int) -> int:
        index = bisect_right(self._offsets, offset) - 1
        if index < 0:
            return 0
        gap = self._gaps[index]
        return self._missing[index] + min(gap.length, offset - gap.offset)
