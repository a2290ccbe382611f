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
ETHERTYPES_NEVER_IP = frozenset(
    number.to_bytes(2)
    for number in (
        *(0x0806, 0x8035),  # ARP, RARP
        *(0x2000, 0x0842, 0x22EA, 0x22F0, 0x22F4),  # CDP, wake on LAN, MSRP, AVTP, IS-IS
        *(0x6002, 0x6003, 0x6004, 0x6007, 0x809B, 0x80F3, 0x8137, 0x814C),  # DEC's, AppleTalk's, IPX, SNMP
        *(0x8808, 0x8809, 0x8819, 0x8863, 0x886D),  # pause, slow protocols (LACP), CobraNet, PPPoE discovery, Intel's
        *(0x887B, 0x888E, 0x8892, 0x8899, 0x88A2, 0x88A4),  # HomePlug, EAPOL, PROFINET, Realtek, ATA, EtherCAT
        *(0x88B8, 0x88B9, 0x88BA, 0x88C7, 0x88CA, 0x88CC, 0x88CD),  # GOOSE and kin, EAPOL, TIPC, LLDP, SERCOS
        *(0x88D9, 0x88DC, 0x88E1, 0x88E3, 0x88EE, 0x88F5, 0x88F6, 0x88F7, 0x88F8, 0x88FB),  # LLTD to PTP, NC-SI, PRP
        *(0x8902, 0x8906, 0x8914, 0x8915, 0x892D, 0x893A, 0x8940, 0x8942),  # CFM, Fibre Channel, InfiniBand, 1905, ECP
        *(0x9000, 0x9003),  # loopback tests
    )
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
    1: LinkLayout(12, 2, 14, _ETHERTYPE_IPV4, _ETHERTYPE_IPV6, ETHERTYPES_NEVER_IP),  # ETHERNET
    12: _RAW,  # DLT_RAW on most systems
    14: _RAW,  # DLT_RAW on OpenBSD
    101: _RAW,  # RAW
    228: _RAW,  # IPV4
    229: _RAW,  # IPV6
    113: LinkLayout(14, 2, 16, _ETHERTYPE_IPV4, _ETHERTYPE_IPV6, ETHERTYPES_NEVER_IP),  # LINUX_SLL
    276: LinkLayout(0, 2, 20, _ETHERTYPE_IPV4, _ETHERTYPE_IPV6, ETHERTYPES_NEVER_IP),  # LINUX_SLL2
}
