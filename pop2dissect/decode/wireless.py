"""IEEE 802.11 data frames and the headers that capturing adapters put before them."""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Final

from pop2dissect.decode.packet import INTERNAL, LINK_TYPE, LLC, NOTHING, Layer, Packet
from pop2dissect.decode.problems import Undecodable

IEEE_802_11: Final = LINK_TYPE | 105
_PADDED_802_11: Final = INTERNAL | 4

# Frame control, as a little-endian number (IEEE 802.11, section 9.2.4.1)
_VERSION_AND_TYPE, _DATA_FRAME = 0x000F, 0x0008
_NO_DATA, _QOS = 0x0040, 0x0080
_TO_AND_FROM_DS = 0x0300
_MORE_FRAGMENTS, _PROTECTED, _HT_CONTROL = 0x0400, 0x4000, 0x8000
_FRAGMENT_NUMBER = 0x000F
_A_MSDU = 0x80

_RADIOTAP_TSFT, _RADIOTAP_FLAGS, _RADIOTAP_MORE = 1 << 0, 1 << 1, 1 << 31
_RADIOTAP_DATA_PAD = 0x20
_AVS_COOKIE = 0x80211000

_LITTLE_U16 = Struct("<H")
_LITTLE_U32 = Struct("<I")
_U32 = Struct(">I")
_RADIOTAP = Struct("<BxHI")  # version, length, fields present


def ieee_802_11(packet: Packet) -> int:
    """Read an 802.11 header (IEEE 802.11, section 9.3.2.1); frames without readable data are passed by."""
    return _ieee_802_11(packet, 1)


def padded_802_11(packet: Packet) -> int:
    """Read an 802.11 header that the adapter padded to a multiple of four octets."""
    return _ieee_802_11(packet, 4)


def _ieee_802_11(packet: Packet, alignment: int) -> int:
    packet.need(2, "802.11 header")
    control: int = _LITTLE_U16.unpack_from(packet.data, packet.at)[0]
    if control & _VERSION_AND_TYPE != _DATA_FRAME or control & _NO_DATA:
        return NOTHING
    if control & _PROTECTED:
        raise Undecodable("802.11 data is encrypted")
    header = 24
    if control & _TO_AND_FROM_DS == _TO_AND_FROM_DS:  # between access points: a fourth address
        header += 6
    qos_at = packet.at + header
    if control & _QOS:
        header += 6 if control & _HT_CONTROL else 2
    header += -header % alignment
    packet.need(header, "802.11 header")
    sequence: int = _LITTLE_U16.unpack_from(packet.data, packet.at + 22)[0]
    if control & _MORE_FRAGMENTS or sequence & _FRAGMENT_NUMBER:
        raise Undecodable("fragments of 802.11 frames are not supported")
    aggregated = control & _QOS and packet.data[qos_at] & _A_MSDU
    packet.at += header
    return _aggregate(packet) if aggregated else LLC


def _aggregate(packet: Packet) -> int:
    """Read the header of an A-MSDU's first subframe, which must be its only one (section 9.3.2.2.2)."""
    packet.need(14, "A-MSDU subframe header")
    length = int.from_bytes(packet.data[packet.at + 12 : packet.at + 14])
    packet.at += 14
    # A further subframe has a header of 14 octets; what is less is padding and a checksum.
    if packet.wire - packet.at >= length + -(14 + length) % 4 + 14:
        raise Undecodable("several packets in one 802.11 frame (A-MSDU) are not supported")
    packet.limit(length)
    return LLC


def radiotap(packet: Packet) -> int:
    """Skip a radiotap header (https://www.radiotap.org), whose flags may tell of padding in the next."""
    at = packet.at
    packet.need(8, "radiotap header")
    version, length, present = _RADIOTAP.unpack_from(packet.data, at)
    if version or length < 8:
        raise Undecodable("the radiotap header is of no known version")
    packet.need(length, "radiotap header")
    packet.at = at + length
    if not present & _RADIOTAP_FLAGS:
        return IEEE_802_11
    flags, more = 8, present
    while more & _RADIOTAP_MORE and flags + 4 <= length:
        more = _LITTLE_U32.unpack_from(packet.data, at + flags)[0]
        flags += 4
    if present & _RADIOTAP_TSFT:  # eight octets, aligned, before the flags
        flags += -flags % 8 + 8
    padded = flags < length and packet.data[at + flags] & _RADIOTAP_DATA_PAD
    return _PADDED_802_11 if padded else IEEE_802_11


def prism(packet: Packet) -> int:
    """Skip a Prism header, or the AVS header that drivers later wrote under the same link type."""
    packet.need(8, "Prism header")
    if _U32.unpack_from(packet.data, packet.at)[0] & 0xFFFFF000 == _AVS_COOKIE:
        return avs(packet)
    # Message length in the byte order of the host that captured; the smaller reading is the one that fits.
    length = min(
        _LITTLE_U32.unpack_from(packet.data, packet.at + 4)[0],
        _U32.unpack_from(packet.data, packet.at + 4)[0],
    )
    packet.need(max(length, 8), "Prism header")
    packet.at += max(length, 8)
    return IEEE_802_11


def avs(packet: Packet) -> int:
    """Skip an AVS header (LINKTYPE_IEEE802_11_AVS)."""
    packet.need(8, "AVS header")
    length: int = _U32.unpack_from(packet.data, packet.at + 4)[0]
    packet.need(max(length, 8), "AVS header")
    packet.at += max(length, 8)
    return IEEE_802_11


LAYERS: Final[Mapping[int, Layer]] = {
    IEEE_802_11: ieee_802_11,  # LINKTYPE_IEEE802_11
    _PADDED_802_11: padded_802_11,
    LINK_TYPE | 119: prism,  # LINKTYPE_IEEE802_11_PRISM
    LINK_TYPE | 127: radiotap,  # LINKTYPE_IEEE802_11_RADIOTAP
    LINK_TYPE | 163: avs,  # LINKTYPE_IEEE802_11_AVS
}
