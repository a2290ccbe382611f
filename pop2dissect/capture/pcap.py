"""The pcap file header (draft-ietf-opsawg-pcap, section 4)."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from pop2dissect.capture.linktypes import max_captured
from pop2dissect.capture.record import CaptureInfo, CaptureKind
from pop2dissect.capture.window import Window
from pop2dissect.errors import CaptureError

FILE_HEADER_OCTETS = 24


class PcapVariant(NamedTuple):
    """How the records are to be read, as the magic number says, or where that is ambiguous the records."""

    name: str
    byte_order: str = "<"
    """``<`` or ``>``, as in :mod:`struct`."""
    time_digits: int = 6
    """Decimal digits of a time stamp's fraction."""
    header_octets: int = 16
    """Octets of a record header."""
    extra_octets: int = 0
    """Octets between the file header and the first record."""
    rivals: tuple[tuple[str, int], ...] = ()
    """Variants with the same magic number: name, and octets of a record header. Only the records tell them apart."""

    @property
    def unit(self) -> int:
        """Nanoseconds in one unit of a time stamp's fraction."""
        return 1000 if self.time_digits == 6 else 1


_IXIA_EXTRA = 4
"""Octets of the size of all records, which follows the file header of Ixia's variants."""

_VARIANTS = (
    (0xA1B2C3D4, PcapVariant("pcap", rivals=(("pcap (modified, 1999-04)", 24), ("pcap (Nokia)", 20)))),
    (0xA1B23C4D, PcapVariant("pcap (nanoseconds)", time_digits=9)),
    # Alexey Kuznetsov's patch to libpcap: interface, protocol and packet type follow each record header.
    (0xA1B2CD34, PcapVariant("pcap (modified)", header_octets=24, rivals=(("pcap (modified, 1999-09)", 28),))),
    (0x1C0001AC, PcapVariant("pcap (Ixia hardware)", time_digits=9, extra_octets=_IXIA_EXTRA)),
    (0x1C0001AB, PcapVariant("pcap (Ixia software)", extra_octets=_IXIA_EXTRA)),
)
PCAP_MAGICS = {
    Struct(order + "I").pack(magic): variant._replace(byte_order=order)
    for magic, variant in _VARIANTS
    for order in "<>"
}

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
        raise CaptureError(f"the file ends inside its file header, after {window.end} octets", offset=window.end)
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
    window.forward(FILE_HEADER_OCTETS + variant.extra_octets, 0)
    if variant.name == "pcap" and (major, minor) == _AIX_VERSION and network in _AIX_LINK_TYPES:
        link_type = _AIX_LINK_TYPES[network]
        variant = variant._replace(name="pcap (AIX)", time_digits=9)
    elif (major, minor) >= (2, 4) and major == 2:
        variant = _tell_apart(window, variant, link_type, snap_length)
    info.format, info.kind, info.time_digits = variant.name, CaptureKind.PCAP, variant.time_digits
    info.link_types = [link_type]
    swapped = major == _DG_UX_MAJOR or minor < 3 or (minor == 3 and _looks_swapped(window, variant))
    return PcapHeader(variant, link_type, "4xI" if swapped else "I4x")


def _tell_apart(window: Window, variant: PcapVariant, link_type: int, snap_length: int) -> PcapVariant:
    """Find the variant whose record headers make the most sense, the usual one if several do.

    As Wireshark does (``libpcap_try_variants`` of its libpcap.c), by the first records that are at hand.
    """
    if not variant.rivals or not window.forward(0, 1):
        return variant
    readings = [variant, *(variant._replace(name=name, header_octets=octets) for name, octets in variant.rivals)]
    return min(readings, key=lambda reading: _faults(window, reading, link_type, snap_length))


def _faults(window: Window, variant: PcapVariant, link_type: int, snap_length: int) -> int:
    """Count what makes no sense in the first record headers, if they have so many octets."""
    header = Struct(variant.byte_order + "4xIII")
    limit = max_captured(link_type)
    position = faults = 0
    for _ in range(_RECORDS_TRIED):
        if position + variant.header_octets > window.end:
            break
        fraction, captured, original = header.unpack_from(window.data, position)
        faults += fraction >= 1_000_000
        faults += captured > limit
        faults += captured > (snap_length or limit)
        faults += original > _LARGEST_ON_WIRE
        faults += captured > original
        if captured > limit:
            break
        position += variant.header_octets + captured
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
