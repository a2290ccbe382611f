"""Tunnels in UDP: GTP-U, L2TP, Teredo, and VXLAN's extension; and the network service header, which it can carry.

Other programs use these ports too, so what does not fit a header is passed by without a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Final

from pop2dissect.decode.packet import (
    ETHERNET,
    ETHERTYPE,
    IP_BY_VERSION,
    IPV4,
    IPV6,
    LINK_TYPE,
    NOTHING,
    UDP_PORT,
    Layer,
    Packet,
)

_GTP = Struct(">BBH")  # flags, message type, length
_GTP_VERSION_1, _GTP_VERSION_MASK = 0x30, 0xF0
_GTP_OPTIONAL, _GTP_EXTENSION = 0x07, 0x04
_GTP_PACKET = 255

_L2TP = Struct(">H")
_L2TP_CONTROL, _L2TP_LENGTH, _L2TP_SEQUENCE, _L2TP_OFFSET, _L2TP_VERSION = 0x8000, 0x4000, 0x0800, 0x0200, 0x000F

_NSH = ETHERTYPE | 0x894F
_MPLS = ETHERTYPE | 0x8847
_PPP = LINK_TYPE | 9
_NSH_PROTOCOLS = {1: IPV4, 2: IPV6, 3: ETHERNET, 5: _MPLS}
_GPE_PROTOCOLS = {1: IPV4, 2: IPV6, 3: ETHERNET, 4: _NSH, 5: _MPLS}


def gtp_u(packet: Packet) -> int:
    """Read a GTP-U header with its extension headers (3GPP TS 29.281, section 5)."""
    data, end = packet.data, packet.end
    if packet.at + 8 > end:
        return NOTHING
    flags, kind, length = _GTP.unpack_from(data, packet.at)
    if flags & _GTP_VERSION_MASK != _GTP_VERSION_1 or kind != _GTP_PACKET:
        return NOTHING
    packet.at += 8
    packet.limit(length)
    if not flags & _GTP_OPTIONAL:
        return IP_BY_VERSION
    packet.at += 4
    while flags & _GTP_EXTENSION and packet.at <= end and data[packet.at - 1]:
        if packet.at >= end or not data[packet.at]:
            return NOTHING
        packet.at += 4 * data[packet.at]
    return IP_BY_VERSION if packet.at <= end else NOTHING


def l2tp(packet: Packet) -> int:
    """Read the header of an L2TP data message, which carries PPP (RFC 2661, section 3.1)."""
    if packet.at + 6 > packet.end:
        return NOTHING
    flags: int = _L2TP.unpack_from(packet.data, packet.at)[0]
    if flags & _L2TP_CONTROL or flags & _L2TP_VERSION != 2:
        return NOTHING
    header = 6
    if flags & _L2TP_LENGTH:
        packet.limit(_L2TP.unpack_from(packet.data, packet.at + 2)[0])
        header += 2
    if flags & _L2TP_SEQUENCE:
        header += 4
    if flags & _L2TP_OFFSET:
        if packet.at + header + 2 > packet.end:
            return NOTHING
        header += 2 + _L2TP.unpack_from(packet.data, packet.at + header)[0]
    packet.at += header
    return _PPP if packet.at < packet.end else NOTHING


def teredo(packet: Packet) -> int:
    """Skip Teredo's authentication and origin, before the IPv6 packet (RFC 4380, section 5.1.1)."""
    data, end = packet.data, packet.end
    if packet.at + 4 <= end and bytes(data[packet.at : packet.at + 2]) == b"\0\1":
        packet.at += 13 + data[packet.at + 2] + data[packet.at + 3]
    if packet.at + 8 <= end and bytes(data[packet.at : packet.at + 2]) == b"\0\0":
        packet.at += 8
    return IPV6 if packet.at + 40 <= end and data[packet.at] >> 4 == 6 else NOTHING


def vxlan_gpe(packet: Packet) -> int:
    """Read the header of VXLAN's generic protocol extension (draft-ietf-nvo3-vxlan-gpe, section 3)."""
    if packet.at + 8 > packet.end:
        return NOTHING
    protocol = packet.data[packet.at + 3]
    packet.at += 8
    return _GPE_PROTOCOLS.get(protocol, NOTHING)


def network_service_header(packet: Packet) -> int:
    """Skip a network service header (RFC 8300, section 2.2)."""
    packet.need(8, "network service header")
    words, protocol = packet.data[packet.at + 1] & 0x3F, packet.data[packet.at + 3]
    packet.need(words * 4, "network service header")
    packet.at += max(words * 4, 8)
    return _NSH_PROTOCOLS.get(protocol, NOTHING)


LAYERS: Final[Mapping[int, Layer]] = {
    UDP_PORT | 1701: l2tp,
    UDP_PORT | 2152: gtp_u,
    UDP_PORT | 3544: teredo,
    UDP_PORT | 4790: vxlan_gpe,
    _NSH: network_service_header,
}

ANSWERED_FROM = frozenset((1701, 3544))
"""Ports of those that answer to whatever port they were called from."""
