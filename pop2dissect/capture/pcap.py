"""The pcap file header (draft-ietf-opsawg-pcap, section 4)."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from pop2dissect.capture.linktypes import max_captured
from pop2dissect.capture.record import CaptureInfo
from pop2dissect.capture.window import Window
from pop2dissect.errors import CaptureError

FILE_HEADER_OCTETS = 24
RECORD_HEADER_OCTETS = 16
_MODIFIED_EXTRA = 8


class PcapVariant(NamedTuple):
    """What the magic number says: how the rest is to be read."""

    byte_order: str
    """``<`` or ``>``, as in :mod:`struct`."""
    unit: int
    """Nanoseconds in one unit of a time stamp's fraction."""
    header_octets: int
    """Octets of a record header."""
    name: str


PCAP_MAGICS = {
    Struct(sign + "I").pack(magic): PcapVariant(sign, unit, header, name)
    for magic, unit, header, name in (
        (0xA1B2C3D4, 1000, RECORD_HEADER_OCTETS, "pcap"),
        (0xA1B23C4D, 1, RECORD_HEADER_OCTETS, "pcap (nanoseconds)"),
        # Alexey Kuznetsov's patch to libpcap: interface, protocol and packet type follow each record header.
        (0xA1B2CD34, 1000, RECORD_HEADER_OCTETS + _MODIFIED_EXTRA, "pcap (modified)"),
        (0x1C0001AC, 1, RECORD_HEADER_OCTETS, "pcap (Ixia hardware)"),
        (0x1C0001AB, 1000, RECORD_HEADER_OCTETS, "pcap (Ixia software)"),
    )
    for sign in "<>"
}

_IXIA = "pcap (Ixia"
_IXIA_EXTRA = 4
"""Octets of the size of all records, which follows the file header of Ixia's variants."""
_UNMARKED = {
    "pcap": ((16, "pcap"), (24, "pcap (modified, 1999-04)"), (20, "pcap (Nokia)")),
    "pcap (modified)": ((24, "pcap (modified)"), (28, "pcap (modified, 1999-09)")),
}
"""Variants that share a magic number: octets of a record header, and name. Only the records tell them apart."""
_RECORDS_TRIED = 3
_LARGEST_ON_WIRE = 128 << 20
_AIX_VERSION = (2, 2)
_AIX_LINK_TYPES = {6: 1, 9: 6, 15: 10, 24: 0}
"""AIX writes interface types of RFC 1573 (Ethernet, Token Ring, FDDI, loopback) in place of link types."""
_DG_UX_MAJOR = 543
"""DG/UX's tcpdump writes version 543.0, and the lengths in the order of versions before 2.3."""


class PcapHeader(NamedTuple):
    """What the file header says of the records."""

    variant: PcapVariant
    link_type: int
    lengths: str
    """Format of a record header's two lengths, the captured one read and the other passed over."""


def read_header(window: Window, info: CaptureInfo) -> PcapHeader:
    """Read the file header into ``info``; the window then begins at the first record.

    Raises CaptureError where the file is too short for a header or its version is unknown.
    """
    if not window.forward(0, FILE_HEADER_OCTETS):
        raise CaptureError(f"the file ends inside its file header, after {window.end} octets")
    variant = PCAP_MAGICS[bytes(window.data[:4])]
    major, minor, zone, _, snap_length, network = Struct(variant.byte_order + "HHiIII").unpack_from(window.data, 4)
    if major not in (2, _DG_UX_MAJOR):
        raise CaptureError(f"version {major}.{minor} of the pcap format is not known")
    info.snap_length = snap_length or None
    # The upper half of the field holds the length of a frame check sequence and reserved bits.
    link_type = network & 0xFFFF
    if zone:
        info.warnings.append(
            f"the file header states a correction of {zone} s to its time stamps, which is not applied"
        )
    window.forward(FILE_HEADER_OCTETS + (_IXIA_EXTRA if variant.name.startswith(_IXIA) else 0), 0)
    if variant.name == "pcap" and (major, minor) == _AIX_VERSION and network in _AIX_LINK_TYPES:
        link_type = _AIX_LINK_TYPES[network]
        variant = variant._replace(unit=1, name="pcap (AIX)")
    elif (major, minor) >= (2, 4) and major == 2:
        variant = _tell_apart(window, variant, link_type, snap_length)
    info.format = variant.name
    info.link_types = [link_type]
    swapped = major == _DG_UX_MAJOR or minor < 3 or (minor == 3 and _looks_swapped(window, variant))
    return PcapHeader(variant, link_type, "4xI" if swapped else "I4x")


def _tell_apart(window: Window, variant: PcapVariant, link_type: int, snap_length: int) -> PcapVariant:
    """Find the variant whose record headers make the most sense, the usual one if several do.

    As Wireshark does (``libpcap_try_variants`` of its libpcap.c), by the first records that are at hand.
    """
    candidates = _UNMARKED.get(variant.name, ())
    if not candidates or not window.forward(0, 1):
        return variant
    faults = [_faults(window, variant.byte_order, octets, link_type, snap_length) for octets, _ in candidates]
    octets, name = candidates[faults.index(min(faults))]
    return variant._replace(header_octets=octets, name=name)


def _faults(window: Window, byte_order: str, header_octets: int, link_type: int, snap_length: int) -> int:
    """Count what makes no sense in the first record headers, if they have so many octets."""
    header = Struct(byte_order + "4xIII")
    limit = max_captured(link_type)
    position = faults = 0
    for _ in range(_RECORDS_TRIED):
        if position + header_octets > window.end:
            break
        fraction, captured, original = header.unpack_from(window.data, position)
        faults += fraction >= 1_000_000
        faults += captured > limit
        faults += captured > (snap_length or limit)
        faults += original > _LARGEST_ON_WIRE
        faults += captured > original
        if captured > limit:
            break
        position += header_octets + captured
    return faults


def _looks_swapped(window: Window, variant: PcapVariant) -> bool:
    """Whether a capture of version 2.3 has its lengths the other way round, as some writers did.

    The first record that tells is the first that was cut: less of it is captured than was on the wire.
    As libpcap does, but once for the file: a writer did not change its mind.
    """
    lengths = Struct(variant.byte_order + "8xII")
    window.forward(0, 1)
    position = 0
    while position + lengths.size <= window.end:
        captured, original = lengths.unpack_from(window.data, position)
        if captured != original:
            return bool(captured > original)
        position += variant.header_octets + captured
    return False
