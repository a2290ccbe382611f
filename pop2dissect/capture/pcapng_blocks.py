"""Goes through a pcapng file block by block, and through a block's options (draft-ietf-opsawg-pcapng, section 3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from struct import Struct
from typing import NamedTuple

from pop2dissect.capture.record import Option
from pop2dissect.capture.window import Window
from pop2dissect.errors import CaptureError

PCAPNG_MAGIC = b"\n\r\r\n"
SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, STATISTICS, PACKET = 0x0A0D0D0A, 1, 2, 3, 5, 6
"""Block types (sections 4.1, 4.2, appendix A, sections 4.4, 4.6, 4.3)."""
SMALLEST = {SECTION: 28, INTERFACE: 20, OLD_PACKET: 32, SIMPLE_PACKET: 16, STATISTICS: 24, PACKET: 32}
"""Octets that a block of these types has at least; blocks of other types are skipped."""
TRAILER = 4
"""Octets of the length at a block's end."""
COMMENT, END_OF_OPTIONS = 1, 0
"""opt_comment, and opt_endofopt: what follows it means nothing (section 3.5)."""
IF_TSRESOL, IF_TSOFFSET = 9, 14
"""if_tsresol and if_tsoffset (section 4.2)."""
EPB_DROPCOUNT = 4
"""epb_dropcount (section 4.3)."""
ISB_DROPS = {5: "by the interface", 7: "by the operating system"}
"""isb_ifdrop and isb_osdrop (section 4.6)."""
PACKET_OPTIONS: Mapping[int, str] = dict(zip(range(1, 8), ("", "I", "", "Q", "Q", "I", ""), strict=True))
"""Options of a packet block (section 4.3) by their code: the number that one holds, or nothing for text and octets."""
INTERFACE_OPTIONS: Mapping[int, str] = {**dict.fromkeys(range(1, 16), ""), 8: "Q", 10: "I", 14: "q", 16: "Q", 17: "Q"}
"""The same for those of an interface (section 4.2)."""
_SMALLEST_ANY = 12
"""Octets of a block's type and its two total lengths."""
_BYTE_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}


class DamageError(Exception):
    """The capture cannot be read any further: the text says what is wrong with which block."""


class Block(NamedTuple):
    """A block whose lengths agree. Its last octets are in the window; if it is of a type in SMALLEST, all are."""

    kind: int
    at: int
    """Where it begins in the file."""
    end: int
    """Where it ends in the window; it begins at 0 there, if it is there as a whole."""


class BlockWalk:
    """The blocks of a file, one after the other, in the byte order of the section that they are in.

    Raises CaptureError where the file does not even begin with a whole section header.
    """

    def __init__(self, window: Window, largest: int) -> None:
        """``largest`` is the number of octets beyond which a block that matters is taken for damaged."""
        self._window = window
        self._largest = largest
        self.order = "<"
        self.at = 0
        """Where in the file the block begins that was looked at last."""
        if not window.forward(0, SMALLEST[SECTION]):
            raise CaptureError(f"the file ends inside its section header, after {window.end} octets", offset=window.end)
        if bytes(window.data[8:12]) not in _BYTE_ORDERS:
            raise CaptureError("its section header has no byte-order magic")

    def block(self, position: int) -> Block | None:
        """Return the block that begins at ``position`` of the window; None where the file ends before it does.

        Raises DamageError where it makes no sense.
        """
        window = self._window
        self.at = at = window.base + position
        if not window.forward(position, _SMALLEST_ANY):
            return None
        kind, length = self._kind_and_length()
        if length < SMALLEST.get(kind, _SMALLEST_ANY):
            raise DamageError(f"the block at octet {at} claims a length of {length} octets, which is too small")
        # The length should be a multiple of 4; some writers give it without the padding, as Wireshark knows.
        padded = length + 3 & ~3
        if kind not in SMALLEST:
            end = TRAILER
            whole = window.skip(0, padded - TRAILER) and window.forward(0, TRAILER)
        elif length > self._largest:
            raise DamageError(
                f"the block at octet {at} claims a length of {length} octets, "
                f"more than {self._largest} (limit block_octets)"
            )
        else:
            end = padded
            whole = window.forward(0, padded)
        if not whole:
            return None
        trailer = self.unpack("I", end - TRAILER)[0]
        if trailer + 3 & ~3 != padded:
            raise DamageError(f"the block at octet {at} gives its length as {length} and as {trailer} octets")
        return Block(kind, at, end)

    def unpack(self, fields: str, position: int) -> tuple[int, ...]:
        """Read numbers in the section's byte order."""
        return Struct(self.order + fields).unpack_from(self._window.data, position)

    def options(self, position: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Yield code, position in the window and length of each option's value (section 3.5).

        Raises DamageError where one is longer than the block, which ends its options at ``end``.
        """
        while position + 4 <= end:
            code, length = self.unpack("HH", position)
            if code == END_OF_OPTIONS:
                return
            position += 4
            if position + length > end:
                raise DamageError(f"an option of the block at octet {self.at} is longer than the block")
            yield code, position, length
            position += length + 3 & ~3

    def known_options(self, position: int, end: int, known: Mapping[int, str]) -> tuple[Option, ...]:
        """Return the options that mean the same in any file, up to a damaged one; numbers are made little-endian."""
        found = []
        with suppress(DamageError):
            for code, at, length in self.options(position, end):
                number = known.get(code)
                if number and length == Struct("<" + number).size:
                    found.append(Option(code, Struct("<" + number).pack(*self.unpack(number, at))))
                elif number == "":
                    found.append(Option(code, bytes(self._window.data[at : at + length])))
        return tuple(found)

    def _kind_and_length(self) -> tuple[int, int]:
        """Read the beginning of the block; with a section header the byte order may change (section 4.1)."""
        if self._window.data[:4] == PCAPNG_MAGIC:
            magic = bytes(self._window.data[8:12])
            if magic not in _BYTE_ORDERS:
                raise DamageError(f"the section header at octet {self._window.base} has no byte-order magic")
            self.order = _BYTE_ORDERS[magic]
        kind, length = self.unpack("II", 0)
        return kind, length
