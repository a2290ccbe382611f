"""Which octets of a client's stream are passwords, so that no output shows them unless asked to."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from pop2dissect.protocol.identify import POP2
from pop2dissect.protocol.lines import LineReader
from pop2dissect.protocol.pop2.grammar import parse_command
from pop2dissect.session import PASSWORD_MASK, Exchange, Session, decode_text
from pop2dissect.tcp.stream import Conflict, Stream

# HTTP (RFC 9110, section 11.6.2), spoken on the port by scanners.
_HTTP_CREDENTIALS = re.compile(rb"(?:Proxy-)?Authorization:[ \t]*(.+)", re.IGNORECASE | re.DOTALL)
# SASL (RFC 4954, RFC 5034): after AUTH come lines of nothing but base64.
_AUTH = re.compile(rb"(?:[^ ]{1,20} )?AUTH", re.IGNORECASE)
_BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}")

Range = tuple[int, int]
"""Offsets in the client's stream."""


def secret_ranges(session: Session) -> list[Range]:
    """Give the parts of the client's stream that are passwords, in stream order; they do not overlap."""
    ranges = [_in_stream(exchange) for exchange in session.exchanges if exchange.secret is not None]
    if session.protocol == POP2:
        return ranges
    merged: list[Range] = []
    for first, last in sorted([*ranges, *_in_lines(session.client_stream)]):
        if merged and first <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return merged


def masked_text(stream: Stream, start: int, end: int, secrets: Sequence[Range]) -> str:
    """Give octets of a client's stream as text, those in ``secrets`` masked."""
    pieces = []
    for first, last in _overlapping(secrets, start, end):
        pieces += [decode_text(stream.read(start, max(first, start))), PASSWORD_MASK]
        start = min(last, end)
    pieces.append(decode_text(stream.read(start, end)))
    return "".join(pieces)


def hides(conflict: Conflict, secrets: Sequence[Range]) -> bool:
    """Tell whether one of two copies of a part of the client's stream shows a password."""
    overlapping = _overlapping(secrets, conflict.offset, conflict.offset + conflict.length)
    return any(overlapping) or _holds_secret(conflict.kept) or _holds_secret(conflict.other)


def _overlapping(secrets: Sequence[Range], start: int, end: int) -> Iterator[Range]:
    """Give the passwords, which do not overlap each other, that have octets in a part of the stream."""
    index = max(bisect_right(secrets, (start, start)) - 1, 0)
    while index < len(secrets) and secrets[index][0] < end:
        if secrets[index][1] > start:
            yield secrets[index]
        index += 1


def _holds_secret(octets: bytes) -> bool:
    """Tell whether a copy of a segment holds the line of a password."""
    return any(parse_command(line.rstrip(b"\r")).secret is not None for line in octets.split(b"\n"))


def _in_stream(exchange: Exchange) -> Range:
    assert exchange.secret is not None
    assert exchange.raw is not None
    first, last = exchange.secret
    # Where the capture lacks octets of the line, or some were urgent data, what follows them stands
    # further on in the stream than in ``raw``. To mask too much is better.
    exact = exchange.missing == 0 and exchange.end - exchange.start - len(exchange.raw) <= len(b"\r\n")
    return exchange.start + first, exchange.start + last if exact else exchange.end


def _in_lines(stream: Stream) -> Iterator[Range]:
    """Find passwords in lines of any protocol."""
    reader = LineReader(stream)
    position = 0
    authenticating = False
    while line := reader.read(position):
        position = line.end
        secret = parse_command(line.raw).secret
        if secret is None and (match := _HTTP_CREDENTIALS.match(line.raw)):
            secret = match.span(1)
        if secret is None and authenticating and _BASE64.fullmatch(line.raw):
            secret = 0, len(line.raw)
        else:
            authenticating = _AUTH.match(line.raw) is not None
        if secret is not None:
            whole = line.missing or line.end - line.start - len(line.raw) - len(line.ending)
            yield line.start + secret[0], line.end if whole else line.start + secret[1]
