"""Reads packets a second time, with all that their capture says of them: for writing them again unchanged."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from struct import Struct
from typing import NamedTuple

from pop2dissect.capture import CaptureReader
from pop2dissect.capture.pcapng import BYTE_ORDERS, NUMBERED_BLOCKS, PCAPNG_MAGIC
from pop2dissect.capture.record import FRAME_BITS
from pop2dissect.capture.source import opened_window
from pop2dissect.capture.window import Window
from pop2dissect.export.pcapng import IF_TSRESOL, Interface, Option
from pop2dissect.limits import DEFAULT

_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 0x0A0D0D0A, 1, 2, 3, 6
_PACKETS = frozenset({_OLD_PACKET, _SIMPLE_PACKET, _PACKET})
_SMALLEST = 12
"""Octets of a block's type and its two total lengths (section 3.1)."""
_PACKET_OPTIONS = {1: None, 2: "I", 3: None, 4: "Q", 5: "Q", 6: "I", 7: None}
"""Options of a packet block (section 4.3) by their code: the number that one holds, or None for text and octets."""
_INTERFACE_OPTIONS = {
    **dict.fromkeys((1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 13, 15), None),
    8: "Q",
    10: "I",
    14: "q",
    16: "Q",
    17: "Q",
}
"""The same for those of an interface (section 4.2)."""
_TSOFFSET = 14
"""if_tsoffset."""


class Original(NamedTuple):
    """A packet as its capture has it."""

    frame: int
    """Frame reference."""
    interface_number: int
    """Counted from 0 in the capture, over all its sections."""
    interface: Interface
    time: int
    """In ns since 1970-01-01 UTC, for putting packets of several captures in order."""
    stamp: int
    """In the interface's unit."""
    octets: bytes
    original: int
    """Octets on the wire."""
    options: tuple[Option, ...]
    """Those that are known to mean the same anywhere."""


def originals(
    path: str, file_format: str, index: int, wanted: Container[int], ports: frozenset[int] | None
) -> Iterator[Original]:
    """Yield the wanted packets of a capture in its order. Raises CaptureError where it cannot be read again.

    ``file_format`` is what :class:`~pop2dissect.capture.record.CaptureInfo` calls it, ``index`` the capture's
    index in frame references. Packets that plainly are not TCP on one of ``ports`` are passed over.
    """
    if not file_format.startswith("pcapng"):
        yield from _of_pcap(path, _resolution(file_format), index, wanted, ports)
        return
    with opened_window(path) as window:
        yield from _PcapngWalk(window).packets(index << FRAME_BITS, wanted)


def _resolution(file_format: str) -> int:
    """Return the decimal digits of a second that a variant of pcap has; of one that is not known, all."""
    return 6 if re.match(r"pcap(?:,|$| \((?:modified|Nokia|Ixia software))", file_format) else 9


def _of_pcap(
    path: str, resolution: int, index: int, wanted: Container[int], ports: frozenset[int] | None
) -> Iterator[Original]:
    unit = 10 ** (9 - resolution)
    options = (Option(IF_TSRESOL, bytes([resolution])),)
    with CaptureReader([path], ports=ports, max_mapped=0) as reader:  # octets of their own: no file need stay mapped
        for frame, time, link_type, data, start, captured, original in reader:
            reference = frame | index << FRAME_BITS
            if reference in wanted:
                interface = Interface(link_type, reader.captures[0].snap_length or 0, options)
                octets = bytes(data[start : start + captured])
                yield Original(reference, 0, interface, time, time // unit, octets, original, ())


class _PcapngWalk:
    """Goes from block to block. What is damaged ends it: nothing behind that was read the first time either."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._order = "<"
        self._interfaces: list[Interface] = []
        """Of the section."""
        self._interfaces_before = 0

    def packets(self, frame: int, wanted: Container[int]) -> Iterator[Original]:
        """Yield the wanted packets; ``frame`` is the reference before that of the first."""
        window = self._window
        position = 0
        while True:
            if window.end - position < _SMALLEST:
                if not window.forward(position, _SMALLEST):
                    return
                position = 0
            if window.data[position : position + 4] == PCAPNG_MAGIC:
                self._order = BYTE_ORDERS.get(bytes(window.data[position + 8 : position + 12]), "<")
            kind, length = Struct(self._order + "II").unpack_from(window.data, position)
            length = length + 3 & ~3  # as the reader does: some writers give it without the padding
            is_packet = kind in _PACKETS
            frame += is_packet or kind in NUMBERED_BLOCKS
            if length < _SMALLEST:
                return
            if kind in (_SECTION, _INTERFACE) or (is_packet and frame in wanted):
                if length > DEFAULT.block_octets or not window.forward(position, length):
                    return
                position = 0
                block = memoryview(bytes(window.data[8 : length - 4]))
                if kind == _SECTION:
                    self._interfaces_before += len(self._interfaces)
                    self._interfaces = []
                elif kind == _INTERFACE:
                    self._interfaces.append(self._interface(block))
                else:
                    yield self._packet(kind, frame, block)
            if position + length <= window.end:
                position += length
            elif window.skip(position, length):
                position = 0
            else:
                return

    def _interface(self, block: memoryview) -> Interface:
        link_type, _, snap_length = self._unpack("HHI", block, 0)
        return Interface(link_type, snap_length, tuple(self._options(block[8:], _INTERFACE_OPTIONS)))

    def _packet(self, kind: int, frame: int, block: memoryview) -> Original:
        if kind == _SIMPLE_PACKET:
            interface = self._interfaces[0]
            (original,) = self._unpack("I", block, 0)
            captured = min(original, interface.snap_length or original)
            number = self._interfaces_before
            return Original(frame, number, interface, 0, 0, bytes(block[4 : 4 + captured]), original, ())
        number, high, low, captured, original = self._unpack("IIIII", block, 0)
        if kind == _OLD_PACKET:
            (number,) = self._unpack("H", block, 0)
        interface = self._interfaces[number]
        stamp = high << 32 | low
        octets = bytes(block[20 : 20 + captured])
        options = tuple(self._options(block[20 + (captured + 3 & ~3) :], _PACKET_OPTIONS))
        number += self._interfaces_before
        time = _time(interface, stamp)
        return Original(frame, number, interface, time, stamp, octets, max(captured, original), options)

    def _unpack(self, fields: str, block: memoryview, at: int) -> tuple[int, ...]:
        return Struct(self._order + fields).unpack_from(block, at)

    def _options(self, block: memoryview, known: dict[int, str | None]) -> Iterator[Option]:
        """Yield the options that are known (section 3.5), their numbers in little-endian order."""
        at = 0
        while at + 4 <= len(block):
            code, length = self._unpack("HH", block, at)
            value = bytes(block[at + 4 : at + 4 + length])
            at += 4 + (length + 3 & ~3)
            if code == 0 or len(value) < length:
                return
            number = known.get(code)
            if number is not None and length == Struct("<" + number).size:
                yield Option(code, Struct("<" + number).pack(*self._unpack(number, memoryview(value), 0)))
            elif number is None and code in known:
                yield Option(code, value)


def _time(interface: Interface, stamp: int) -> int:
    """Return a stamp in ns since 1970-01-01 UTC (section 4.2, if_tsresol and if_tsoffset)."""
    options = dict(interface.options)
    exponent = options.get(IF_TSRESOL, b"\x06")[0]
    offset = int.from_bytes(options.get(_TSOFFSET, b"\0"), "little", signed=True)
    unit = 1 << (exponent & 0x7F) if exponent & 0x80 else 10**exponent
    return offset * 10**9 + stamp * 10**9 // unit
