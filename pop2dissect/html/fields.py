"""Where in a stream the fields of a line or a message lie, so that the bytes of each can be marked.

A field is cited by a letter, which the page's script turns into a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pop2dissect.session import Exchange, Reply
from pop2dissect.tcp.stream import Stream

MAX_HEADERS = 60
"""Header fields of a message that are marked one by one; the bytes of the others are marked as one."""
_HEADER_OCTETS = 32 << 10

# As in the grammar of RFC 937; blanks before the keyword are what real servers pass over.
_WORD = re.compile(rb"[ \t]*([A-Za-z0-9]+)(?![^ \t])[ \t]*")
_REPLY = re.compile(rb"([#=+-])(?:(?<=[#=]) *(\d{1,20})(?!\d))? ?")
# RFC 5322, section 2.2: a header's name is printable ASCII without a colon.
# Lines that begin with a blank belong to it; it is whole only where the byte after it is known.
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*(?=[^ \t])")
_EMPTY = re.compile(rb"\r?\n")


class Field(NamedTuple):
    """A run of bytes with a meaning; offsets are those of the stream."""

    letter: str
    """``k`` keyword, ``u`` user, ``p`` password, ``a`` argument, ``i`` indicator, ``n`` number, ``t`` text,
    ``e`` line end, ``h`` header, ``m`` empty line, ``b`` body, ``x`` bytes that are not taken apart."""
    start: int
    end: int


def notation(fields: Iterable[Field], start: int, end: int) -> str:
    """Write the place and the fields of a line as the page carries them.

    The place is the line's start and end; a field is a letter, its length, and if there are any, how many bytes
    there are between the field before it and itself.
    """
    written = [f"{start},{end}"]
    for field in fields:
        skipped = f",{field.start - start}" if field.start > start else ""
        written.append(f"{field.letter}{field.end - field.start}{skipped}")
        start = field.end
    return ";".join(written)


def command_fields(exchange: Exchange) -> Iterator[Field]:
    """Yield the fields of a command. Where bytes of it are lost or urgent, it is not taken apart."""
    raw = exchange.raw
    if raw is None or exchange.end == exchange.start:
        return
    if _is_broken(raw, exchange):
        yield Field("x", exchange.start, exchange.end)
        return
    end = exchange.start + len(raw)
    match = _WORD.match(raw)
    at = 0
    if match is not None and exchange.command:
        yield Field("k", exchange.start + match.start(1), exchange.start + match.end(1))
        at = match.end()
    if exchange.secret is not None:
        first, last = exchange.secret
        named = raw[at:first].rstrip(b" \t")
        if named:
            yield Field(
                "u" if exchange.command == "HELO" else "a", exchange.start + at, exchange.start + at + len(named)
            )
        yield Field("p", exchange.start + first, exchange.start + last)
        at = last
    if at < len(raw):
        letter = {"READ": "n", "HELO": "u"}.get(exchange.command or "", "a")
        yield Field(letter if exchange.secret is None else "a", exchange.start + at, end)
    yield from _line_end(end, exchange.end)


def reply_fields(reply: Reply) -> Iterator[Field]:
    """Yield the fields of a reply line."""
    if reply.end == reply.start:
        return
    if _is_broken(reply.raw, reply):
        yield Field("x", reply.start, reply.end)
        return
    end = reply.start + len(reply.raw)
    at = 0
    match = _REPLY.match(reply.raw)
    if match is not None:
        yield Field("i", reply.start, reply.start + 1)
        if match.group(2) is not None:
            yield Field("n", reply.start + match.start(2), reply.start + match.end(2))
        at = match.end()
    if at < len(reply.raw):
        yield Field("t", reply.start + at, end)
    yield from _line_end(end, reply.end)


def message_fields(stream: Stream, start: int, end: int) -> Iterator[Field]:
    """Yield the fields of a message: its headers, the empty line, and its body.

    What follows a gap, or a line among the headers that is none, is not taken apart.
    """
    known = min([end, start + _HEADER_OCTETS, *(gap.offset for gap in stream.gaps if gap.offset >= start)])
    octets = stream.read(start, known)
    at = found = 0
    rest = "x"
    while found < MAX_HEADERS:
        match = _HEADER.match(octets, at)
        if match is None:
            if found and (empty := _EMPTY.match(octets, at)):
                yield Field("m", start + at, start + empty.end())
                at = empty.end()
                rest = "b"
            break
        yield Field("h", start + at, start + match.end())
        at = match.end()
        found += 1
    if start + at < end:
        yield Field(rest, start + at, end)


def _is_broken(raw: bytes, line: Exchange | Reply) -> bool:
    """Whether places in ``raw`` are not those in the stream."""
    return line.missing > 0 or not 0 <= line.end - line.start - len(raw) <= len(b"\r\n")


def _line_end(start: int, end: int) -> Iterator[Field]:
    if start < end:
        yield Field("e", start, end)
