"""Which bytes of a session are passwords, so that no output shows them unless asked to.

They are hidden by place, as :mod:`pop2dissect.protocols.secrets` finds them in what the client says, and by value: what
stood in such a place is hidden wherever else it stands.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from pop2dissect import protocols
from pop2dissect.masking.values import SecretValues
from pop2dissect.patterns import expression
from pop2dissect.protocols.base import Range
from pop2dissect.protocols.lines import LineReader
from pop2dissect.protocols.secrets import CredentialWatch, let_in_at, socks_password
from pop2dissect.session import PASSWORD_MASK, Direction, Exchange, Session
from pop2dissect.tcp.stream import Conflict, Stream
from pop2dissect.text.values import decode_text

_SOCKS_LOOKED_AT = 2 + 255 + 3 + 2 * 255
"""Bytes within which a SOCKS client gives its password: all of its lengths are bytes."""

_NO_TEXT = expression(rb"[^\0\t\r -~]")


class Mask:
    """What of a session is hidden."""

    def __init__(self, session: Session, show_passwords: bool = False) -> None:
        self._session = session
        self.shows_passwords = show_passwords

    @cached_property
    def client(self) -> list[Range]:
        """The parts of the client's stream that are passwords, in stream order; they do not overlap."""
        if self.shows_passwords:
            return []
        session = self._session
        stream = session.client_stream
        ranges = [_in_stream(exchange) for exchange in session.exchanges if exchange.secret is not None]
        protocol = protocols.protocol_of(session.protocol)
        if not protocol.knows_secrets:
            ranges += _in_lines(stream, from_start=session.handshake != "missing", text_only=protocol.is_encrypted)
        return joined([*ranges, *self._values.in_stream(stream)])

    @cached_property
    def server(self) -> list[Range]:
        """The same of the server's stream."""
        if self.shows_passwords:
            return []
        found = list(self._values.in_stream(self._session.server_stream))
        if not self._session.exchanges:  # who is the server may have been told wrongly
            found += _in_lines(self._session.server_stream, from_start=True, let_in=True)
        return joined(found)

    def of(self, direction: Direction) -> list[Range]:
        """Return :attr:`client` or :attr:`server`."""
        return self.client if direction == "client" else self.server

    def text(self, direction: Direction, start: int, end: int) -> str:
        """Return bytes of a stream as text, passwords masked."""
        stream = self._session.stream(direction)
        pieces = []
        for first, last in within(self.of(direction), start, end):
            pieces += [decode_text(stream.read(start, first)), PASSWORD_MASK]
            start = last
        pieces.append(decode_text(stream.read(start, end)))
        return "".join(pieces)

    def octets(self, direction: Direction, start: int, end: int) -> bytes:
        """Return captured bytes of a stream, a part without gaps, with stars in the place of passwords."""
        octets = bytearray(self._session.stream(direction).read(start, end))
        for first, last in within(self.of(direction), start, end):
            octets[first - start : last - start] = b"*" * (last - first)
        return bytes(octets)

    def hides(self, direction: Direction, conflict: Conflict) -> bool:
        """Whether one of two copies of a part of a stream shows a password, or may show one."""
        if self.shows_passwords:
            return False
        end = conflict.offset + conflict.length
        if any(within(self.of(direction), conflict.offset, end)):
            return True
        if direction == "client" and conflict.offset < self._let_in_from:
            return True  # what the other copy says stands where a password may stand
        hidden, stream = self._values, self._session.stream(direction)
        before = stream.read(max(conflict.offset - hidden.longest, 0), conflict.offset)
        after = stream.read(end, end + hidden.longest)
        return any(any(hidden.in_octets(before + copy + after)) or _holds_secret(copy) for copy in conflict[3::2])

    @cached_property
    def _values(self) -> SecretValues:
        return SecretValues.of(self._session)

    @cached_property
    def _let_in_from(self) -> int:
        """Where in the client's stream a client that was let in goes on; the stream's end where it was not."""
        index = let_in_at(self._session.logins)
        return self._session.client_stream.length if index is None else self._session.exchanges[index].end


def masked_password(password: str | None, show_passwords: bool) -> str | None:
    """Return a password, masked unless asked for; None where there is none."""
    return password if show_passwords or password is None else PASSWORD_MASK


def joined(ranges: Iterable[Range]) -> list[Range]:
    """Return ranges in order, those that overlap or touch as one, those without bytes left out."""
    whole: list[Range] = []
    for first, last in sorted(ranges):
        if whole and first <= whole[-1][1]:
            whole[-1] = whole[-1][0], max(last, whole[-1][1])
        elif first < last:
            whole.append((first, last))
    return whole


def within(secrets: Sequence[Range], start: int, end: int) -> Iterator[Range]:
    """Yield what lies in a part of the stream of the passwords, which are in order and do not overlap each other."""
    index = max(bisect_right(secrets, (start, start)) - 1, 0)
    while index < len(secrets) and secrets[index][0] < end:
        if secrets[index][1] > start:
            yield max(secrets[index][0], start), min(secrets[index][1], end)
        index += 1


def _holds_secret(octets: bytes) -> bool:
    """Whether a copy of a segment holds the line of a password."""
    watch = CredentialWatch(protocols.PROTOCOLS)
    return any(watch.secret_in(line.rstrip(b"\r"), let_in=True) is not None for line in octets.split(b"\n"))


def _is_text(octets: bytes) -> bool:
    """Whether octets may be text, UTF-16 too: of what is encrypted little more than a third looks like it."""
    return len(_NO_TEXT.findall(octets)) <= len(octets) * 0.4


def _in_stream(exchange: Exchange) -> Range:
    assert exchange.secret is not None
    assert exchange.raw is not None
    first, last = exchange.secret
    # Where bytes of the line are missing from the capture, or some were urgent data, what follows them stands
    # further on in the stream than in ``raw``. To mask too much is better.
    exact = exchange.missing == 0 and exchange.end - exchange.start - len(exchange.raw) <= len(b"\r\n")
    return exchange.start + first, exchange.start + last if exact else exchange.end


def _in_lines(stream: Stream, *, from_start: bool, let_in: bool = False, text_only: bool = False) -> Iterator[Range]:
    """Find passwords in lines of any protocol, or in those only that are text.

    ``let_in`` is as :class:`CredentialWatch` has it.
    """
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
        if text_only and not _is_text(line.raw):
            continue
        secret = watch.secret_in(line.raw, lost=is_partial, let_in=let_in)
        if secret is not None:
            whole = is_partial or line.end - line.start - len(line.raw) - len(line.ending)
            yield line.start + secret[0], line.end if whole else line.start + secret[1]
