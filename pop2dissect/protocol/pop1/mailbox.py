"""The messages of a mailbox, which RFC 918 transmits as one run of octets.

RFC 918 leaves the format to the two programs. Told here is mbox (RFC 4155, appendix A), in which each
message begins with a line ``From sender date`` after a blank line. Whatever else comes is one body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pop2dissect.tcp.stream import Stream

MAX_MESSAGES = 100_000
"""Messages that a mailbox is split into; the last one has the rest."""

_BLOCK = 1 << 20
_LONGEST = 1 << 10
"""Octets of a separator with what stands before it, for one that lies across two blocks."""

# The date as asctime(3) writes it: "Mon Feb 18 15:00:00 1985"; a time zone may stand before the year, the
# seconds may be lacking. That much is asked so that no sentence beginning with "From " splits a message.
_SEPARATOR = re.compile(
    rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]{0,500}"
    rb"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +"
    rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d{1,2} +\d{1,2}:\d\d[^\r\n]{0,100}\r?\n"
)


def split(stream: Stream, start: int, end: int) -> list[tuple[int, int]]:
    """Give where the messages of a mailbox lie that was transmitted from ``start`` to ``end``.

    They follow one another without anything between them; each has its separator line.
    """
    if start >= end:
        return []
    begins = list(_separators(stream, start, end))
    if not begins or begins[0] != start:
        # No mbox from its first line on. Where octets before the first separator were lost, it may still be one.
        if not begins or not stream.missing_between(start, begins[0]):
            return [(start, end)]
        begins.insert(0, start)
    return list(zip(begins, [*begins[1:], end], strict=True))


def _separators(stream: Stream, start: int, end: int) -> Iterator[int]:
    count = 0
    for offset, octets in _blocks(stream, start, end):
        for match in _SEPARATOR.finditer(octets):
            if match.start() == 0 and offset != start:
                continue  # the begin of a block is no begin of a line
            if count == MAX_MESSAGES:
                return
            count += 1
            yield offset + match.start()


def _blocks(stream: Stream, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Give the captured octets in runs without a gap; long ones in blocks, each with the last lines of the one before.

    A separator that begins in the last :data:`_LONGEST` octets of a block is left for the next one.
    """
    held = bytearray()
    at = start
    for span in stream.overlapping(start, end):
        first, last = max(start, span.offset), min(end, span.end)
        if first != at + len(held):
            yield at, bytes(held)
            held.clear()
            at = first
        held += memoryview(span.data)[span.start + first - span.offset : span.start + last - span.offset]
        while len(held) > _BLOCK:
            # Cut after a blank line, so that a separator is whole on one side of the cut.
            cut = max(held.rfind(b"\n\nFrom ", 0, -_LONGEST), held.rfind(b"\n\r\nFrom ", 0, -_LONGEST))
            if cut <= 0:
                cut = len(held) - _LONGEST
            yield at, bytes(held[: cut + 0])
            del held[:cut]
            at += cut
    if held:
        yield at, bytes(held)
