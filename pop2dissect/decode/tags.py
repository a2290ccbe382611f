"""What switches, taps and meshes put around an Ethernet frame: MACsec, time stamps, ISL, batman-adv."""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Final

from pop2dissect.decode.packet import ETHERNET, ETHERTYPE, ISL, NOTHING, Layer, Packet, type_or_length
from pop2dissect.decode.problems import Undecodable, not_known

_U16 = Struct(">H")

_MACSEC_TAG, _MACSEC_CHANNEL = 6, 8
_MACSEC_CHECK_VALUE = 16
_MACSEC_HAS_CHANNEL, _MACSEC_ENCRYPTED = 0x20, 0x0C

_ARISTA_STAMPS = {0x0010: 8, 0x0020: 6}
"""Octets of a time stamp by the version, without its bits for the time scale and the switch's generation."""
_ARISTA_VERSION = 0x00F0
_ARISTA_TIME, _ARISTA_SIZES = 0x0001, {0x0003: 8, 0x0007: 8, 0x0008: 4, 0x0009: 16}
"""The subtype that is followed by a time stamp, and the octets of others behind their version."""

_TTAG = 8
_LIKELY_ETHERTYPES = frozenset((0x0800, 0x8100, 0x86DD, 0x8847, 0x88A8))

_ISL_HEADER, _ISL_COUNTED_FROM = 26, 14

_BATMAN_VERSION = 15
_BATMAN_HEADERS = {0x01: 14, 0x40: 10, 0x42: 18}
"""Octets of the header of a broadcast, of a unicast with two addresses and of one with four."""
_BATMAN_CONTROL = frozenset((0x00, 0x03, 0x04, 0x43, 0x44))
_BATMAN_KINDS = {0x02: "coded", 0x41: "fragmented"}


def macsec(packet: Packet) -> int:
    """Skip a MACsec tag where it only protects the data, and the check value behind (IEEE 802.1AE, clause 9)."""
    packet.need(_MACSEC_TAG, "MACsec tag")
    control, short_length = packet.data[packet.at], packet.data[packet.at + 1] & 0x3F
    if control & _MACSEC_ENCRYPTED:
        raise Undecodable("MACsec data is encrypted")
    header = _MACSEC_TAG + (_MACSEC_CHANNEL if control & _MACSEC_HAS_CHANNEL else 0)
    packet.need(header + 2, "MACsec tag")
    packet.at += header
    packet.limit(short_length or max(packet.wire - packet.at - _MACSEC_CHECK_VALUE, 2))
    return _type_behind(packet, 2, "MACsec tag")


def _type_behind(packet: Packet, octets: int, tag: str) -> int:
    """Skip so many octets, whose last two are an EtherType or a length."""
    packet.need(octets, tag)
    packet.at += octets
    return type_or_length(packet, packet.at - 2)


def arista(packet: Packet) -> int:
    """Skip what Arista's switches put before a frame's EtherType: a time stamp, or where it was seen."""
    packet.need(4, "Arista header")
    subtype, version = _U16.unpack_from(packet.data, packet.at)[0], _U16.unpack_from(packet.data, packet.at + 2)[0]
    octets = _ARISTA_STAMPS.get(version & _ARISTA_VERSION) if subtype == _ARISTA_TIME else _ARISTA_SIZES.get(subtype)
    if octets is None:
        raise not_known(f"an Arista header of subtype 0x{subtype:04x}")
    return _type_behind(packet, 4 + octets + 2, "Arista header")


def cisco_time_stamp(packet: Packet) -> int:
    """Skip Cisco's TTag, a time stamp of 48 bits before the EtherType.

    It has the EtherType that is for experiments, so what follows has to look like one.
    """
    packet.need(_TTAG, "TTag")
    if _U16.unpack_from(packet.data, packet.at + _TTAG - 2)[0] not in _LIKELY_ETHERTYPES:
        raise not_known("EtherType 0x88b5, for experiments,")
    return _type_behind(packet, _TTAG, "TTag")


def inter_switch_link(packet: Packet) -> int:
    """Skip a header of Cisco's Inter-Switch Link, before a frame with its check sequence."""
    packet.need(_ISL_HEADER, "ISL header")
    kind, length = packet.data[packet.at + 5] >> 4, _U16.unpack_from(packet.data, packet.at + 12)[0]
    if kind:
        raise not_known("ISL of other frames than Ethernet's")
    packet.at += _ISL_COUNTED_FROM
    packet.limit(length)
    packet.need(_ISL_HEADER - _ISL_COUNTED_FROM, "ISL header")
    packet.at += _ISL_HEADER - _ISL_COUNTED_FROM
    return ETHERNET


def batman_advanced(packet: Packet) -> int:
    """Skip the header of a batman-adv data packet, before a frame (Linux, batadv_packet.h, version 15)."""
    packet.need(2, "batman-adv header")
    kind, version = packet.data[packet.at], packet.data[packet.at + 1]
    if version != _BATMAN_VERSION:
        raise not_known(f"batman-adv of version {version}")
    if kind in _BATMAN_CONTROL:
        return NOTHING
    if kind not in _BATMAN_HEADERS:
        raise not_known(f"batman-adv data that is {_BATMAN_KINDS.get(kind, f'of type 0x{kind:02x}')}")
    packet.need(_BATMAN_HEADERS[kind], "batman-adv header")
    packet.at += _BATMAN_HEADERS[kind]
    return ETHERNET


LAYERS: Final[Mapping[int, Layer]] = {
    ISL: inter_switch_link,
    ETHERTYPE | 0x4305: batman_advanced,
    ETHERTYPE | 0x88B5: cisco_time_stamp,
    ETHERTYPE | 0x88E5: macsec,
    ETHERTYPE | 0xD28B: arista,
}
