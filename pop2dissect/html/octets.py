"""The bytes that the page carries, so that every line can be looked at byte by byte.

They stand in the page as base64 in a JSON object a session, which the page's script reads only when
the session is opened. No text from a capture gets there in any other form.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeAlias

from pop2dissect.document.lines import Line
from pop2dissect.masking import Mask, joined, within
from pop2dissect.protocols.base import Range
from pop2dissect.session import Direction, Session
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.rendering import Rendering

BUDGET = 16 << 20
"""Bytes of all sessions that the page carries; a browser opens some tens of MB of HTML at once."""
SHARE = 6 << 10
"""What a session takes of that by its tables and its picture."""
LEAST = 2 << 20
"""What is left for bytes in any case."""
LIMITS = tuple(1 << bits for bits in range(24, 7, -1))
"""Bytes of one line or message that are carried at most; the largest that keeps to the budget is taken."""

Extent: TypeAlias = tuple[int, int, str]
"""Offset, length, and the frames that carried it."""


def limit_for(lengths: Sequence[int], sessions: int) -> int:
    """Return how many bytes of a line or message may be carried, from the lengths of all of them."""
    budget = max(BUDGET - SHARE * sessions, LEAST)
    for limit in LIMITS:
        if sum(min(length, limit) for length in lengths) <= budget:
            return limit
    return LIMITS[-1]


def embedded(session: Session, lines: Sequence[Line], limit: int, mask: Mask, rendering: Rendering) -> str:
    """Return the JSON object of a session: what the client sent (``c``), and the server (``s``).

    Of each there are the captured bytes (``o``: offset and base64), the passwords in them (``m``: offset and
    length; stars are in their place), and of what several frames carried, which of them carried what (``p``:
    offset, length, frames).
    """
    sides = {
        direction[0]: _side(stream, direction, _said(lines, direction), limit, mask, rendering)
        for direction, stream in session.streams()
    }
    return json.dumps(sides, separators=(",", ":"))


def _side(
    stream: Stream, direction: Direction, said: Sequence[Range], limit: int, mask: Mask, rendering: Rendering
) -> dict[str, list[list[int | str]]]:
    wanted = joined((start, min(end, start + limit)) for start, end in said)
    runs = [run for start, end in wanted for run in _runs(stream, start, end)]
    hidden = [place for start, end in runs for place in within(mask.of(direction), start, end)]
    spread = joined((start, end) for start, end in said if len(list(islice(stream.overlapping(start, end), 2))) > 1)
    return {
        "o": [[start, b64encode(mask.octets(direction, start, end)).decode("ascii")] for start, end in runs],
        "m": [[first, last - first] for first, last in hidden],
        "p": [list(extent) for start, end in spread for extent in _extents(stream, start, end, rendering)],
    }


def _said(lines: Iterable[Line], direction: Direction) -> list[Range]:
    return [(line.start, line.end) for line in lines if line.direction == direction]


def _runs(stream: Stream, start: int, end: int) -> Iterator[Range]:
    """Yield the runs of a part of a stream that were captured without a gap in between."""
    first = last = -1
    for span in stream.overlapping(start, end):
        if span.offset != last:
            if first >= 0:
                yield first, last
            first = max(span.offset, start)
        last = span.end
    if first >= 0:
        yield first, min(last, end)


def _extents(stream: Stream, start: int, end: int, rendering: Rendering) -> Iterator[Extent]:
    for span in stream.overlapping(start, end):
        first, last = max(span.offset, start), min(span.end, end)
        frames = stream.fragments.get(span.frame, (span.frame,))
        yield first, last - first, rendering.frames(frames)
