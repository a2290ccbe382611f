"""Serial lines: the Point-to-Point Protocol (RFC 1661) in its framings, PPPoE, and SLIP."""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Final

from pop2dissect.decode.packet import (
    ETHERTYPE,
    IP_BY_VERSION,
    IPV4,
    IPV6,
    LINK_TYPE,
    NOTHING,
    PPP_PROTOCOL,
    Layer,
    Packet,
)
from pop2dissect.decode.problems import Undecodable

PPP: Final = LINK_TYPE | 9

_PPPOE = Struct(">BBxxH")  # version and type, code, session, length
_CISCO_HDLC_ADDRESSES = (0x0F, 0x8F)  # unicast, broadcast
_CONTROL = 0x03  # unnumbered information
_SLIP_HEADER = 16


def ppp(packet: Packet) -> int:
    """Read a PPP header: address and control, which may be left out, and the protocol.

    The protocol takes one octet if that one is odd, otherwise two (RFC 1661, sections 2 and 6.5;
    RFC 1662, section 3.1). Lines that carry Cisco's HDLC in its place are captured under the same link types.
    """
    packet.need(1, "PPP header")
    if packet.data[packet.at] in _CISCO_HDLC_ADDRESSES:
        packet.need(2, "PPP header")
        if not packet.data[packet.at + 1]:  # else it is a protocol of one octet
            return LINK_TYPE | 104
    if packet.data[packet.at] == 0xFF:
        packet.need(3, "PPP header")
        packet.at += 2
    protocol = packet.data[packet.at]
    packet.at += 1
    if not protocol & 1:
        packet.need(1, "PPP header")
        protocol = protocol << 8 | packet.data[packet.at]
        packet.at += 1
    return PPP_PROTOCOL | protocol


def ppp_or_cisco_hdlc(packet: Packet) -> int:
    """Return PPP from Cisco HDLC by the address octet (LINKTYPE_PPP_HDLC)."""
    packet.need(1, "PPP header")
    return LINK_TYPE | 104 if packet.data[packet.at] in _CISCO_HDLC_ADDRESSES else PPP


def ppp_with_direction(packet: Packet) -> int:
    """Skip the octet that says which way a frame went (LINKTYPE_PPP_WITH_DIR)."""
    packet.need(1, "PPP header")
    packet.at += 1
    return PPP


def pppd(packet: Packet) -> int:
    """Skip the direction, which here stands in place of the address, and the control octet."""
    packet.need(2, "PPP header")
    packet.at += 2 if packet.data[packet.at + 1] == _CONTROL else 1
    return PPP


def pppoe(packet: Packet) -> int:
    """Read a PPPoE header (RFC 2516, section 4); what is not of the session stage is passed by."""
    packet.need(6, "PPPoE header")
    _, code, length = _PPPOE.unpack_from(packet.data, packet.at)
    packet.at += 6
    packet.limit(length)
    return NOTHING if code else PPP


def slip(packet: Packet) -> int:
    """Skip the header that BSD puts before a packet of SLIP (LINKTYPE_SLIP).

    It holds the compressed header, if the packet was sent with one; the packet itself is as it was
    before compression, or after decompression.
    """
    packet.need(_SLIP_HEADER, "SLIP header")
    packet.at += _SLIP_HEADER
    return IP_BY_VERSION


def compressed_tcp(packet: Packet) -> int:
    """Refuse TCP with Van Jacobson's header compression (RFC 1144), which would need the line's history."""
    raise Undecodable("compressed TCP headers (RFC 1144) are not supported")


def ipv4(packet: Packet) -> int:
    """Name what the protocol number stands for."""
    return IPV4


def ipv6(packet: Packet) -> int:
    """Name what the protocol number stands for."""
    return IPV6


def mpls(packet: Packet) -> int:
    """Name what the protocol number stands for."""
    return ETHERTYPE | 0x8847


LAYERS: Final[Mapping[int, Layer]] = {
    LINK_TYPE | 8: slip,  # LINKTYPE_SLIP
    PPP: ppp,  # LINKTYPE_PPP
    LINK_TYPE | 50: ppp_or_cisco_hdlc,  # LINKTYPE_PPP_HDLC
    LINK_TYPE | 51: pppoe,  # LINKTYPE_PPP_ETHER
    LINK_TYPE | 166: pppd,  # LINKTYPE_PPP_PPPD
    LINK_TYPE | 204: ppp_with_direction,  # LINKTYPE_PPP_WITH_DIR
    ETHERTYPE | 0x8864: pppoe,
    ETHERTYPE | 0x880B: ppp,  # in GRE (RFC 2637)
    PPP_PROTOCOL | 0x0021: ipv4,  # RFC 1332
    PPP_PROTOCOL | 0x002D: compressed_tcp,
    PPP_PROTOCOL | 0x002F: compressed_tcp,
    PPP_PROTOCOL | 0x0057: ipv6,  # RFC 5072
    PPP_PROTOCOL | 0x0281: mpls,  # RFC 3032
    PPP_PROTOCOL | 0x0283: mpls,  # multicast, once
}
