"""Link layers: Ethernet and its tags, LLC and SNAP, other local networks, cooked captures, loopback.

Link types are those of https://www.tcpdump.org/linktypes.html, EtherTypes those of the IEEE registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Final

from pop2dissect.decode.packet import (
    ETHERNET,
    ETHERTYPE,
    INTERNAL,
    IP_BY_VERSION,
    IPV4,
    IPV6,
    ISL,
    LINK_TYPE,
    LLC,
    LLC_SAP,
    NOTHING,
    Layer,
    Packet,
    ip_of_family,
    type_or_length,
)
from pop2dissect.decode.problems import not_known

_U16 = Struct(">H")
_U32 = Struct(">I")
_LITTLE_U16 = Struct("<H")
_LITTLE_U32 = Struct("<I")

_ETHERNET_HEADER = 14
_MIN_ETHERTYPE = 0x0600
_ISL_DESTINATIONS = (b"\x01\x00\x0c\x00\x00", b"\x03\x00\x0c\x00\x00")

_SNAP_HEADER = b"\xaa\xaa\x03"
_IP_OVER_LLC = b"\x06\x06\x03"
_SNAP_ETHERTYPE_OUIS = (b"\0\0\0", b"\0\0\xf8")
"""OUIs whose protocol numbers are EtherTypes: RFC 1042, and IEEE 802.1H for bridges."""

_CISCO = b"\0\0\x0c"
_CISCO_CONTROL = frozenset((b"\x01\x02", b"\x01\x04", b"\x01\x0b", b"\x01\x0c", b"\x01\x11"))
_CISCO_CONTROL |= {b"\x20\x00", b"\x20\x03", b"\x20\x04", b"\x20\x0a"}
"""What switches say to each other under Cisco's OUI: PAgP, spanning tree, UDLD; CDP, VTP, DTP, uplink fast."""
_BRIDGED_ETHERNET = (b"\0\x80\xc2\0\1", b"\0\x80\xc2\0\7")
"""OUI and protocol of a bridged frame with and without its check sequence (RFC 2427 and RFC 2684)."""
_ATM_PADDING = 2

_PSEUDOWIRE = INTERNAL | 3
_NETLINK = 824
_WIRELESS_HARDWARE = {801: LINK_TYPE | 105, 802: LINK_TYPE | 119, 803: LINK_TYPE | 127}
"""ARPHRD_ values of interfaces that give 802.11 frames, plain, behind a Prism or a radiotap header."""
_UNNUMBERED, _CISCO_LMI = 0x03, 0x00
_FRAME_RELAY_IP = {0xCC: IPV4, 0x8E: IPV6}
_FRAME_RELAY_CONTROL = frozenset((0x08, 0x81, 0x82, 0x83))
"""NLPIDs (ISO/IEC TR 9577) of signalling and of OSI's own network layer."""
_PLAUSIBLE_ETHERTYPES = frozenset((0x0800, 0x0806, 0x8100, 0x86DD, 0x8847, 0x8848, 0x8864, 0x88A8))


def ethernet(packet: Packet) -> int:
    """Read an Ethernet header (IEEE 802.3, section 3.1.1): addresses, then EtherType or length."""
    packet.need(_ETHERNET_HEADER, "Ethernet header")
    if packet.data[packet.at : packet.at + 5] in _ISL_DESTINATIONS:
        return ISL
    packet.at += _ETHERNET_HEADER
    return type_or_length(packet, packet.at - 2)


def vlan_tag(packet: Packet) -> int:
    """Read a VLAN tag (IEEE 802.1Q, section 9.6), which any number of others may follow."""
    packet.need(4, "VLAN tag")
    identifier = _U16.unpack_from(packet.data, packet.at)[0] & 0x0FFF
    if identifier:  # 0 only gives a priority
        packet.on_network(identifier)
    packet.at += 4
    return type_or_length(packet, packet.at - 2)


def tag_of_four(packet: Packet) -> int:
    """Skip a tag of four octets before the EtherType: VN-tag, HSR (IEC 62439-3), R-tag (IEEE 802.1CB)."""
    packet.need(6, "tag before the EtherType")
    packet.at += 6
    return type_or_length(packet, packet.at - 2)


def cisco_metadata(packet: Packet) -> int:
    """Skip Cisco's metadata (TrustSec security group tag) before the EtherType."""
    packet.need(8, "Cisco metadata")
    packet.at += 8
    return type_or_length(packet, packet.at - 2)


def provider_backbone(packet: Packet) -> int:
    """Skip a backbone service tag (IEEE 802.1ah, section 9.7), behind which lies the customer's frame."""
    packet.need(4, "backbone service tag")
    packet.at += 4
    return ETHERNET


def llc(packet: Packet) -> int:
    """Read IEEE 802.2 LLC and SNAP headers (RFC 1042)."""
    if packet.wire - packet.at < 8:  # LLC's own frames may be that short, IP's cannot
        return NOTHING
    packet.need(8, "LLC header")
    header = packet.data[packet.at : packet.at + 8]
    if header.startswith(_IP_OVER_LLC):
        packet.at += 3
        return IPV4
    if not header.startswith(_SNAP_HEADER):
        return LLC_SAP | header[0]
    if header[3:6] in _SNAP_ETHERTYPE_OUIS:
        packet.at += 8
        return ETHERTYPE | int.from_bytes(header[6:])
    if header[3:8] in _BRIDGED_ETHERNET:
        packet.at += 8
        return ETHERNET
    if header[3:6] == _CISCO and header[6:] in _CISCO_CONTROL:
        return NOTHING
    raise not_known(f"SNAP of the organisation {header[3:6].hex('-')}")


def atm_llc(packet: Packet) -> int:
    """Read LLC as on ATM, where padding precedes a bridged frame (RFC 2684, section 5.2)."""
    name = llc(packet)
    if name == ETHERNET:
        packet.need(_ATM_PADDING, "LLC header")
        packet.at += _ATM_PADDING
    return name


def mpls(packet: Packet) -> int:
    """Skip a stack of MPLS labels (RFC 3032, section 2.1).

    Nothing says what follows; routers too look at the first four bits (RFC 4928, section 3).
    """
    while True:
        packet.need(4, "MPLS label stack")
        packet.at += 4
        if packet.data[packet.at - 2] & 1:
            break
    packet.need(1, "header behind the MPLS labels")
    return IP_BY_VERSION if packet.data[packet.at] >> 4 in (4, 6) else _PSEUDOWIRE


def pseudowire(packet: Packet) -> int:
    """Find the Ethernet frame on an MPLS pseudowire, with or without a control word (RFC 4448).

    The control word begins with four zero bits, but so do many Ethernet addresses. So it is tried first.
    """
    for control_word in (4, 0):
        if control_word and packet.data[packet.at] >> 4:
            continue
        packet.need(control_word + _ETHERNET_HEADER, "Ethernet header on a pseudowire")
        kind = packet.at + control_word + _ETHERNET_HEADER - 2
        if _U16.unpack_from(packet.data, kind)[0] in _PLAUSIBLE_ETHERTYPES:
            packet.at += control_word
            return ETHERNET
    raise not_known("what follows the MPLS labels")


def fddi(packet: Packet) -> int:
    """Read an FDDI header (RFC 1390): frame control, addresses, then LLC where it is an LLC frame."""
    packet.need(13, "FDDI header")
    frame_control = packet.data[packet.at]
    packet.at += 13
    return LLC if frame_control & 0x30 == 0x10 else NOTHING


def token_ring(packet: Packet) -> int:
    """Read a Token Ring header with its source route, if any (RFC 1042; IEEE 802.5, section 3.2)."""
    packet.need(14, "Token Ring header")
    frame_control, source = packet.data[packet.at + 1], packet.data[packet.at + 8]
    packet.at += 14
    if source & 0x80:
        packet.need(2, "Token Ring header")
        route = packet.data[packet.at] & 0x1F
        packet.need(route, "Token Ring header")
        packet.at += route
    return LLC if frame_control & 0xC0 == 0x40 else NOTHING


def frame_relay(packet: Packet) -> int:
    """Read a Frame Relay header with a two-octet address (RFC 2427, section 3)."""
    packet.need(4, "Frame Relay header")
    control, protocol = packet.data[packet.at + 2 : packet.at + 4]
    if control != _UNNUMBERED:
        if control == _CISCO_LMI:
            return NOTHING
        packet.at += 4  # Cisco's own encapsulation has an EtherType in place of control and protocol
        return ETHERTYPE | control << 8 | protocol
    packet.at += 4
    if protocol == 0:  # padding that aligns SNAP
        packet.need(1, "Frame Relay header")
        protocol = packet.data[packet.at]
        packet.at += 1
    if protocol == 0x80:
        packet.need(5, "SNAP header")
        packet.at += 5
        if packet.data[packet.at - 5 : packet.at] in _BRIDGED_ETHERNET:
            return ETHERNET
        return ETHERTYPE | int(_U16.unpack_from(packet.data, packet.at - 2)[0])
    if protocol in _FRAME_RELAY_CONTROL:
        return NOTHING
    if protocol not in _FRAME_RELAY_IP:
        raise not_known(f"Frame Relay protocol 0x{protocol:02x}")
    return _FRAME_RELAY_IP[protocol]


def cisco_hdlc(packet: Packet) -> int:
    """Read a Cisco HDLC header: address, control, EtherType (RFC 1547, section 4.3.1)."""
    packet.need(4, "Cisco HDLC header")
    packet.at += 4
    return ETHERTYPE | int(_U16.unpack_from(packet.data, packet.at - 2)[0])


def cisco_hdlc_with_direction(packet: Packet) -> int:
    """Skip the octet that says which way a Cisco HDLC frame went."""
    packet.need(1, "Cisco HDLC header")
    packet.at += 1
    return LINK_TYPE | 104


def cooked(packet: Packet) -> int:
    """Read the header of a Linux cooked capture, as of the ``any`` device (LINKTYPE_LINUX_SLL)."""
    packet.need(16, "Linux cooked header")
    packet.at += 16
    return _cooked_protocol(packet.at - 14, packet.at - 2, packet)


def cooked_v2(packet: Packet) -> int:
    """Read the header of a Linux cooked capture, version 2 (LINKTYPE_LINUX_SLL2)."""
    packet.need(20, "Linux cooked header")
    packet.at += 20
    return _cooked_protocol(packet.at - 12, packet.at - 20, packet)


def _cooked_protocol(hardware_at: int, protocol_at: int, packet: Packet) -> int:
    """The protocol is an EtherType only where the interface's ARPHRD_ value says nothing else."""
    hardware: int = _U16.unpack_from(packet.data, hardware_at)[0]
    protocol: int = _U16.unpack_from(packet.data, protocol_at)[0]
    if hardware == _NETLINK:
        return NOTHING
    if hardware in _WIRELESS_HARDWARE:
        return _WIRELESS_HARDWARE[hardware]
    if protocol == 4:  # ETH_P_802_2
        return LLC
    if protocol < _MIN_ETHERTYPE and protocol != 1:  # ETH_P_802_3: IPX without LLC
        raise not_known(f"Linux cooked protocol {protocol}")
    return ETHERTYPE | protocol if protocol >= _MIN_ETHERTYPE else NOTHING


def loopback(packet: Packet) -> int:
    """Read the address family before a loopback packet (LINKTYPE_NULL and LINKTYPE_LOOP).

    It is in the byte order of the host that captured, which nothing states; no family exceeds 16 bits.
    """
    packet.need(4, "loopback header")
    family: int = _LITTLE_U32.unpack_from(packet.data, packet.at)[0]
    if family > 0xFFFF:
        family = _U32.unpack_from(packet.data, packet.at)[0]
    packet.at += 4
    return ip_of_family(family)


def packet_filter_log(packet: Packet) -> int:
    """Read the header of a packet that OpenBSD's packet filter logged (LINKTYPE_PFLOG)."""
    packet.need(4, "packet filter log header")
    length, family = packet.data[packet.at], packet.data[packet.at + 1]
    length = (length + 3) & ~3
    packet.need(length, "packet filter log header")
    packet.at += length
    return ip_of_family(family)


def per_packet_information(packet: Packet) -> int:
    """Skip a per-packet information header, which states the link type (LINKTYPE_PPI)."""
    packet.need(8, "per-packet information header")
    length: int = _LITTLE_U16.unpack_from(packet.data, packet.at + 2)[0]
    link_type: int = _LITTLE_U32.unpack_from(packet.data, packet.at + 4)[0]
    packet.need(max(length, 8), "per-packet information header")
    packet.at += max(length, 8)
    return LINK_TYPE + link_type


def packet_tap(packet: Packet) -> int:
    """Skip the header of macOS's packet tap, which states the link type (LINKTYPE_PKTAP)."""
    packet.need(12, "packet tap header")
    length: int = _LITTLE_U32.unpack_from(packet.data, packet.at)[0]
    link_type: int = _LITTLE_U32.unpack_from(packet.data, packet.at + 8)[0]
    packet.need(max(length, 12), "packet tap header")
    packet.at += max(length, 12)
    return LINK_TYPE + link_type


LAYERS: Final[Mapping[int, Layer]] = {
    ETHERNET: ethernet,
    LLC: llc,
    _PSEUDOWIRE: pseudowire,
    LINK_TYPE | 0: loopback,  # LINKTYPE_NULL
    LINK_TYPE | 6: token_ring,  # LINKTYPE_IEEE802_5
    LINK_TYPE | 10: fddi,  # LINKTYPE_FDDI
    LINK_TYPE | 100: atm_llc,  # LINKTYPE_ATM_RFC1483
    LINK_TYPE | 104: cisco_hdlc,  # LINKTYPE_C_HDLC
    LINK_TYPE | 107: frame_relay,  # LINKTYPE_FRELAY
    LINK_TYPE | 108: loopback,  # LINKTYPE_LOOP
    LINK_TYPE | 113: cooked,  # LINKTYPE_LINUX_SLL
    LINK_TYPE | 117: packet_filter_log,  # LINKTYPE_PFLOG
    LINK_TYPE | 192: per_packet_information,  # LINKTYPE_PPI
    LINK_TYPE | 205: cisco_hdlc_with_direction,  # LINKTYPE_C_HDLC_WITH_DIR
    LINK_TYPE | 258: packet_tap,  # LINKTYPE_PKTAP
    LINK_TYPE | 276: cooked_v2,  # LINKTYPE_LINUX_SLL2
    ETHERTYPE | 0x8100: vlan_tag,  # IEEE 802.1Q
    ETHERTYPE | 0x88A8: vlan_tag,  # IEEE 802.1ad
    ETHERTYPE | 0x9100: vlan_tag,  # stacked tags before they were standardised
    ETHERTYPE | 0x9200: vlan_tag,
    ETHERTYPE | 0x8926: tag_of_four,  # VN-tag
    ETHERTYPE | 0x892F: tag_of_four,  # HSR
    ETHERTYPE | 0xF1C1: tag_of_four,  # R-tag
    ETHERTYPE | 0x8909: cisco_metadata,
    ETHERTYPE | 0x88E7: provider_backbone,  # IEEE 802.1ah
    ETHERTYPE | 0x8847: mpls,
    ETHERTYPE | 0x8848: mpls,  # multicast, once
}
