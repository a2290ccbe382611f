"""Multi-line replies: where they end, and which of their octets byte-stuffing added (RFC 1939, section 3).

A line that begins with a dot gets another one, and a dot alone ends the reply. Lines end with CRLF: a bare LF
or CR in a message starts no line. Only a server that ends its status lines with a bare LF is read by those.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pop2dissect.patterns import expression
from pop2dissect.tcp.stream import Stream


class LineEnd(NamedTuple):
    """How the lines of a server end."""

    octets: bytes
    dot: re.Pattern[bytes]
    """Finds the dot that begins a line."""


CRLF = LineEnd(b"\r\n", expression(rb"(?<=\r\n)\."))
LF = LineEnd(b"\n", expression(rb"(?<=\n)\."))


class Block(NamedTuple):
    """The data of a multi-line reply."""

    end: int
    """Offset after it, its end mark included."""
    terminator: int
    """Octets of the end mark; 0 where there is none."""
    dots: tuple[int, ...]
    """Offsets of the dots that byte-stuffing added, in order."""


def read_block(stream: Stream, start: int, limit: int | None = None, line_end: LineEnd = CRLF) -> Block:
    """Find the end of the data that begins at ``start``: a line that is a dot, else ``limit`` or the stream's end.

    An end mark counts only where all of it, and the line end before it, was captured.
    """
    stop = stream.length if limit is None else limit
    mark = b"." + line_end.octets
    dots: list[int] = []
    held = line_end.octets  # the status line's
    at = start  # offset after what is held
    for span in stream.spans_from(stream.span_index(start)):
        if span.offset >= stop:
            break
        first, last = max(start, span.offset), min(stop, span.end)
        if first != at:
            dots = _with_pending(dots, held, at, line_end)
            held = b""
        octets = held + bytes(memoryview(span.data)[span.start + first - span.offset : span.start + last - span.offset])
        base = first - len(held)
        at = last
        kept = max(len(octets) - len(line_end.octets), 0)
        for match in line_end.dot.finditer(octets):
            dot = match.start()
            behind = octets[dot : dot + len(mark)]
            if behind == mark:
                return Block(base + dot + len(mark), len(mark), tuple(dots))
            if mark.startswith(behind) and last < stop:
                kept = dot - len(line_end.octets)  # the next span decides
                break
            dots.append(base + dot)
        held = octets[kept:]
    return Block(stop, 0, tuple(_with_pending(dots, held, at, line_end)))


def _with_pending(dots: list[int], held: bytes, at: int, line_end: LineEnd) -> list[int]:
    """Add the dot that the octets ended behind, before it was known whether it was the end mark."""
    match = line_end.dot.search(held)
    if match is not None and (not dots or dots[-1] < at - len(held) + match.start()):
        dots.append(at - len(held) + match.start())
    return dots


def stuffed_dots(stream: Stream, start: int, end: int, line_end: LineEnd = CRLF) -> tuple[int, ...]:
    """Return where the dots are that byte-stuffing added to the octets ``start`` to ``end``, without an end mark."""
    return read_block(stream, start, end, line_end).dots
