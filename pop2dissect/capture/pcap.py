"""The pcap file header (draft-ietf-opsawg-pcap, section 4)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
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

_RECORDS_TRIED_FIRST, _RECORDS_TRIED = 10, 1000
"""If the first few make sense, nothing else is tried."""
_LARGEST_ON_WIRE = 128 << 20
_YEAR = 366 * 86_400
"""Seconds by which time stamps of one capture seldom differ."""
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
        variant = _tell_apart(window, variant, link_type, info)
    info.format, info.kind, info.time_digits = variant.name, CaptureKind.PCAP, variant.time_digits
    info.link_types = [link_type]
    swapped = major == _DG_UX_MAJOR or minor < 3 or (minor == 3 and _looks_swapped(window, variant))
    return PcapHeader(variant, link_type, "4xI" if swapped else "I4x")


def _tell_apart(window: Window, variant: PcapVariant, link_type: int, info: CaptureInfo) -> PcapVariant:
    """Find the variant whose record headers make the most sense, the usual one if several do.

    After Wireshark (``libpcap_try_variants`` of its libpcap.c), by the records that are at hand; but a
    reading that gives fewer packets is never taken for the better one, however odd the other's time stamps.
    """
    if not window.forward(0, 1):
        return variant
    if _Sense.of(window, variant, link_type, info, _RECORDS_TRIED_FIRST).usual:
        return variant
    window.fill()
    if _Sense.of(window, variant, link_type, info, _RECORDS_TRIED_FIRST).good:
        return variant
    best = _Sense.of(window, variant, link_type, info, _RECORDS_TRIED)
    for name, octets in variant.rivals:
        rival = variant._replace(name=name, header_octets=octets)
        sense = _Sense.of(window, rival, link_type, info, _RECORDS_TRIED)
        if sense.sound >= best.packets and sense.faults < best.faults and (best.impossible or not sense.impossible):
            variant, best = rival, sense
    if variant.time_digits == 6 and _holds_nanoseconds(window, variant):
        variant = variant._replace(name=f"{variant.name} (nanoseconds, not marked)", time_digits=9)
        info.warnings.append(
            "the magic number says that time stamps are in microseconds, but they are in nanoseconds, and read as such"
        )
    return variant


class _Sense(NamedTuple):
    """How much sense the records at hand make as those of a variant."""

    packets: int
    """How many are there as a whole."""
    sound: int
    """Those of them with lengths that agree."""
    impossible: bool
    """They end at a length that no packet can have."""
    faults: int
    """Fields that should not be so: less than the lengths they tell of the variant."""

    @property
    def good(self) -> bool:
        """Whether there is no reason to doubt the variant."""
        return not (self.impossible or self.faults)

    @property
    def usual(self) -> bool:
        """Whether that is so of enough of them, however much is at hand."""
        return self.good and self.packets >= _RECORDS_TRIED_FIRST

    @classmethod
    def of(cls, window: Window, variant: PcapVariant, link_type: int, info: CaptureInfo, records: int) -> _Sense:
        """Read so many of the first records, if they are in the window."""
        limit = max_captured(link_type)
        snap_length = info.snap_length or limit
        packets = sound = faults = position = 0
        first = None
        for seconds, fraction, captured, original in _records_at_hand(window, variant, records):
            first = seconds if first is None else first
            position += variant.header_octets + captured
            faults += fraction >= 10**variant.time_digits
            faults += abs(seconds - first) > _YEAR
            faults += captured > snap_length
            faults += original > _LARGEST_ON_WIRE
            faults += captured > original
            if captured > limit:
                return cls(packets, sound, True, faults)
            packets += position <= window.end
            sound += position <= window.end and 0 < captured <= original <= _LARGEST_ON_WIRE
        return cls(packets, sound, False, faults)


def _records_at_hand(window: Window, variant: PcapVariant, records: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield seconds, fraction and both lengths of so many of the first records, if they are in the window."""
    header = Struct(variant.byte_order + "IIII")
    position = 0
    for _ in range(records):
        if position + variant.header_octets > window.end:
            return
        fields = header.unpack_from(window.data, position)
        yield fields
        position += variant.header_octets + fields[2]


def _holds_nanoseconds(window: Window, variant: PcapVariant) -> bool:
    """Whether fractions are nanoseconds under a magic number that says microseconds.

    Some are then of more than a second, and taking them for nanoseconds makes time go back less often.
    """
    stamps = [(seconds, fraction) for seconds, fraction, _, _ in _records_at_hand(window, variant, _RECORDS_TRIED)]
    if not 10**6 <= max((fraction for _, fraction in stamps), default=0) < 10**9:
        return False
    return _steps_back(stamps, 1) < _steps_back(stamps, 1000)


def _steps_back(stamps: list[tuple[int, int]], unit: int) -> int:
    times = [seconds * 10**9 + fraction * unit for seconds, fraction in stamps]
    return sum(after < before for before, after in pairwise(times))


def _looks_swapped(window: Window, variant: PcapVariant) -> bool:
    """Whether a capture of version 2.3 has its lengths the other way round, as some writers did.

    The first record that tells is the first that was cut: less of it is captured than was on the wire.
    As libpcap does, but once for the file: a writer did not change its mind.
    """
    lengths = Struct(variant.byte_order + "8xII")
    window.forward(0, 1)
    window.fill()
    position = 0
    while position + lengths.size <= window.end:
        captured, original = lengths.unpack_from(window.data, position)
        if captured != original:
            return bool(captured > original)
        position += variant.header_octets + captured
    return False
