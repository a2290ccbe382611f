"""Tells, from a few octets of a frame, whether it plainly cannot be TCP on a wanted port.

"Plainly" is narrow on purpose: IP directly on a simple link layer, IPv4 without options and not
fragmented, IPv6 without extension headers, all of that captured. Whatever is not plain (a VLAN tag, a
tunnel, a fragment, a short capture, an unknown protocol) is not skipped: decoding has the last word.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from struct import Struct
from typing import NamedTuple

from pop2dissect.capture.linktypes import LAYOUTS, LinkLayout

TUNNEL_UDP_PORTS = frozenset({1701, 2152, 3544, 4341, 4500, 4789, 4790, 5247, 6080, 6081, 6635, 6636, 8472, 37008})
"""UDP ports whose datagrams may hold IP packets: L2TP, GTP-U, Teredo, LISP, ESP, VXLAN and its extension, CAPWAP,
generic encapsulation, Geneve, MPLS plain and encrypted, VXLAN on older Linux, TZSP."""

TCP, UDP = 6, 17
NEVER_TCP_PROTOCOLS = frozenset({1, 2, 58, 59, 88, 89, 112, 132})
"""IP protocols that never carry a TCP segment: ICMP, IGMP, ICMPv6, no next header, EIGRP, OSPF, VRRP, SCTP.

An ICMP error quotes the beginning of a TCP segment but does not carry it.
"""
PLAIN_IPV4 = 0x45
"""First octet of an IPv4 header without options: version 4, 5 words (RFC 791, section 3.1)."""
_FRAGMENT = 0x3FFF
"""More Fragments and Fragment Offset, in the word that also holds Don't Fragment (RFC 791, section 3.1)."""
_EVERY_PORT = range(1 << 16)
_IPV4_FIELDS = "B5xHxB10xHH"
"""From the IPv4 header: version and length, flags and offset, protocol; source and destination port."""
_IPV6_FIELDS = "B5xB33xHH"
"""From the IPv6 header: version, next header; source and destination port (RFC 8200, section 3)."""
_PORTS_END = 24
"""Octets from the beginning of a plain IPv4 header to the end of the ports."""


class PlainIPv4(NamedTuple):
    """What a loop needs to skip the most common frame, plain IPv4, by itself: one ``unpack`` of ``fields``.

    A frame of at least ``minimum`` captured octets whose ``kind`` is this one, whose version octet is
    :data:`PLAIN_IPV4`, whose fragment word has no bit of ``fragment`` and whose two ports are both
    outside ``kept[protocol]`` can be skipped. Numbers are in the byte order asked for, which is that of
    the capture's own headers and not that of the network: one unpacking then serves both.
    """

    fields: str
    kind: object
    minimum: int
    fragment: int
    kept: tuple[Container[int], ...]


class PortFilter:
    """Finds the frames of one link type that cannot be TCP on one of ``ports``; None skips no frame."""

    def __init__(self, ports: frozenset[int] | None, link_type: int) -> None:
        self._layout = None if ports is None else LAYOUTS.get(link_type)
        self._ports = ports or frozenset()
        self.skips: Callable[[bytes | bytearray, int, int], bool] = (
            _never if self._layout is None else _general_test(self._layout, _kept_ports(self._ports))
        )
        """``skips(data, start, captured)``: can the frame ``data[start:start + captured]`` be skipped?"""

    def plain_ipv4(self, byte_order: str) -> PlainIPv4:
        """Return the shortcut for plain IPv4, in the byte order ``<`` or ``>`` (see :class:`PlainIPv4`)."""
        layout = self._layout
        if layout is None:
            return PlainIPv4("0s0s0s0s0s0s", None, 0, 0, ())
        kind_format = {0: "0s", 2: "H", 4: "I"}[layout.kind_octets]
        gap = layout.network_at - layout.kind_at - layout.kind_octets
        kind: object = b""
        if layout.kind_octets:
            # A family number is in the byte order of the capturing machine, most often that of the file.
            in_order = 2 if layout.kind_octets == 4 else _swap(0x0800, byte_order)
            kind = in_order
        return PlainIPv4(
            fields=f"{layout.kind_at}x{kind_format}{gap}x{_IPV4_FIELDS}",
            kind=kind,
            minimum=layout.network_at + _PORTS_END,
            fragment=_swap(_FRAGMENT, byte_order),
            kept=_kept_ports(self._ports, byte_order),
        )


def _swap(number: int, byte_order: str) -> int:
    """Return the 16-bit network number as it reads in the byte order ``<`` or ``>``."""
    return number if byte_order == ">" else (number & 0xFF) << 8 | number >> 8


def _kept_ports(ports: frozenset[int], byte_order: str = ">") -> tuple[Container[int], ...]:
    """Give, for each IP protocol, the ports with which a packet must be kept."""
    kept: list[Container[int]] = [_EVERY_PORT] * 256
    for protocol in NEVER_TCP_PROTOCOLS:
        kept[protocol] = frozenset()
    kept[TCP] = frozenset(_swap(port, byte_order) for port in ports)
    kept[UDP] = frozenset(_swap(port, byte_order) for port in TUNNEL_UDP_PORTS)
    return tuple(kept)


def _never(data: bytes | bytearray, start: int, captured: int) -> bool:
    return False


def _general_test(
    layout: LinkLayout, kept: tuple[Container[int], ...]
) -> Callable[[bytes | bytearray, int, int], bool]:
    kind_at, kind_end, network_at = layout.kind_at, layout.kind_at + layout.kind_octets, layout.network_at
    ipv4_kinds, ipv6_kinds, never_ip = layout.ipv4, layout.ipv6, layout.never_ip
    ipv4, ipv6 = Struct(f">{network_at}x{_IPV4_FIELDS}"), Struct(f">{network_at}x{_IPV6_FIELDS}")

    def skips(data: bytes | bytearray, start: int, captured: int) -> bool:
        if captured < ipv4.size:
            return False
        kind = bytes(data[start + kind_at : start + kind_end])
        version = data[start + network_at]
        if kind in ipv4_kinds and version == PLAIN_IPV4:
            _, fragment, protocol, source, destination = ipv4.unpack_from(data, start)
            if fragment & _FRAGMENT:
                return False
        elif kind in ipv6_kinds and version >> 4 == 6 and captured >= ipv6.size:
            _, protocol, source, destination = ipv6.unpack_from(data, start)
        else:
            return kind in never_ip
        ports = kept[protocol]
        return source not in ports and destination not in ports

    return skips
