"""Where in a stream the fields of a line or a message lie, so that the bytes of each can be marked.

The fields of a line are what its protocol says; added are the line's end, and what is not taken apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pop2dissect import session as model
from pop2dissect.patterns import expression
from pop2dissect.protocols import protocol_of
from pop2dissect.tcp.stream import Stream

MAX_HEADERS = 60
"""Header fields of a message that are marked one by one; the bytes of the others are marked as one."""
_HEADER_BYTES = 32 << 10

# RFC 5322, section 2.2: a header's name is printable ASCII without a colon.
# Lines that start with a space belong to it; it is whole only where the byte after it is known.
_HEADER = expression(rb"[!-9;-~]+[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*(?=[^ \t])")
_EMPTY = expression(rb"\r?\n")


class Field(NamedTuple):
    """A run of bytes with a meaning; offsets are those of the stream."""

    name: str
    start: int
    end: int


def command_fields(exchange: model.Exchange, protocol: str) -> Iterator[Field]:
    """Yield the fields of a command. Where bytes of it are missing or urgent, it is not taken apart."""
    raw = exchange.raw
    if raw is None:
        return
    parse = protocol_of(protocol).command_fields
    fields = parse(raw) if parse else (model.Field("text", 0, len(raw)),)
    if exchange.secret is not None and not any(field.name == "password" for field in fields):
        fields = _with_password(fields, exchange.secret)
    yield from _line(raw, exchange, fields)


def reply_fields(reply: model.Reply, protocol: str) -> Iterator[Field]:
    """Yield the fields of a reply line, as those of a command."""
    parse = protocol_of(protocol).reply_fields
    yield from _line(reply.raw, reply, parse(reply.raw) if parse else (model.Field("text", 0, len(reply.raw)),))


def _line(raw: bytes, line: model.Exchange | model.Reply, fields: Iterable[model.Field]) -> Iterator[Field]:
    if line.end == line.start:
        return
    if line.missing > 0 or not 0 <= line.end - line.start - len(raw) <= len(b"\r\n"):
        yield Field("bytes", line.start, line.end)  # places in ``raw`` are not those in the stream
        return
    for field in fields:
        if field.start < field.end:
            yield Field(field.name, line.start + field.start, line.start + field.end)
    if line.start + len(raw) < line.end:
        yield Field("line end", line.start + len(raw), line.end)


def _with_password(fields: Iterable[model.Field], secret: tuple[int, int]) -> tuple[model.Field, ...]:
    """Mark what may be a password by the lines before it, and not by the grammar of its own."""
    first, last = secret
    marked = [model.Field("may be a password", first, last)]
    for name, start, end in fields:
        marked += [model.Field(name, start, min(end, first)), model.Field(name, max(start, last), end)]
    return tuple(sorted((field for field in marked if field.start < field.end), key=lambda field: field.start))


def message_fields(stream: Stream, start: int, end: int) -> Iterator[Field]:
    """Yield the fields of a message: its headers, the empty line, and its body.

    What follows a gap, or a line among the headers that is none, is not taken apart.
    """
    gap = stream.gap_after(start)
    known = min(end, start + _HEADER_BYTES, end if gap is None else max(gap.offset, start))
    octets = stream.read(start, known)
    at = found = 0
    rest = "bytes"
    while found < MAX_HEADERS:
        match = _HEADER.match(octets, at)
        if match is None:
            if found and (empty := _EMPTY.match(octets, at)):
                yield Field("empty line", start + at, start + empty.end())
                at = empty.end()
                rest = "body"
            break
        yield Field("header", start + at, start + match.end())
        at = match.end()
        found += 1
    if start + at < end:
        yield Field(rest, start + at, end)
