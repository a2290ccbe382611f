"""The passwords of a session by their values: where else they stand, in whatever notation."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from functools import lru_cache

from pop2dissect.patterns import expression
from pop2dissect.protocols.base import Range
from pop2dissect.session import PASSWORD_MASK, Exchange, Reply, Session
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.values import decode_text

LEAST = 4
"""Octets of a value that is hidden wherever it stands; a shorter one stands in too much by chance."""

_ANYWHERE = 8
"""Octets of a value that is hidden within a longer word too."""

_BLOCK = 1 << 20
"""Octets of a stream that are searched at a time."""

# What a server says that was left in debugging when it refuses a login: "- expected xyzzy".
_TOLD = expression(
    rb"(?:\b(?:expect(?:ed|ing)|wanted|should be)[ \t:=\"'<(]+"
    rb"|\b(?:pass(?:word|wd|phrase)?|secret)(?:[ \t]+(?:is|was|=)|[ \t]*[:=\"'<(])[ \t\"'<(]*"
    rb"(?!(?:bad|empty|expired|incorrect|invalid|missing|needed|not|required|too|wrong)\b))"
    rb"([^\s\"'<>()]+)",
    re.IGNORECASE,
)


class SecretValues:
    """What stood where a session's passwords stand."""

    __slots__ = ("_beginnings", "_notations", "_plain", "longest", "shortest")

    def __init__(self, values: frozenset[bytes]) -> None:
        known = sorted(value for value in values if len(value) >= LEAST)
        self._plain = frozenset(known)
        self._notations = tuple(dict.fromkeys(one for value in known for one in _notations(value) if one))
        self.longest = max(map(len, self._notations), default=0)
        """Octets of the longest notation of one of them."""
        self.shortest = min(map(len, self._notations), default=0)
        self._beginnings: dict[bytes, list[int]] = {}
        """Of the notations by as many of their octets as the shortest has."""
        for place, one in enumerate(self._notations):
            self._beginnings.setdefault(one[: self.shortest], []).append(place)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretValues) and self._notations == other._notations

    def __hash__(self) -> int:
        return hash(self._notations)

    @classmethod
    def of(cls, session: Session) -> SecretValues:
        """Return those of a session. A password that is its user's name is hidden by its place only."""
        values = {_value(exchange) for exchange in session.exchanges if exchange.secret is not None}
        for login in session.logins:
            values |= {text.encode() for text in (login.password, login.response) if text}
        for exchange in session.exchanges:
            if exchange.secret is not None:
                values.update(told for reply in exchange.replies for told in _told(reply, session.server_stream))
        users = {login.user.encode() for login in session.logins if login.user and login.user == login.password}
        return _of_values(frozenset(values - users))

    def __bool__(self) -> bool:
        return bool(self._notations)

    def may_be_in(self, octets: bytes) -> bool:
        """Whether one of them stands in some octets, if only within a word."""
        return any(True for _ in self._among(octets))

    def _among(self, octets: bytes) -> Iterator[bytes]:
        """Yield the notations that stand in some octets; of who guesses all day in one session there are many."""
        if len(self._notations) < len(octets):
            yield from (one for one in self._notations if one in octets)
            return
        last = len(octets) - self.shortest
        begun = self._beginnings.keys() & {octets[at : at + self.shortest] for at in range(last + 1)}
        for place in sorted(place for beginning in begun for place in self._beginnings[beginning]):
            if self._notations[place] in octets:
                yield self._notations[place]

    def in_octets(self, octets: bytes) -> Iterator[Range]:
        """Yield where in some octets they stand."""
        for one in self._among(octets):
            yield from _standing(one, octets, one in self._plain)

    def in_stream(self, stream: Stream) -> Iterator[Range]:
        """Yield where in a stream they stand; what a gap cuts is not found."""
        if not self._notations:
            return
        start = 0
        for gap_offset, gap_end in (
            *((gap.offset, gap.offset + gap.length) for gap in stream.gaps),
            (stream.length, 0),
        ):
            while start < gap_offset:
                block = stream.read(start, min(start + _BLOCK + self.longest, gap_offset))
                for first, last in self.in_octets(block):
                    yield start + first, start + last
                start += _BLOCK
            start = gap_end

    def are_in(self, text: str) -> bool:
        """Whether one of them stands in text."""
        return any(self.in_octets(text.encode("utf-8", "surrogateescape")))

    def masked(self, text: str) -> str:
        """Return text from the wire, each of them in it masked."""
        octets = text.encode("utf-8", "surrogateescape")
        if not self.may_be_in(octets):
            return text
        pieces, position = [], 0
        for first, last in sorted(self.in_octets(octets)):
            if first >= position:
                pieces += [octets[position:first], PASSWORD_MASK.encode()]
            position = max(position, last)
        return decode_text(b"".join([*pieces, octets[position:]]))


@lru_cache(maxsize=1024)
def _of_values(values: frozenset[bytes]) -> SecretValues:
    """Return those of one session, which mostly are those of the user's next one too."""
    return SecretValues(values)


def _value(exchange: Exchange) -> bytes:
    assert exchange.raw is not None
    assert exchange.secret is not None
    first, last = exchange.secret
    return exchange.raw[first:last].strip()


def _told(reply: Reply, server: Stream) -> Iterator[bytes]:
    """Yield the passwords that a refusal tells."""
    if reply.kind == "error":
        yield from (match.group(1) for match in _TOLD.finditer(server.read(reply.start, reply.end)))


def _notations(value: bytes) -> list[bytes]:
    """Return how a value may be written: as it is, quoted, in hexadecimal, UTF-16 and base64."""
    digits = value.hex()
    notations = [
        value,
        value.replace(b"\\", b""),
        digits.encode(),
        digits.upper().encode(),
        f"={value.hex('=').upper()}".encode(),
        value.decode("latin-1").encode("utf-16-le")[:-1],
    ]
    # Base64 of something that has it in it: three octets are four characters, so there are three ways to begin.
    for before in range(3):
        coded = b64encode(bytes(before) + value)
        first = (0, 2, 3)[before]
        last = (len(value) + before) * 8 // 6
        if last - first >= 2 * LEAST:
            notations.append(coded[first:last])
    return notations


def _standing(notation: bytes, octets: bytes, is_plain: bool) -> Iterator[Range]:
    """Yield where a notation stands.

    A word, or something short, counts only where it is one by itself: "pop2" is no password in "ipop2d". (A pattern
    would be compiled for each session, as hardly two have the same password.)
    """
    by_itself = is_plain and (notation.isalpha() or len(notation) < _ANYWHERE)
    at = octets.find(notation)
    while at >= 0:
        end = at + len(notation)
        if by_itself and (octets[at - 1 : at].isalnum() or octets[end : end + 1].isalnum()):
            end = at + 1
        else:
            yield at, end
        at = octets.find(notation, end)
