"""Tunnels in UDP: GTP-U, L2TP, Teredo, LISP, TZSP, MPLS, VXLAN's extension; and the network service header.

Other programs use these ports too: what does not fit a header is said to be something else.
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
from pop2dissect.decode.problems import Undecodable, not_known

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
_LISP_KEY, _LISP_NEXT_PROTOCOL = 0x03, 0x04
_TZSP = Struct(">BBH")  # version, type, encapsulated protocol
_TZSP_PACKETS = frozenset((0, 1))  # received, and to be sent
_TZSP_PADDING, _TZSP_END = 0, 1
_TZSP_PROTOCOLS = {
    1: ETHERNET,
    2: LINK_TYPE | 6,
    4: _PPP,
    5: LINK_TYPE | 10,
    7: IP_BY_VERSION,
    18: LINK_TYPE | 105,
    119: LINK_TYPE | 119,
    127: LINK_TYPE | 163,
}
_GPE_PROTOCOLS = {1: IPV4, 2: IPV6, 3: ETHERNET, 4: _NSH, 5: _MPLS}


def gtp_u(packet: Packet) -> int:
    """Read a GTP-U header with its extension headers (3GPP TS 29.281, section 5)."""
    data = packet.data
    packet.need(8, "GTP-U header")
    flags, kind, length = _GTP.unpack_from(data, packet.at)
    if flags & _GTP_VERSION_MASK != _GTP_VERSION_1:
        raise _something_else("GTP-U")
    if kind != _GTP_PACKET:
        return NOTHING
    packet.at += 8
    packet.limit(length)
    if not flags & _GTP_OPTIONAL:
        return IP_BY_VERSION
    packet.need(4, "GTP-U header")
    packet.at += 4
    while flags & _GTP_EXTENSION and data[packet.at - 1]:
        packet.need(1, "GTP-U extension header")
        if not data[packet.at]:
            raise Undecodable("a GTP-U extension header has no length")
        packet.need(4 * data[packet.at], "GTP-U extension header")
        packet.at += 4 * data[packet.at]
    return IP_BY_VERSION


def l2tp(packet: Packet) -> int:
    """Read the header of an L2TP data message, which carries PPP (RFC 2661, section 3.1)."""
    packet.need(6, "L2TP header")
    flags: int = _L2TP.unpack_from(packet.data, packet.at)[0]
    if flags & _L2TP_VERSION != 2:
        raise _something_else("L2TP version 2")
    if flags & _L2TP_CONTROL:
        return NOTHING
    header = 6
    if flags & _L2TP_LENGTH:
        packet.limit(_L2TP.unpack_from(packet.data, packet.at + 2)[0])
        header += 2
    if flags & _L2TP_SEQUENCE:
        header += 4
    if flags & _L2TP_OFFSET:
        packet.need(header + 2, "L2TP header")
        header += 2 + _L2TP.unpack_from(packet.data, packet.at + header)[0]
    packet.need(header, "L2TP header")
    packet.at += header
    return _PPP


def teredo(packet: Packet) -> int:
    """Skip Teredo's authentication and origin, before the IPv6 packet (RFC 4380, section 5.1.1)."""
    data = packet.data
    packet.need(4, "Teredo header")
    if data[packet.at : packet.at + 2] == b"\0\1":
        packet.at += 13 + data[packet.at + 2] + data[packet.at + 3]
        packet.need(2, "Teredo header")
    if data[packet.at : packet.at + 2] == b"\0\0":
        packet.at += 8
    packet.need(1, "Teredo header")
    if data[packet.at] >> 4 != 6:
        raise _something_else("Teredo")
    return IPV6


def vxlan_gpe(packet: Packet) -> int:
    """Read the header of VXLAN's generic protocol extension (draft-ietf-nvo3-vxlan-gpe, section 3)."""
    packet.need(8, "VXLAN header")
    protocol = packet.data[packet.at + 3]
    packet.on_network(int.from_bytes(packet.data[packet.at + 4 : packet.at + 7]), kind=1)
    packet.at += 8
    return _known(_GPE_PROTOCOLS, protocol, "VXLAN's extension")


def network_service_header(packet: Packet) -> int:
    """Skip a network service header (RFC 8300, section 2.2)."""
    packet.need(8, "network service header")
    words, protocol = packet.data[packet.at + 1] & 0x3F, packet.data[packet.at + 3]
    packet.need(words * 4, "network service header")
    packet.at += max(words * 4, 8)
    return _known(_NSH_PROTOCOLS, protocol, "the network service header")


def lisp(packet: Packet) -> int:
    """Read a LISP data header (RFC 9300, section 5.1), with the next protocol where it states one (RFC 9305)."""
    packet.need(8, "LISP header")
    flags, protocol = packet.data[packet.at], packet.data[packet.at + 3]
    packet.at += 8
    if flags & _LISP_KEY:
        raise Undecodable("LISP data is encrypted")
    return _known(_GPE_PROTOCOLS, protocol, "LISP") if flags & _LISP_NEXT_PROTOCOL else IP_BY_VERSION


def tzsp(packet: Packet) -> int:
    """Read a header of TZSP, by which access points and routers send captured frames, with its tagged fields."""
    packet.need(4, "TZSP header")
    version, kind, encapsulated = _TZSP.unpack_from(packet.data, packet.at)
    if version != 1:
        raise _something_else("TZSP")
    if kind not in _TZSP_PACKETS:
        return NOTHING
    packet.at += 4
    while True:
        packet.need(1, "TZSP field")
        tag = packet.data[packet.at]
        packet.at += 1
        if tag == _TZSP_END:
            return _known(_TZSP_PROTOCOLS, encapsulated, "TZSP")
        if tag != _TZSP_PADDING:
            packet.need(1, "TZSP field")
            length = packet.data[packet.at] + 1
            packet.need(length, "TZSP field")
            packet.at += length


def mpls(packet: Packet) -> int:
    """Name MPLS in UDP (RFC 7510)."""
    return _MPLS


def _something_else(protocol: str) -> Undecodable:
    return not_known(f"what is on the port of {protocol} without being that")


def _known(protocols: Mapping[int, int], protocol: int, carrier: str) -> int:
    if protocol not in protocols:
        raise not_known(f"protocol {protocol} in {carrier}")
    return protocols[protocol]


LAYERS: Final[Mapping[int, Layer]] = {
    UDP_PORT | 1701: l2tp,
    UDP_PORT | 2152: gtp_u,
    UDP_PORT | 3544: teredo,
    UDP_PORT | 4341: lisp,
    UDP_PORT | 4790: vxlan_gpe,
    UDP_PORT | 6635: mpls,
    UDP_PORT | 37008: tzsp,
    _NSH: network_service_header,
}

ANSWERED_FROM = frozenset((1701, 3544))
"""Ports of those that answer to whatever port they were called from."""
