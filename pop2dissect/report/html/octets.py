"""The octets that the page carries, so that every line can be looked at octet by octet.

They stand in the page as base64 in a JSON object a session, which the page's script reads only when
the session is opened. No text from a capture gets there in any other form.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from pop2dissect.report.html.lines import Context, Line
from pop2dissect.report.masking import Range
from pop2dissect.session import Direction, Session
from pop2dissect.tcp.stream import Stream

BUDGET = 6 << 20
"""Octets of all sessions that the page carries; a browser opens some tens of MB of HTML at once."""
LIMITS = tuple(1 << bits for bits in range(24, 7, -1))
"""Octets of one line or message that are carried at most; the largest that keeps to the budget is taken."""

Extent: TypeAlias = tuple[int, int, str]
"""Offset, length, and the frames that carried it."""


def limit_for(lengths: Sequence[int]) -> int:
    """Give how many octets of a line or message may be carried, from the lengths of all of them."""
    for limit in LIMITS:
        if sum(min(length, limit) for length in lengths) <= BUDGET:
            return limit
    return LIMITS[-1]


def embedded(session: Session, lines: Sequence[Line], limit: int, secrets: Sequence[Range], context: Context) -> str:
    """Give the JSON object of a session: what the client sent (``c``), and the server (``s``).

    Of each there are the captured octets (``o``: offset and base64), the passwords in them (``m``: offset and
    length; stars are in their place), and the frames that carried them (``p``: offset, length, frames).
    """
    client, server = _wanted(lines, "client", limit), _wanted(lines, "server", limit)
    sides = {
        "c": _side(session.client_stream, client, secrets, context),
        "s": _side(session.server_stream, server, (), context),
    }
    return json.dumps(sides, separators=(",", ":"))


def _side(
    stream: Stream, wanted: Sequence[Range], secrets: Sequence[Range], context: Context
) -> dict[str, list[list[int | str]]]:
    runs = [run for start, end in wanted for run in _runs(stream, start, end)]
    hidden = [(max(first, start), min(last, end)) for first, last in secrets for start, end in runs]
    hidden = [(first, last) for first, last in hidden if first < last]
    return {
        "o": [[start, _encoded(stream, start, end, hidden)] for start, end in runs],
        "m": [[first, last - first] for first, last in hidden],
        "p": [list(extent) for start, end in wanted for extent in _extents(stream, start, end, context)],
    }


def _wanted(lines: Iterable[Line], direction: Direction, limit: int) -> list[Range]:
    """Give the parts of a stream that are to be carried, neighbours joined."""
    joined: list[Range] = []
    spoken = sorted((line.start, min(line.end, line.start + limit)) for line in lines if line.direction == direction)
    for start, end in spoken:
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        elif start < end:
            joined.append((start, end))
    return joined


def _runs(stream: Stream, start: int, end: int) -> Iterator[Range]:
    """Give the runs of a part of a stream that were captured without a gap in between."""
    first = last = -1
    for span in stream.overlapping(start, end):
        if span.offset != last:
            if first >= 0:
                yield first, last
            first = max(span.offset, start)
        last = span.end
    if first >= 0:
        yield first, min(last, end)


def _encoded(stream: Stream, start: int, end: int, hidden: Sequence[Range]) -> str:
    octets = bytearray(stream.read(start, end))
    for first, last in hidden:
        if start <= first < end:
            octets[first - start : last - start] = b"*" * (last - first)
    return b64encode(octets).decode("ascii")


def _extents(stream: Stream, start: int, end: int, context: Context) -> Iterator[Extent]:
    for span in stream.overlapping(start, end):
        first, last = max(span.offset, start), min(span.end, end)
        frames = stream.fragments.get(span.frame, (span.frame,))
        yield first, last - first, context.frames(frames)
