"""Lines of a stream, read by position. A line ends with LF, with or without CR before it."""

from __future__ import annotations

import re
from typing import NamedTuple

from pop2dissect.tcp.stream import Stream


class Line(NamedTuple):
    """A line, or what there is of it where the stream ends first."""

    start: int
    end: int
    """After its line end."""
    raw: bytes
    """Without its line end; octets that the capture lacks, urgent ones and those beyond the limit are left out."""
    ending: bytes
    """``CRLF``, a bare ``LF``, or nothing where the stream ended."""
    missing: int
    beyond: int = 0
    """Octets at its end that were not looked at (limit ``line_octets``)."""


class LineReader:
    """Reads lines of one stream, best in the order of their positions."""

    __slots__ = ("_index", "_most", "_stream")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._most = stream.limits.line_octets
        self._index = 0

    def read(self, start: int, limit: int | None = None) -> Line | None:
        """Return the line that begins at ``start``; None at the end of the stream.

        A line in which the capture lacks octets goes on to the next LF: how many line ends were
        lost, the stream alone cannot tell. ``limit`` is where such a line ends at the latest, where
        the caller knows.
        """
        stream = self._stream
        spans = stream.spans
        index = self._index
        if index >= len(spans) or not spans[index].offset <= start < spans[index].end:
            index = self._index = stream.span_index(start)
        if index < len(spans) and spans[index].offset <= start and not stream.urgent:
            offset, length, _, _, _, data, at = spans[index]
            first = at + start - offset
            lf = data.find(b"\n", first, at + length)
            if 0 <= lf - first < self._most:
                raw = data[first : lf + 1]
                if raw.endswith(b"\r\n"):
                    return Line(start, start + len(raw), raw[:-2], b"\r\n", 0)
                return Line(start, start + len(raw), raw[:-1], b"\n", 0)
        if start >= stream.length:
            return None
        line = self._read_across(start, index, stream.length)
        if line.missing and limit is not None and start < limit < line.end:
            return self._read_across(start, index, limit)
        return line

    def _read_across(self, start: int, index: int, end: int) -> Line:
        """Read a line that lies in several spans, or ends at ``end`` without a line end."""
        stream = self._stream
        kept = bytearray()
        for span in stream.spans[index:]:
            if span.offset >= end:
                break
            first = span.start + max(start - span.offset, 0)
            last = span.start + min(span.length, end - span.offset)
            lf = span.data.find(b"\n", first, last)
            if len(kept) < self._most:
                kept += span.data[first : min(last if lf < 0 else lf + 1, first + self._most - len(kept))]
            if lf >= 0:
                end = span.offset + lf + 1 - span.start
                break
        missing = stream.missing_between(start, end)
        beyond = end - start - missing - len(kept)
        ending = b""
        if stream.octet_at(end - 1) == b"\n":
            ending = b"\r\n" if stream.octet_at(end - 2) == b"\r" and end - 2 >= start else b"\n"
        if ending and not beyond:
            del kept[-len(ending) :]
        elif missing and kept.endswith(b"\r"):
            del kept[-1:]  # the LF that belongs to it is among what is missing
        for offset in reversed(stream.urgent):
            # RFC 9293, section 3.8.5: servers that take urgent data out of band do not read this octet.
            if start <= offset < end and not missing:
                del kept[offset - start : offset - start + 1]
        return Line(start, end, bytes(kept), ending, missing, beyond)


# Outside of mail data a line holds printable ASCII (RFC 937, "The Grammar"; RFC 1939, section 3).
_UNUSUAL = re.compile(rb"[^ -~\t]")
# C0 controls and DEL, which can move a terminal's cursor, ring its bell or worse.
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def has_unusual_octets(line: bytes) -> bool:
    """Whether a line holds anything but printable ASCII and tabs."""
    return _UNUSUAL.search(line) is not None


def has_control_octets(line: bytes) -> bool:
    """Whether a line holds control characters other than tabs."""
    return _CONTROL.search(line) is not None
