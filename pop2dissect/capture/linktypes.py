"""What is known of link types before decoding: how large packets may be, and where simple ones keep IP.

Numbers are LINKTYPE_ values as registered at https://www.tcpdump.org/linktypes.html.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_CAPTURED = 262_144
"""Captured octets of a packet beyond which its record header is taken for damaged.

The limit of libpcap (MAXIMUM_SNAPLEN) and of Wireshark (WTAP_MAX_PACKET_SIZE_STANDARD), so that a
damaged capture gives the same packets here as there.
"""
_MAX_CAPTURED_OF = {
    220: 128 << 20,  # USB_LINUX_MMAPPED
    189: 128 << 20,  # USB_LINUX
    249: 128 << 20,  # USBPCAP
    231: 128 << 20,  # DBUS
    279: 8 << 20,  # EBHSCR
}
"""Link types whose messages may be larger, with the limits of libpcap's ``max_snaplen_for_dlt``."""


def max_captured(link_type: int) -> int:
    """Return the number of captured octets beyond which a record of this link type is taken for damaged."""
    return _MAX_CAPTURED_OF.get(link_type, MAX_CAPTURED)


class LinkLayout(NamedTuple):
    """Where a simple link layer says what it carries, and where that begins, counted from the frame."""

    kind_at: int
    kind_octets: int
    """0 where the link layer carries IP only: the version in the IP header then tells the kind."""
    network_at: int
    ipv4: frozenset[bytes]
    ipv6: frozenset[bytes]
    never_ip: frozenset[bytes] = frozenset()
    """Kinds that are known not to carry IP packets in any way."""


_ETHERTYPE_IPV4 = frozenset({b"\x08\x00"})
_ETHERTYPE_IPV6 = frozenset({b"\x86\xdd"})
_ETHERTYPES_NEVER_IP = frozenset(
    {
        b"\x08\x06",  # ARP
        b"\x80\x35",  # RARP
        b"\x88\x09",  # slow protocols (LACP)
        b"\x88\x8e",  # EAP over LAN
        b"\x88\xcc",  # LLDP
        b"\x88\xf7",  # PTP
    }
)


def _families(*numbers: int) -> frozenset[bytes]:
    """Return address families as four octets in either byte order: that of the machine that captured."""
    return frozenset(n.to_bytes(4, order) for n in numbers for order in ("little", "big"))


_NOTHING = frozenset({b""})
_NULL = LinkLayout(0, 4, 4, _families(2), _families(10, 24, 28, 30))  # AF_INET; AF_INET6 of Linux and the BSDs
_RAW = LinkLayout(0, 0, 0, _NOTHING, _NOTHING)

LAYOUTS: dict[int, LinkLayout] = {
    0: _NULL,  # NULL
    108: _NULL,  # LOOP
    1: LinkLayout(12, 2, 14, _ETHERTYPE_IPV4, _ETHERTYPE_IPV6, _ETHERTYPES_NEVER_IP),  # ETHERNET
    12: _RAW,  # DLT_RAW on most systems
    14: _RAW,  # DLT_RAW on OpenBSD
    101: _RAW,  # RAW
    228: _RAW,  # IPV4
    229: _RAW,  # IPV6
    113: LinkLayout(14, 2, 16, _ETHERTYPE_IPV4, _ETHERTYPE_IPV6, _ETHERTYPES_NEVER_IP),  # LINUX_SLL
    276: LinkLayout(0, 2, 20, _ETHERTYPE_IPV4, _ETHERTYPE_IPV6, _ETHERTYPES_NEVER_IP),  # LINUX_SLL2
}
