"""Writes pcapng, block by block, in little-endian order (draft-ietf-opsawg-pcapng)."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import NamedTuple

COMMENT = 1
"""opt_comment (section 3.5)."""
IF_TSRESOL = 9
"""if_tsresol (section 4.2)."""
_USERAPPL = 4
"""shb_userappl (section 4.1)."""
MAX_OPTION = 0xFFFF
"""Octets of an option's value: the field for its length has 16 bits."""

_HEAD = Struct("<II")
_LENGTH = Struct("<I")
_OPTION = Struct("<HH")
_SECTION = Struct("<IHHq")
_INTERFACE = Struct("<HHI")
_PACKET = Struct("<IIIII")


class Option(NamedTuple):
    """An option of a block."""

    code: int
    value: bytes


class Interface(NamedTuple):
    """What packets were captured from; its time stamps count what its if_tsresol option says, by default 1 us."""

    link_type: int
    snap_length: int
    options: tuple[Option, ...]


def section(program: str, comment: str) -> bytes:
    """Return a Section Header Block (section 4.1)."""
    options = (Option(COMMENT, text_value(comment)), Option(_USERAPPL, text_value(program)))
    return _block(0x0A0D0D0A, _SECTION.pack(0x1A2B3C4D, 1, 0, -1), options)


def interface(described: Interface) -> bytes:
    """Return an Interface Description Block (section 4.2)."""
    return _block(1, _INTERFACE.pack(described.link_type, 0, described.snap_length), described.options)


def packet(number: int, stamp: int, octets: bytes, original: int, options: Sequence[Option]) -> bytes:
    """Return an Enhanced Packet Block (section 4.3) of the interface with that number, counted from 0."""
    head = _PACKET.pack(number, stamp >> 32, stamp & 0xFFFFFFFF, len(octets), original)
    return _block(6, head + _padded(octets), options)


def text_value(text: str) -> bytes:
    """Encode text for an option, cut to what one can hold."""
    octets = text.encode("utf-8", "backslashreplace")
    if len(octets) <= MAX_OPTION:
        return octets
    return octets[: MAX_OPTION - 3].decode(errors="ignore").encode() + "…".encode()


def _block(kind: int, body: bytes, options: Sequence[Option]) -> bytes:
    if options:
        body += b"".join(_OPTION.pack(code, len(value)) + _padded(value) for code, value in options) + _OPTION.pack(
            0, 0
        )
    length = len(body) + 12
    return _HEAD.pack(kind, length) + body + _LENGTH.pack(length)


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)
