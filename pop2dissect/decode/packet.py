"""What is left of a packet while its layers are taken off, and how layers are named.

A *layer* is a function that reads one header, moves the packet past it and returns the *name* of the
layer that follows. A name is a number: the table in which the layer is registered (link types,
EtherTypes, IP protocols ...) above its number in that table. So layers know each other's registered
numbers but not each other, modules need not import one another, and what nobody registered is simply
not decoded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from pop2dissect.capture.record import Buffer, Record
from pop2dissect.decode.problems import Undecodable, not_known

ETHERTYPE = 0 << 16
"""IEEE EtherTypes, also used by SNAP, cooked captures, GRE and Cisco HDLC."""
IP_PROTOCOL = 1 << 16
"""IANA protocol numbers: the IPv4 protocol and IPv6 next header fields, which share one registry."""
UDP_PORT = 2 << 16
"""Destination ports of UDP, for tunnels."""
PPP_PROTOCOL = 3 << 16
"""IANA PPP DLL protocol numbers."""
INTERNAL = 4 << 16
"""Layers that no registry numbers."""
LLC_SAP = 5 << 16
"""Service access points of IEEE 802.2: the destination's."""
LINK_TYPE = 6 << 16
"""LINKTYPE_ values; the highest table, so that a hostile 32-bit link type meets no other table."""

IPV4 = ETHERTYPE | 0x0800
IPV6 = ETHERTYPE | 0x86DD
TCP = IP_PROTOCOL | 6
ETHERNET = LINK_TYPE | 1
LLC = INTERNAL | 0
"""IEEE 802.2 logical link control."""
IP_BY_VERSION = INTERNAL | 1
"""IPv4 or IPv6, to be told by the version field."""
FRAGMENT = INTERNAL | 2
"""A fragment of an IP datagram, described in :attr:`Packet.fragment`."""
ISL = INTERNAL | 5
"""Cisco's Inter-Switch Link, told from Ethernet by its destination."""
_ADDRESS_FAMILIES = {2: IPV4, 10: IPV6, 23: IPV6, 24: IPV6, 28: IPV6, 30: IPV6}
"""AF_INET, and AF_INET6 of Linux, Windows, NetBSD and OpenBSD, FreeBSD, and macOS."""
NOTHING = -1
"""What follows is known to hold no TCP: what controls the layer, no data. Never what merely cannot be read."""

_MAX_LENGTH = 1500
_MIN_ETHERTYPE = 0x0600


class Fragment(NamedTuple):
    """Where a fragment belongs."""

    datagram: tuple[bytes, int, int]
    """Addresses, protocol and identification, which tell one datagram from another.

    In IPv6 fragments of one datagram may differ in the protocol, which is therefore left out (0).
    """
    offset: int
    """Of the fragment's first octet in the datagram's payload, in octets."""
    more: bool
    """More fragments follow this one."""
    protocol: int
    """Protocol of the datagram's payload; that of the fragment at offset 0 holds."""
    may_overlap: bool
    """Fragments of the datagram may overlap: IPv4 leaves it to the receiver, IPv6 forbids it."""


class Packet:
    """A packet on its way through the layers.

    The next header begins at ``data[at]``. All positions are offsets into ``data``, so that the
    octets that remain are ``data[at:end]``, and nothing outside of them may be read: what follows
    may be another packet.
    """

    __slots__ = (
        "addresses",
        "at",
        "context",
        "data",
        "doubts",
        "end",
        "fragment",
        "fragments",
        "frame",
        "time",
        "verify",
        "wire",
    )

    def __init__(self, record: Record, verify: bool = False) -> None:
        self.frame: int
        self.time: int
        self.data: Buffer
        self.frame, self.time, _, self.data, self.at, captured, original = record
        self.end = self.at + captured
        """Where the captured octets of this layer end."""
        self.wire = self.at + max(captured, original)
        """Where this layer would end if the snap length had cut nothing; never before ``end``."""
        self.addresses = b""
        """Source and destination address of the innermost IP header."""
        self.fragment: Fragment | None = None
        self.fragments: tuple[int, ...] = ()
        """References of the frames that the datagram was put together from."""
        self.doubts: list[tuple[str, int]] = []
        """Reasons to doubt what was decoded, each with its frame reference."""
        self.context: list[int] = []
        """The virtual networks that it is on, from the outermost, as in a segment."""
        self.verify = verify
        """Whether checksums are to be verified."""

    def need(self, octets: int, header: str) -> None:
        """Make sure that the next so many octets can be read, or end the walk."""
        if self.at + octets > self.end:
            if self.at + octets > self.wire:
                raise Undecodable(f"the {header} is longer than the packet")
            raise Undecodable(f"the snap length cut the {header}")

    def limit(self, octets: int) -> None:
        """Leave off all but the next so many octets: what lies behind them is padding or a trailer."""
        self.wire = min(self.wire, self.at + octets)
        self.end = min(self.end, self.wire)

    def on_network(self, identifier: int, kind: int = 0) -> None:
        """Note the virtual network that a header names; ``kind`` tells identifiers of different kinds apart."""
        self.context.append(kind << 32 | identifier)

    def doubt(self, reason: str) -> None:
        """State a doubt, reported if the packet turns out to be a segment that is wanted."""
        self.doubts.append((reason, self.frame))


Layer: TypeAlias = Callable[[Packet], int]
"""Reads one header, moves :attr:`Packet.at` behind it and returns the name of the next layer."""


def type_or_length(packet: Packet, at: int) -> int:
    """Return what the two octets at ``at`` say: an EtherType, or the length of LLC (IEEE 802.3, section 3.2.6)."""
    value = int.from_bytes(packet.data[at : at + 2])
    if value >= _MIN_ETHERTYPE:
        return ETHERTYPE | value
    if value > _MAX_LENGTH:
        raise not_known("a number that is neither a length nor an EtherType")
    packet.limit(value)
    return LLC


def ip_of_family(family: int) -> int:
    """Return IPv4 or IPv6 from an address family, as the system that captured numbers it."""
    if family not in _ADDRESS_FAMILIES:
        raise not_known(f"address family {family}")
    return _ADDRESS_FAMILIES[family]
