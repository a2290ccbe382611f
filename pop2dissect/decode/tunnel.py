"""Tunnels: IP in IP, GRE and its relatives, VXLAN and Geneve."""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Final

from pop2dissect.decode.packet import (
    ETHERNET,
    ETHERTYPE,
    IP_PROTOCOL,
    IPV4,
    IPV6,
    NOTHING,
    UDP_PORT,
    Layer,
    Packet,
)
from pop2dissect.decode.problems import not_known
from pop2dissect.decode.udp_tunnel import ANSWERED_FROM

_GRE = Struct(">HH")  # flags and version, protocol
_GRE_CHECKSUM, _GRE_ROUTING, _GRE_KEY, _GRE_SEQUENCE, _GRE_ACKNOWLEDGMENT = (
    0x8000,
    0x4000,
    0x2000,
    0x1000,
    0x80,
)
_GRE_VERSION = 0x0007
_PPP = ETHERTYPE | 0x880B
_ERSPAN = 0x88BE
_ERSPAN_SUBHEADER = 0x01

_UDP = Struct(">HHH")  # ports, length
_VXLAN_INSTANCE = 0x08
_GENEVE = Struct(">BxH")  # version and length of options, protocol


def ip_in_ip(packet: Packet) -> int:
    """Name IPv4 in IP (RFC 2003)."""
    return IPV4


def ipv6_in_ip(packet: Packet) -> int:
    """Name IPv6 in IP: 6in4 (RFC 4213) or IPv6 in IPv6 (RFC 2473)."""
    return IPV6


def mpls_in_ip(packet: Packet) -> int:
    """Name MPLS in IP (RFC 4023)."""
    return ETHERTYPE | 0x8847


def ethernet_in_ip(packet: Packet) -> int:
    """Skip an EtherIP header (RFC 3378, section 3)."""
    packet.need(2, "EtherIP header")
    packet.at += 2
    return ETHERNET


def bridged_ethernet(packet: Packet) -> int:
    """Name transparent Ethernet bridging, as in GRE (RFC 7637, section 3.2)."""
    return ETHERNET


def gre(packet: Packet) -> int:
    """Read a GRE header with its optional fields (RFC 1701, RFC 2784, RFC 2890)."""
    packet.need(4, "GRE header")
    flags, protocol = _GRE.unpack_from(packet.data, packet.at)
    version = flags & _GRE_VERSION
    if version == 1:
        return _pptp(packet, flags)
    if version:
        raise not_known(f"GRE of version {version}")
    header = 4
    if flags & (_GRE_CHECKSUM | _GRE_ROUTING):
        header += 4
    if flags & _GRE_KEY:
        header += 4
    if flags & _GRE_SEQUENCE:
        header += 4
    packet.need(header, "GRE header")
    packet.at += header
    if flags & _GRE_ROUTING:
        _skip_source_routes(packet)
    if protocol == _ERSPAN and not flags & _GRE_SEQUENCE:
        return ETHERNET  # ERSPAN type I has no header of its own
    return ETHERTYPE | int(protocol)


def _skip_source_routes(packet: Packet) -> None:
    """Skip GRE's source route entries, up to an empty one (RFC 1701)."""
    while True:
        packet.need(4, "GRE header")
        family, _, length = packet.data[packet.at], packet.data[packet.at + 2], packet.data[packet.at + 3]
        family = int.from_bytes(packet.data[packet.at : packet.at + 2])
        packet.need(4 + length, "GRE header")
        packet.at += 4 + length
        if not family and not length:
            break


def _pptp(packet: Packet, flags: int) -> int:
    """Read the GRE header of PPTP, whose key holds the payload's length (RFC 2637, section 4.1)."""
    packet.need(8, "GRE header")
    length = int.from_bytes(packet.data[packet.at + 4 : packet.at + 6])
    header = 8
    if flags & _GRE_SEQUENCE:
        header += 4
    if flags & _GRE_ACKNOWLEDGMENT:
        header += 4
    packet.need(header, "GRE header")
    packet.at += header
    packet.limit(length)
    return _PPP if length else NOTHING  # without a payload it only acknowledges


def wccp(packet: Packet) -> int:
    """Skip WCCP's redirect header, which version 1 does not have (draft-wilson-wrec-wccp-v2, section 4.12).

    Only the version field of IP tells, as Linux has it (ip_gre.c); the header's flags never look like it.
    """
    packet.need(4, "WCCP redirect header")
    if packet.data[packet.at] >> 4 != 4:
        packet.at += 4
    return IPV4


def erspan_2(packet: Packet) -> int:
    """Skip an ERSPAN type II header, before a mirrored frame (draft-foschiano-erspan, section 4.2)."""
    packet.need(8, "ERSPAN header")
    packet.at += 8
    return ETHERNET


def erspan_3(packet: Packet) -> int:
    """Skip an ERSPAN type III header and its optional subheader (draft-foschiano-erspan, section 4.3)."""
    packet.need(12, "ERSPAN header")
    header = 20 if packet.data[packet.at + 11] & _ERSPAN_SUBHEADER else 12
    packet.need(header, "ERSPAN header")
    packet.at += header
    return ETHERNET


def udp(packet: Packet) -> int:
    """Read a UDP header (RFC 768) for the tunnels."""
    if packet.wire - packet.at < 8:
        return NOTHING
    packet.need(8, "UDP header")
    source, port, length = _UDP.unpack_from(packet.data, packet.at)
    if length >= 8:
        packet.limit(length)
    packet.at += 8
    return UDP_PORT | int(source if source in ANSWERED_FROM else port)


def vxlan(packet: Packet) -> int:
    """Read a VXLAN header (RFC 7348, section 5), whose I flag must be set."""
    packet.need(8, "VXLAN header")
    flags = packet.data[packet.at]
    packet.at += 8
    if not flags & _VXLAN_INSTANCE:
        raise not_known("what is on a port of VXLAN without being VXLAN")
    packet.on_network(int.from_bytes(packet.data[packet.at - 4 : packet.at - 1]), kind=1)
    return ETHERNET


def geneve(packet: Packet) -> int:
    """Read a Geneve header with its options (RFC 8926, section 3.4)."""
    packet.need(8, "Geneve header")
    options, protocol = _GENEVE.unpack_from(packet.data, packet.at)
    if options >> 6:
        raise not_known("what is on the port of Geneve without being Geneve")
    header = 8 + (options & 0x3F) * 4
    packet.need(header, "Geneve header")
    packet.on_network(int.from_bytes(packet.data[packet.at + 4 : packet.at + 7]), kind=1)
    packet.at += header
    return ETHERTYPE | int(protocol)


LAYERS: Final[Mapping[int, Layer]] = {
    IP_PROTOCOL | 4: ip_in_ip,
    IP_PROTOCOL | 17: udp,
    IP_PROTOCOL | 41: ipv6_in_ip,
    IP_PROTOCOL | 47: gre,
    IP_PROTOCOL | 97: ethernet_in_ip,
    IP_PROTOCOL | 137: mpls_in_ip,
    ETHERTYPE | 0x6558: bridged_ethernet,
    ETHERTYPE | 0x883E: wccp,
    ETHERTYPE | _ERSPAN: erspan_2,
    ETHERTYPE | 0x22EB: erspan_3,
    UDP_PORT | 4789: vxlan,
    UDP_PORT | 8472: vxlan,  # Linux before the port was assigned
    UDP_PORT | 6081: geneve,
}
