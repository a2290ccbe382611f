"""Lines of a stream, read by position. A line ends with LF, with or without CR before it, however many."""

from __future__ import annotations

import re
from typing import NamedTuple

from pop2dissect.patterns import expression
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.values import count


class Line(NamedTuple):
    """A line, or what there is of it where the stream ends first."""

    start: int
    end: int
    """After its line end."""
    raw: bytes
    """Without its line end; octets that the capture lacks, urgent ones and those beyond the limit are left out."""
    ending: bytes
    """``CRLF``, a bare ``LF``, what else there is of CR and NUL before the LF, or nothing where the stream ended."""
    missing: int
    beyond: int = 0
    """Octets at its end that were not looked at (limit ``line_octets``)."""


class LineReader:
    """Reads lines of one stream, best in the order of their positions."""

    __slots__ = ("_ends_at", "_index", "_most", "_no_end_before", "_stream")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._most = stream.limits.line_octets
        self._index = 0
        self._no_end_before = self._ends_at = 0
        """Between these two offsets no line ends, as was found."""

    def read(self, start: int, limit: int | None = None) -> Line | None:
        """Return the line that begins at ``start``; None at the end of the stream.

        A line in which the capture lacks octets goes on to the next LF: how many line ends were
        lost, the stream alone cannot tell. ``limit`` is where such a line ends at the latest, where
        the caller knows.
        """
        stream = self._stream
        spans = stream.spans
        index = self._index
        if index >= len(spans) or not 0 <= start - spans[index][0] < spans[index][1]:
            index += 1  # mostly a line a segment
            if index >= len(spans) or spans[index][0] != start:
                index = stream.span_index(start)
            self._index = index
        if index < len(spans) and not stream.urgent:
            offset, length, _, _, _, data, at = spans[index]
            first = at + start - offset
            if first >= at and 0 <= (lf := data.find(b"\n", first, at + length)) - first < self._most:
                raw = data[first : lf + 1]
                ending = _ending(raw)
                return Line(start, start + len(raw), raw[: -len(ending)], ending, 0)
        if start >= stream.length:
            return None
        end = self._next_end(start, index)
        if limit is not None and start < limit < end and stream.missing_between(start, end):
            end = limit
        return self._read_across(start, index, end)

    def _next_end(self, start: int, index: int) -> int:
        """Return the offset after the next LF, or of the stream's end; what was looked through is not looked through
        again, however often a line is cut before it."""
        if not self._no_end_before <= start < self._ends_at:
            self._no_end_before, self._ends_at = start, self._stream.length
            for span in self._stream.spans_from(index):
                lf = span.data.find(b"\n", span.start + max(start - span.offset, 0), span.start + span.length)
                if lf >= 0:
                    self._ends_at = span.offset + lf + 1 - span.start
                    break
        return self._ends_at

    def _read_across(self, start: int, index: int, end: int) -> Line:
        """Return a line that lies in several spans, or ends at ``end`` without a line end."""
        stream = self._stream
        kept = bytearray()
        for span in stream.spans_from(index):
            if span.offset >= end or len(kept) >= self._most:
                break
            first = span.start + max(start - span.offset, 0)
            last = span.start + min(span.length, end - span.offset)
            kept += span.data[first : min(last, first + self._most - len(kept))]
        missing = stream.missing_between(start, end)
        beyond = end - start - missing - len(kept)
        ending = b""
        if stream.octet_at(end - 1) == b"\n":
            ending = _ending(bytes(kept)) if not beyond else b"\n"
        if ending and not beyond:
            del kept[-len(ending) :]
        elif missing and kept.endswith(b"\r"):
            del kept[-1:]  # the LF that belongs to it is among what is missing
        for offset in reversed(stream.urgent):
            # RFC 9293, section 3.8.5: servers that take urgent data out of band do not read this octet.
            if start <= offset < end and not missing:
                del kept[offset - start : offset - start + 1]
        return Line(start, end, bytes(kept), ending, missing, beyond)


def _ending(line: bytes) -> bytes:
    """Return the line end of a line: CR LF, LF alone, or what else programs send.

    A tool that translates LF twice sends CR CR LF; telnet sends CR NUL for a CR alone (RFC 854), before the LF or not.
    """
    if line[-2:-1] == b"\r" and line[-3:-2] != b"\r":
        return b"\r\n"
    match = _LINE_END.search(line)
    assert match is not None  # it ends with LF
    return match.group()


_LINE_END = expression(rb"(?:\r[\r\0]*)?\n\Z")

# What stands before a command and is none of it: telnet's negotiation (RFC 854, RFC 855), the mark that text in
# Unicode begins with, and what is left of a line end that has its parts in another order, LF CR or CR LF NUL.
_NEGOTIATION = rb"\xff(?:\xfa[^\xff]*\xff\xf0|[\xfb-\xfe][\x00-\x31\xff]|[\xf0-\xf9])"
_LEADING = expression(rb"(?P<telnet>(?:%b)+)|(?P<mark>\xef\xbb\xbf)|(?P<rest>[\r\0]+)" % _NEGOTIATION, re.DOTALL)
_BEGINS = expression(rb"[ \tA-Za-z]|\Z")
"""How a command begins, or nothing."""
_SAID = {"telnet": "telnet negotiation", "mark": "the mark of UTF-8", "rest": "the rest of a line end"}


def without_leading(line: Line) -> tuple[Line, str]:
    """Return a line from its first octet on that can be of a command, and in words what stands before."""
    if line.raw[:1].isalpha():
        return line, ""
    position, found = 0, []
    while not line.missing and (match := _LEADING.match(line.raw, position)):
        position = match.end()
        found.append(_SAID[match.lastgroup or ""])
    if not found or not _BEGINS.match(line.raw, position):
        return line, ""
    said = f"{count(position, 'octet')} before it: {', '.join(dict.fromkeys(found))}"
    return line._replace(start=line.start + position, raw=line.raw[position:]), said


# Outside of mail data a line holds printable ASCII (RFC 937, "The Grammar"; RFC 1939, section 3).
_UNUSUAL = expression(rb"[^ -~\t]")
# C0 controls and DEL, which can move a terminal's cursor, ring its bell or worse.
_CONTROL = expression(rb"[\x00-\x08\x0a-\x1f\x7f]")


def has_unusual_octets(line: bytes) -> bool:
    """Whether a line holds anything but printable ASCII and tabs."""
    return _UNUSUAL.search(line) is not None


def has_control_octets(line: bytes) -> bool:
    """Whether a line holds control characters other than tabs."""
    return _CONTROL.search(line) is not None
