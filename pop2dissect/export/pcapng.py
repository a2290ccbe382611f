"""Writes pcapng, block by block, in little-endian order (draft-ietf-opsawg-pcapng)."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

from pop2dissect.capture.pcapng_blocks import COMMENT, INTERFACE, PACKET, SECTION
from pop2dissect.capture.record import Interface, Option

_USERAPPL = 4
"""shb_userappl (section 4.1)."""
MAX_OPTION = 0xFFFF
"""Bytes of an option's value: the field for its length has 16 bits."""

_HEAD = Struct("<II")
_LENGTH = Struct("<I")
_OPTION = Struct("<HH")
_SECTION = Struct("<IHHq")
_INTERFACE = Struct("<HHI")
_PACKET = Struct("<IIIII")


def section(program: str, about: str) -> bytes:
    """Return a Section Header Block (section 4.1)."""
    options = (comment(about), Option(_USERAPPL, program.encode()))
    return _block(SECTION, _SECTION.pack(0x1A2B3C4D, 1, 0, -1), options)


def interface(described: Interface) -> bytes:
    """Return an Interface Description Block (section 4.2)."""
    return _block(INTERFACE, _INTERFACE.pack(described.link_type, 0, described.snap_length), described.options)


def packet(number: int, stamp: int, octets: bytes, original: int, options: Sequence[Option]) -> bytes:
    """Return an Enhanced Packet Block (section 4.3) of the interface with that number, counted from 0."""
    head = _PACKET.pack(number, stamp >> 32, stamp & 0xFFFFFFFF, len(octets), original)
    return _block(PACKET, head + _padded(octets), options)


def comment(text: str) -> Option:
    """Return a comment (section 3.5), cut to what an option can hold."""
    octets = text.encode("utf-8", "backslashreplace")
    if len(octets) > MAX_OPTION:
        octets = octets[: MAX_OPTION - 3].decode(errors="ignore").encode() + "…".encode()
    return Option(COMMENT, octets)


def _block(kind: int, body: bytes, options: Sequence[Option]) -> bytes:
    if options:
        body += b"".join(_OPTION.pack(code, len(value)) + _padded(value) for code, value in options) + _OPTION.pack(
            0, 0
        )
    length = len(body) + 12
    return _HEAD.pack(kind, length) + body + _LENGTH.pack(length)


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)
