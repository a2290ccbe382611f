"""Headers that capturing programs and cards put before a packet, which was never on a wire that way."""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Final

from pop2dissect.decode.packet import (
    ETHERNET,
    ETHERTYPE,
    IPV4,
    IPV6,
    LINK_TYPE,
    NOTHING,
    Layer,
    Packet,
    ip_of_family,
)
from pop2dissect.decode.problems import Undecodable, not_known

_LITTLE_U32 = Struct("<I")
_U32 = Struct(">I")
_NFLOG_PAYLOAD = 9
_ERF = Struct(">8xBBHHH")  # time, type, flags, record length, lost, length on the wire
_ERF_EXTENSION = 0x80
_ERF_TYPES = {1: LINK_TYPE | 50, 22: IPV4, 23: IPV6}
_ERF_ETHERNET = frozenset((2, 11, 16, 20))  # plain, and with a colour or a channel in the header
_IPNET_FAMILIES = {2: IPV4, 26: IPV6}


def netfilter_log(packet: Packet) -> int:
    """Find the packet among the attributes of a Netfilter log message (LINKTYPE_NFLOG).

    Their lengths are in the byte order of the host that captured; only one order makes sense.
    """
    packet.need(4, "netfilter log header")
    family = packet.data[packet.at]
    packet.at += 4
    while packet.at + 4 <= packet.end:
        head = bytes(packet.data[packet.at : packet.at + 4])
        orders: tuple[tuple[int, int], ...] = (
            (int.from_bytes(head[:2], "little"), int.from_bytes(head[2:], "little")),
            (int.from_bytes(head[:2]), int.from_bytes(head[2:])),
        )
        length, kind = min(orders)
        if length < 4:
            raise Undecodable("an attribute of a netfilter log message is shorter than its own header")
        if kind == _NFLOG_PAYLOAD:
            packet.limit(length)
            packet.at += 4
            return ip_of_family(family)
        packet.at += (length + 3) & ~3
    return NOTHING


def encapsulating_interface(packet: Packet) -> int:
    """Skip the header of OpenBSD's IPsec interface, where packets are in the clear (LINKTYPE_ENC)."""
    packet.need(12, "encapsulating interface header")
    family: int = _LITTLE_U32.unpack_from(packet.data, packet.at)[0]
    if family > 0xFFFF:
        family = _U32.unpack_from(packet.data, packet.at)[0]
    packet.at += 12
    return ip_of_family(family)


def ipnet(packet: Packet) -> int:
    """Skip the header of Solaris's IP observability (LINKTYPE_IPNET)."""
    packet.need(24, "ipnet header")
    family = packet.data[packet.at + 1]
    packet.at += 24
    if family not in _IPNET_FAMILIES:
        raise not_known(f"address family {family}")
    return _IPNET_FAMILIES[family]


def net_analyzer(packet: Packet) -> int:
    """Skip the header of a netANALYZER card, before an Ethernet frame (LINKTYPE_NETANALYZER)."""
    packet.need(4, "netANALYZER header")
    packet.at += 4
    return ETHERNET


def net_analyzer_transparent(packet: Packet) -> int:
    """Skip the same header and the frame's preamble (LINKTYPE_NETANALYZER_TRANSPARENT)."""
    packet.need(12, "netANALYZER header")
    packet.at += 12
    return ETHERNET


def extensible_record(packet: Packet) -> int:
    """Skip the header of an Endace ERF record with its extension headers (LINKTYPE_ERF)."""
    packet.need(16, "ERF header")
    kind, _, _, _, wire = _ERF.unpack_from(packet.data, packet.at)
    packet.at += 16
    more = kind & _ERF_EXTENSION
    while more:
        packet.need(8, "ERF extension header")
        more = packet.data[packet.at] & _ERF_EXTENSION
        packet.at += 8
    kind &= ~_ERF_EXTENSION
    if kind in _ERF_ETHERNET:
        packet.need(2, "ERF header")
        packet.at += 2
        packet.limit(wire)
        return ETHERNET
    if kind not in _ERF_TYPES:
        raise not_known(f"an ERF record of type {kind}")
    return _ERF_TYPES[kind]


def mpls(packet: Packet) -> int:
    """Name what the link type stands for."""
    return ETHERTYPE | 0x8847


LAYERS: Final[Mapping[int, Layer]] = {
    LINK_TYPE | 109: encapsulating_interface,  # LINKTYPE_ENC
    LINK_TYPE | 197: extensible_record,  # LINKTYPE_ERF
    LINK_TYPE | 219: mpls,  # LINKTYPE_MPLS
    LINK_TYPE | 226: ipnet,  # LINKTYPE_IPNET
    LINK_TYPE | 239: netfilter_log,  # LINKTYPE_NFLOG
    LINK_TYPE | 240: net_analyzer,  # LINKTYPE_NETANALYZER
    LINK_TYPE | 241: net_analyzer_transparent,  # LINKTYPE_NETANALYZER_TRANSPARENT
}
