"""Fragments of IP datagrams, put together (RFC 791, section 3.2; RFC 8200, section 4.5)."""

from __future__ import annotations

from collections.abc import Container
from enum import Enum, auto
from typing import Literal, TypeAlias

from pop2dissect.decode.packet import IP_PROTOCOL, NOTHING, Fragment, Packet
from pop2dissect.decode.problems import Problems, Undecodable, Verdict
from pop2dissect.limits import Limits

Overlap: TypeAlias = Literal["first", "last"]
"""Which copy of an octet stays where fragments of IPv4 overlap: the one that came first, or last.

IPv6 leaves no choice: it discards the datagram (RFC 5722, section 4).
"""

MAX_DATAGRAM = 65_535
"""Octets of the largest datagram that IP's length fields can express; what reaches beyond is an attack."""
FRAGMENT_COST = 256
"""Octets that a fragment is reckoned to take beside its content, so that tiny ones count as well."""

_MISSING, _CUT, _CAPTURED = 0, 1, 2
_TCP, _UDP = 6, 17


class _Fate(Enum):
    PENDING = auto()
    COMPLETED = auto()
    """Remembered to know late copies of its fragments, as where a switch port is captured both ways."""
    DISCARDED = auto()
    """Remembered because fragments yet to come are to be discarded as well (RFC 5722, section 4)."""


class _Datagram:
    """What has come of one datagram's payload."""

    __slots__ = ("doubts", "fate", "frames", "octets", "pieces", "presence", "protocol", "time", "total")

    def __init__(self, time: int) -> None:
        self.time = time
        self.fate = _Fate.PENDING
        self.octets = bytearray()
        self.presence = bytearray()
        """For each octet, whether it is missing, was cut off by the snap length, or is there."""
        self.total: int | None = None
        """Length in octets, known from the fragment that none follows."""
        self.protocol = -1
        self.pieces: set[tuple[int, int, bool, int]] = set()
        """Offset, length, M flag and hash of each fragment, to know exact copies."""
        self.frames: list[int] = []
        self.doubts: list[tuple[str, int]] = []

    @property
    def cost(self) -> int:
        """Memory in octets, roughly."""
        return len(self.octets) + FRAGMENT_COST * len(self.pieces)

    @property
    def whole(self) -> bool:
        return len(self.octets) == self.total and _MISSING not in self.presence

    def fits_end(self, end: int, more: bool) -> bool:
        """Whether a fragment agrees with the others on where the datagram ends."""
        if more:
            return self.total is None or end <= self.total
        return end == self.total if self.total is not None else end >= len(self.octets)

    def overlaps(self, at: int, end: int) -> bool:
        """Whether a fragment has brought octets of this range."""
        present = self.presence[at:end]
        return present.count(_MISSING) < len(present)

    def fill(self, at: int, octets: bytes, end: int, overlap: Overlap) -> bool:
        """Put a fragment into its place; say whether it agrees with what was there already."""
        cut = at + len(octets)
        fresh = not self.overlaps(at, end)
        if end > len(self.octets):
            growth = bytes(end - len(self.octets))
            self.octets += growth
            self.presence += growth
        if fresh:
            self.octets[at:cut] = octets
            self.presence[at:cut] = bytes((_CAPTURED,)) * (cut - at)
            self.presence[cut:end] = bytes((_CUT,)) * (end - cut)
            return True
        agrees = True
        for place, octet in enumerate(octets, at):
            if self.presence[place] != _CAPTURED:
                self.presence[place] = _CAPTURED
                self.octets[place] = octet
            elif self.octets[place] != octet:
                agrees = False
                if overlap == "last":
                    self.octets[place] = octet
        self.presence[cut:end] = self.presence[cut:end].replace(b"\0", bytes((_CUT,)))
        return agrees

    def close(self, fate: _Fate) -> None:
        """Let go of the content."""
        self.fate = fate
        self.octets = bytearray()
        self.presence = bytearray()


class Reassembler:
    """The one layer that remembers: it takes fragments and gives the datagram when it is whole."""

    def __init__(
        self,
        limits: Limits,
        overlap: Overlap,
        ports: Container[int],
        layers: Container[int],
        problems: Problems,
    ) -> None:
        self._limits = limits
        self._overlap: Overlap = overlap
        self._ports = ports
        self._layers = layers
        self._problems = problems
        self._datagrams: dict[tuple[bytes, int, int], _Datagram] = {}
        """In the order of their first fragments."""
        self._octets = 0

    def __call__(self, packet: Packet) -> int:
        """Take the fragment described in ``packet.fragment``; if it is the last one, give the datagram.

        The packet then becomes the datagram, of the time and frame of this fragment.
        """
        fragment = packet.fragment
        assert fragment is not None
        length = packet.wire - packet.at
        if not length:
            raise Undecodable("a fragment is empty")
        if fragment.more and length % 8:
            raise Undecodable("a fragment that others follow is not a multiple of 8 octets long")
        if fragment.offset + length > MAX_DATAGRAM:
            raise Undecodable("a fragment reaches beyond the largest datagram of 65,535 octets")
        octets = packet.data[packet.at : packet.end]
        piece = (fragment.offset, length, fragment.more, hash(octets))  # keyed: nobody can make two alike

        self._expire(packet.time)
        datagram = self._datagrams.get(fragment.datagram)
        if datagram is not None and datagram.fate is _Fate.COMPLETED and piece not in datagram.pieces:
            self._forget(fragment.datagram)  # the sender uses the identification for another datagram
            datagram = None
        if datagram is None:
            datagram = self._datagrams[fragment.datagram] = _Datagram(packet.time)
        elif datagram.fate is not _Fate.PENDING or piece in datagram.pieces:
            return NOTHING

        self._octets -= datagram.cost
        datagram.pieces.add(piece)
        datagram.frames += packet.fragments or (packet.frame,)
        datagram.doubts += packet.doubts
        whole = self._insert(datagram, fragment, octets, length, packet.frame)
        if whole:
            _become(packet, datagram)
            datagram.close(_Fate.COMPLETED)
        self._octets += datagram.cost
        while len(self._datagrams) > self._limits.fragmented_datagrams or self._octets > self._limits.fragment_octets:
            self._give_up(next(iter(self._datagrams)), self._too_many())
        return IP_PROTOCOL | datagram.protocol if whole else NOTHING

    def _too_many(self) -> str:
        if len(self._datagrams) > self._limits.fragmented_datagrams:
            return f"more than {self._limits.fragmented_datagrams:,} were pending (limit fragmented_datagrams)"
        return f"more than {self._limits.fragment_octets:,} octets of fragments were pending (limit fragment_octets)"

    def finish(self) -> None:
        """Report the datagrams that the end of the capture leaves incomplete."""
        while self._datagrams:
            self._give_up(next(iter(self._datagrams)), "fragments are missing")

    def _insert(self, datagram: _Datagram, fragment: Fragment, octets: bytes, length: int, frame: int) -> bool:
        """Put a fragment in its place by the rules of its IP version; say whether the datagram is whole."""
        end = fragment.offset + length
        if fragment.offset == 0 or datagram.protocol < 0:
            datagram.protocol = fragment.protocol
        fits = datagram.fits_end(end, fragment.more)
        if not fragment.may_overlap and (not fits or datagram.overlaps(fragment.offset, end)):
            self._report(datagram, "its fragments overlap, which IPv6 forbids (RFC 5722)")
            datagram.close(_Fate.DISCARDED)
            return False
        if not fits:
            datagram.doubts.append(("fragments disagree on where their datagram ends", frame))
            return False
        if not fragment.more:
            datagram.total = end
        if not datagram.fill(fragment.offset, octets, end, self._overlap):
            reason = f"overlapping fragments differ, and what came {self._overlap} was taken"
            datagram.doubts.append((reason, frame))
        return datagram.whole

    def _expire(self, now: int) -> None:
        """Give up what is too old; a clock that was set back only delays that."""
        oldest = now - self._limits.fragment_seconds * 1_000_000_000
        while self._datagrams:
            key = next(iter(self._datagrams))
            if self._datagrams[key].time >= oldest:
                break
            self._give_up(key, "fragments are missing")

    def _give_up(self, key: tuple[bytes, int, int], reason: str) -> None:
        datagram = self._forget(key)
        if datagram.fate is _Fate.PENDING:
            self._report(datagram, reason)

    def _forget(self, key: tuple[bytes, int, int]) -> _Datagram:
        datagram = self._datagrams.pop(key)
        self._octets -= datagram.cost
        return datagram

    def _report(self, datagram: _Datagram, reason: str) -> None:
        """Report a loss, unless what was lost is known not to be wanted."""
        if datagram.protocol == _TCP:
            ports_known = datagram.presence[:4].count(_CAPTURED) == 4
            ports = int.from_bytes(datagram.octets[:2]), int.from_bytes(datagram.octets[2:4])
            wanted = not ports_known or ports[0] in self._ports or ports[1] in self._ports
        else:  # a tunnel, but for UDP, which seldom is one
            wanted = datagram.protocol != _UDP and IP_PROTOCOL | datagram.protocol in self._layers
        if wanted:
            self._problems.add(Verdict.INCOMPLETE, reason, datagram.frames[0])


def _become(packet: Packet, datagram: _Datagram) -> None:
    """Let a packet go on as the datagram.

    What follows the first octet cut off is of no use, and is not kept: of packets that are cut short a
    small file can claim any number of octets.
    """
    cut = datagram.presence.find(_CUT)
    packet.wire = len(datagram.octets)
    packet.data = bytes(datagram.octets if cut < 0 else datagram.octets[:cut])
    packet.at = 0
    packet.end = len(packet.data)
    packet.fragments = tuple(datagram.frames)
    packet.doubts = datagram.doubts
