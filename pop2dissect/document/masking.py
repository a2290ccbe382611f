"""Which bytes of a client's stream are passwords, so that no output shows them unless asked to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from pop2dissect import protocols
from pop2dissect.protocols.lines import LineReader
from pop2dissect.protocols.secrets import CredentialWatch, socks_password
from pop2dissect.session import PASSWORD_MASK, Exchange, Session
from pop2dissect.tcp.stream import Conflict, Stream
from pop2dissect.text.values import decode_text

_SOCKS_LOOKED_AT = 2 + 255 + 3 + 2 * 255
"""Bytes within which a SOCKS client gives its password: all of its lengths are bytes."""

Range = tuple[int, int]
"""Offsets in the client's stream."""


def secret_ranges(session: Session) -> list[Range]:
    """Return the parts of the client's stream that are passwords, in stream order; they do not overlap."""
    ranges = [_in_stream(exchange) for exchange in session.exchanges if exchange.secret is not None]
    if protocols.protocol_of(session.protocol).knows_secrets:
        return ranges
    merged: list[Range] = []
    in_lines = _in_lines(session.client_stream, from_start=session.handshake != "missing")
    for first, last in sorted([*ranges, *in_lines]):
        if merged and first <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return merged


def masked_password(password: str | None, show_passwords: bool) -> str | None:
    """Return a password, masked unless asked for; None where there is none."""
    return password if show_passwords or password is None else PASSWORD_MASK


def masked_text(stream: Stream, start: int, end: int, secrets: Sequence[Range]) -> str:
    """Return bytes of a client's stream as text, those in ``secrets`` masked."""
    pieces = []
    for first, last in _overlapping(secrets, start, end):
        pieces += [decode_text(stream.read(start, max(first, start))), PASSWORD_MASK]
        start = min(last, end)
    pieces.append(decode_text(stream.read(start, end)))
    return "".join(pieces)


def hides(conflict: Conflict, secrets: Sequence[Range]) -> bool:
    """Whether one of two copies of a part of the client's stream shows a password."""
    overlapping = _overlapping(secrets, conflict.offset, conflict.offset + conflict.length)
    return any(overlapping) or _holds_secret(conflict.kept) or _holds_secret(conflict.other)


def _overlapping(secrets: Sequence[Range], start: int, end: int) -> Iterator[Range]:
    """Yield the passwords, which do not overlap each other, that have bytes in a part of the stream."""
    index = max(bisect_right(secrets, (start, start)) - 1, 0)
    while index < len(secrets) and secrets[index][0] < end:
        if secrets[index][1] > start:
            yield secrets[index]
        index += 1


def _holds_secret(octets: bytes) -> bool:
    """Whether a copy of a segment holds the line of a password."""
    watch = CredentialWatch(protocols.PROTOCOLS)
    return any(watch.secret_in(line.rstrip(b"\r")) is not None for line in octets.split(b"\n"))


def _in_stream(exchange: Exchange) -> Range:
    assert exchange.secret is not None
    assert exchange.raw is not None
    first, last = exchange.secret
    # Where bytes of the line are missing from the capture, or some were urgent data, what follows them stands
    # further on in the stream than in ``raw``. To mask too much is better.
    exact = exchange.missing == 0 and exchange.end - exchange.start - len(exchange.raw) <= len(b"\r\n")
    return exchange.start + first, exchange.start + last if exact else exchange.end


def _in_lines(stream: Stream, *, from_start: bool) -> Iterator[Range]:
    """Find passwords in lines of any protocol."""
    if stream.missing_between(0, min(stream.length, _SOCKS_LOOKED_AT)) == 0:
        socks = socks_password(stream.read(0, min(stream.length, _SOCKS_LOOKED_AT)))
        if socks is not None:
            yield socks
    reader = LineReader(stream)
    watch = CredentialWatch(protocols.PROTOCOLS)
    losses = {gap.offset + gap.length for gap in stream.gaps}
    if not from_start:
        losses.add(0)
    position = 0
    while line := reader.read(position):
        position = line.end
        is_partial = line.missing > 0 or line.start in losses
        secret = watch.secret_in(line.raw, lost=is_partial)
        if secret is not None:
            whole = is_partial or line.end - line.start - len(line.raw) - len(line.ending)
            yield line.start + secret[0], line.end if whole else line.start + secret[1]
