"""The pcap file header (draft-ietf-opsawg-pcap, section 4)."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from pop2dissect.errors import CaptureError

if TYPE_CHECKING:
    from pop2dissect.capture.record import CaptureInfo
    from pop2dissect.capture.window import Window

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
    )
    for sign in "<>"
}


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
    if major != 2:
        raise CaptureError(f"version {major}.{minor} of the pcap format is not known")
    info.format = variant.name
    info.snap_length = snap_length or None
    # The upper half of the field holds the length of a frame check sequence and reserved bits.
    link_type = network & 0xFFFF
    info.link_types = [link_type]
    if zone:
        info.warnings.append(
            f"the file header states a correction of {zone} s to its time stamps, which is not applied"
        )
    window.forward(FILE_HEADER_OCTETS, 0)
    swapped = minor < 3 or (minor == 3 and _looks_swapped(window, variant))
    return PcapHeader(variant, link_type, "4xI" if swapped else "I4x")


def _looks_swapped(window: Window, variant: PcapVariant) -> bool:
    """Say whether a capture of version 2.3 has its lengths the other way round, as some writers did.

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
