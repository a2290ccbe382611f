"""The messages of a mailbox, which RFC 918 transmits as one run of octets.

RFC 918 leaves the format to the two programs. Told here is mbox (RFC 4155, appendix A), in which each
message begins with a line ``From sender date`` after a blank line. Whatever else comes is one body.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from pop2dissect.patterns import expression
from pop2dissect.tcp.stream import Stream

MAX_MESSAGES = 100_000
"""Messages that a mailbox is split into; the last one has the rest."""

_BLOCK = 1 << 20
_LONGEST = 1 << 10
"""Octets that no separator exceeds: one may begin that close to the end of a block and not be whole in it."""
_BLANK_LINE = 3
"""Octets before a separator that tell it from a line of a message: LF, CR, LF at most."""

# The date as asctime(3) writes it: "Mon Feb 18 15:00:00 1985"; a time zone may stand before the year, the
# seconds may be lacking. That much is asked so that no sentence beginning with "From " splits a message.
_SEPARATOR = expression(
    rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]{0,500}"
    rb"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +"
    rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d{1,2} +\d{1,2}:\d\d[^\r\n]{0,100}\r?\n"
)


def split(stream: Stream, start: int, end: int) -> list[tuple[int, int]]:
    """Return where the messages of a mailbox lie that was transmitted from ``start`` to ``end``.

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
    """Yield where separators begin, at most :data:`MAX_MESSAGES`."""
    return islice(_all_separators(stream, start, end), MAX_MESSAGES)


def _all_separators(stream: Stream, start: int, end: int) -> Iterator[int]:
    """Look through the runs of octets between gaps, block by block."""
    held = bytearray()
    at, searched = start, 0  # offset of the first octet held, and how far into them was searched
    for span in stream.overlapping(start, end):
        first, last = max(start, span.offset), min(end, span.end)
        if first != at + len(held):
            yield from _find(held, searched, len(held), at, start)
            held.clear()
            at, searched = first, 0
        held += memoryview(span.data)[span.start + first - span.offset : span.start + last - span.offset]
        if len(held) > _BLOCK:
            limit = len(held) - _LONGEST
            yield from _find(held, searched, limit, at, start)
            searched = _BLANK_LINE
            del held[: limit - searched]
            at += limit - searched
    yield from _find(held, searched, len(held), at, start)


def _find(octets: bytearray, first: int, limit: int, at: int, start: int) -> list[int]:
    found = (match.start() for match in _SEPARATOR.finditer(octets, first))
    # What is held begins with a line only at the start of the mailbox.
    return [at + index for index in found if index < limit and (index or at == start)]
