"""The Internet Protocol: IPv4 (RFC 791), IPv6 (RFC 8200) and its extension headers."""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Final

from pop2dissect.decode.packet import (
    FRAGMENT,
    IP_BY_VERSION,
    IP_PROTOCOL,
    IPV4,
    IPV6,
    LINK_TYPE,
    Fragment,
    Layer,
    Packet,
)
from pop2dissect.decode.problems import WRONG_IP_CHECKSUM, Undecodable

_IPV4 = Struct(">BxHHHxB2x8s")  # version and header length, total length, id, fragment, protocol, addresses
_IPV6 = Struct(">B3xHBx32s")  # version, payload length, next header, addresses
_FRAGMENT = Struct(">BxHI")  # next header, offset and M flag, identification

_MORE_FRAGMENTS = 0x2000
_OFFSET = 0x1FFF
_END_OF_OPTIONS, _NO_OPERATION = 0, 1
_SOURCE_ROUTES = (131, 137)  # loose and strict
_VERSIONS = {4: IPV4, 6: IPV6}


def ipv4(packet: Packet) -> int:
    """Read an IPv4 header (RFC 791, section 3.1)."""
    data, at = packet.data, packet.at
    packet.need(20, "IPv4 header")
    version, total, identification, fragment, protocol, addresses = _IPV4.unpack_from(data, at)
    if version >> 4 != 4:
        raise Undecodable("the version field of an IPv4 header is not 4")
    header = (version & 15) * 4
    if header < 20:
        raise Undecodable("the header length field of an IPv4 header is less than 20 octets")
    packet.need(header, "IPv4 header")
    if total and total < header:
        raise Undecodable("the total length field of an IPv4 header is less than the header")
    if total > packet.wire - at:
        packet.doubt("the total length field of an IPv4 header exceeds the packet, whose own length was taken")
    if total:  # 0 is left by segmentation offload for the adapter to fill in: all there is then belongs to it
        packet.limit(total)
    if packet.verify and int.from_bytes(data[at : at + header]) % 0xFFFF:
        packet.doubt(WRONG_IP_CHECKSUM)
    if header > 20:
        addresses = addresses[:4] + (_final_destination(data[at + 20 : at + header]) or addresses[4:])
    packet.addresses = addresses
    packet.at = at + header
    if fragment & (_MORE_FRAGMENTS | _OFFSET):
        packet.fragment = Fragment(
            (addresses, protocol, identification),
            (fragment & _OFFSET) * 8,
            bool(fragment & _MORE_FRAGMENTS),
            protocol,
            may_overlap=True,
        )
        return FRAGMENT
    return IP_PROTOCOL | int(protocol)


def _final_destination(options: bytes) -> bytes | None:
    """Return the address at the end of a source route that is not used up (RFC 791, section 3.1).

    Until then the header's destination is only the next hop, and TCP's connection (and checksum) is
    with the final one (RFC 1122, section 3.2.1.8).
    """
    at = 0
    while at + 2 < len(options) and options[at] != _END_OF_OPTIONS:
        kind, length, pointer = options[at : at + 3]
        if kind == _NO_OPERATION:
            at += 1
            continue
        if length < 2 or at + length > len(options):
            break
        if kind in _SOURCE_ROUTES and 4 <= pointer <= length - 3:
            return options[at + length - 4 : at + length]
        at += length
    return None


def ipv6(packet: Packet) -> int:
    """Read an IPv6 header (RFC 8200, section 3)."""
    packet.need(40, "IPv6 header")
    version, payload, following, packet.addresses = _IPV6.unpack_from(packet.data, packet.at)
    if version >> 4 != 6:
        raise Undecodable("the version field of an IPv6 header is not 6")
    packet.at += 40
    if payload > packet.wire - packet.at:
        packet.doubt("the payload length field of an IPv6 header exceeds the packet, whose own length was taken")
    # 0 is a jumbogram (RFC 2675, section 2) or left by segmentation offload: all there is then belongs to it
    if payload:
        packet.limit(payload)
    return IP_PROTOCOL | int(following)


def ip_by_version(packet: Packet) -> int:
    """Return IPv4 or IPv6 by the version field, where nothing else says which."""
    packet.need(1, "IP header")
    version = packet.data[packet.at] >> 4
    if version not in _VERSIONS:
        raise Undecodable("what should be IP has neither version 4 nor version 6")
    return _VERSIONS[version]


def extension_header(packet: Packet) -> int:
    """Skip an IPv6 extension header of the common form (RFC 6564, section 4)."""
    packet.need(8, "IPv6 extension header")
    following = packet.data[packet.at]
    length = (packet.data[packet.at + 1] + 1) * 8
    packet.need(length, "IPv6 extension header")
    packet.at += length
    return IP_PROTOCOL | following


def routing_header(packet: Packet) -> int:
    """Skip an IPv6 routing header; while segments are left, it holds the final destination.

    That is the one of TCP's connection and checksum (RFC 8200, section 8.1). Known are the source
    route (type 0, RFC 2460, section 4.4), the one of mobile hosts (type 2, RFC 6275, section 6.4) and
    segment routing (type 4, RFC 8754, section 2), whose list is in reverse order.
    """
    at = packet.at
    following = extension_header(packet)
    routing_type, segments_left = packet.data[at + 2 : at + 4]
    addresses = packet.data[at + 8 : packet.at]
    if 0 < segments_left <= len(addresses) // 16:
        if routing_type in (0, 2):
            packet.addresses = packet.addresses[:-16] + addresses[-16:]
        elif routing_type == 4:
            packet.addresses = packet.addresses[:-16] + addresses[:16]
    return following


def fragment_header(packet: Packet) -> int:
    """Read an IPv6 fragment header (RFC 8200, section 4.5)."""
    packet.need(8, "IPv6 fragment header")
    following, offset, identification = _FRAGMENT.unpack_from(packet.data, packet.at)
    packet.at += 8
    if not offset & 0xFFF9:  # an atomic fragment is a datagram of its own and meets no others (RFC 6946)
        return IP_PROTOCOL | int(following)
    packet.fragment = Fragment(
        (packet.addresses, 0, identification), offset & 0xFFF8, bool(offset & 1), following, may_overlap=False
    )
    return FRAGMENT


def authentication_header(packet: Packet) -> int:
    """Skip an authentication header, whose payload is readable (RFC 4302, section 2)."""
    packet.need(12, "authentication header")
    following = packet.data[packet.at]
    length = (packet.data[packet.at + 1] + 2) * 4
    packet.need(length, "authentication header")
    packet.at += length
    return IP_PROTOCOL | following


LAYERS: Final[Mapping[int, Layer]] = {
    IPV4: ipv4,
    IPV6: ipv6,
    IP_BY_VERSION: ip_by_version,
    LINK_TYPE | 12: ip_by_version,  # LINKTYPE_RAW as most systems number it
    LINK_TYPE | 14: ip_by_version,  # as OpenBSD does
    LINK_TYPE | 101: ip_by_version,  # LINKTYPE_RAW
    LINK_TYPE | 228: ipv4,  # LINKTYPE_IPV4
    LINK_TYPE | 229: ipv6,  # LINKTYPE_IPV6
    IP_PROTOCOL | 0: extension_header,  # hop-by-hop options
    IP_PROTOCOL | 43: routing_header,
    IP_PROTOCOL | 44: fragment_header,
    IP_PROTOCOL | 51: authentication_header,
    IP_PROTOCOL | 60: extension_header,  # destination options
    IP_PROTOCOL | 135: extension_header,  # mobility
    IP_PROTOCOL | 139: extension_header,  # host identity protocol
    IP_PROTOCOL | 140: extension_header,  # shim6
}
