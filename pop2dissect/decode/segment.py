"""The TCP segment: what decoding makes of a packet record, and all that reassembly needs of it."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from pop2dissect.capture.record import Buffer

FIN, SYN, RST, PSH, ACK, URG = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
"""TCP header flags (RFC 9293, section 3.1)."""

Context: TypeAlias = tuple[int, ...]


class Segment(NamedTuple):
    """One TCP segment; its captured payload is ``data[start:start + captured]``."""

    frame: int
    """Frame reference of the packet, for fragments of the one that completed the datagram."""
    time: int
    """Time stamp of that frame in ns since 1970-01-01 UTC."""
    key: bytes
    """Flow key, as on the wire: source address, destination address, source port, destination port.

    12 octets for IPv4, 36 for IPv6.
    """
    seq: int
    ack: int
    """Acknowledgement number; meaningful only with the ACK flag."""
    flags: int
    window: int
    """Window field, not scaled."""
    urgent: int
    """Urgent pointer; meaningful only with the URG flag."""
    data: Buffer
    start: int
    captured: int
    """Octets of payload in the capture."""
    length: int
    """Octets of payload on the wire by the IP header; more than ``captured`` where the snap length cut it."""
    fragments: tuple[int, ...]
    """Frame references of all fragments of the datagram, in order of arrival; empty for a whole packet."""
    doubts: tuple[str, ...] = ()
    """Reasons to doubt what was decoded, as in :class:`pop2dissect.decode.problems.Problem`."""
    context: Context = ()
    """The networks that the packet was on, from the outermost: VLAN and VXLAN identifiers. Two networks may use the
    same addresses; but a packet may also be captured on both sides of what puts a tag on it."""


class FlowKey(NamedTuple):
    """A flow key taken apart."""

    source: bytes
    """Address, 4 or 16 bytes."""
    destination: bytes
    source_port: int
    destination_port: int

    @classmethod
    def of(cls, key: bytes) -> FlowKey:
        """Take a flow key apart."""
        half = (len(key) - 4) // 2
        return cls(key[:half], key[half : 2 * half], int.from_bytes(key[-4:-2]), int.from_bytes(key[-2:]))


def reverse_key(key: bytes) -> bytes:
    """Return the flow key of the opposite direction."""
    half = (len(key) - 4) // 2
    return key[half : 2 * half] + key[:half] + key[-2:] + key[-4:-2]
