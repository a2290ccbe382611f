"""Reads pcapng, block by block (draft-ietf-opsawg-pcapng)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from struct import Struct
from typing import Any, NamedTuple

from pop2dissect.capture.damage import extend_times, stop, stop_at_end
from pop2dissect.capture.linktypes import max_captured
from pop2dissect.capture.portfilter import PLAIN_IPV4, PlainIPv4, PortFilter
from pop2dissect.capture.record import FRAME_BITS, CaptureInfo, Record
from pop2dissect.capture.window import Window
from pop2dissect.errors import CaptureError
from pop2dissect.limits import DEFAULT, Limits

PCAPNG_MAGIC = b"\n\r\r\n"
BYTE_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _STATISTICS, _PACKET = 0x0A0D0D0A, 1, 2, 3, 5, 6
"""Block types (sections 4.1, 4.2, appendix A, sections 4.4, 4.6, 4.3)."""
NUMBERED_BLOCKS = frozenset({9, 0x0BAD, 0x40000BAD, 0x204, 0x216, 0x221})
"""Blocks that are no packets but that Wireshark gives frame numbers: journal, custom and Sysdig blocks."""
_SMALLEST = {_SECTION: 28, _INTERFACE: 20, _OLD_PACKET: 32, _SIMPLE_PACKET: 16, _STATISTICS: 24, _PACKET: 32}
_SMALLEST_ANY = 12
"""Octets of a block's type and its two total lengths (section 3.1)."""
_PACKET_DATA = 28
"""Octets of a packet block before the frame."""
_ORIGINAL_LENGTH = 24
"""Octets of an Enhanced Packet Block before the length on the wire (section 4.3)."""
_TRAILER = 4
_END_OF_OPTIONS = 0
"""opt_endofopt: what follows means nothing (section 3.5)."""
_TIME_RESOLUTION, _TIME_OFFSET = 9, 14
"""if_tsresol and if_tsoffset (section 4.2)."""
_DROPS = {5: "by the interface", 7: "by the operating system"}
"""isb_ifdrop and isb_osdrop (section 4.6)."""
_PACKET_DROPS = 4
"""epb_dropcount (section 4.3)."""
_BETWEEN = "between packets"
_UNKNOWN_DROPS = 0xFFFF
"""In the drops field of an obsolete Packet Block (appendix A)."""
_NS = 10**9


class _LinkFilter(NamedTuple):
    """What a link type needs for skipping, in the byte order of a section."""

    skips: Callable[[bytes | bytearray, int, int], bool]
    unpack: Callable[[bytearray, int], tuple[Any, ...]]
    """Reads the beginning of an Enhanced Packet Block and the fields of a plain IPv4 packet in it."""
    plain: PlainIPv4


class _Interface(NamedTuple):
    """What an Interface Description Block says; a stamp is ``offset + stamp * multiplier // divisor`` ns."""

    link_type: int
    snap_length: int
    limit: int
    """Captured octets beyond which a packet is taken for damaged."""
    multiplier: int
    divisor: int
    offset: int
    filter: _LinkFilter

    def time(self, high: int, low: int) -> int:
        """Return the time stamp of which these are the halves, in ns since 1970-01-01 UTC."""
        return self.offset + (high << 32 | low) * self.multiplier // self.divisor


class _DamageError(Exception):
    """The capture cannot be read any further: the text says what is wrong with which block."""


def pcapng_records(
    window: Window, info: CaptureInfo, index: int, ports: frozenset[int] | None, limits: Limits = DEFAULT
) -> Iterator[Record]:
    """Yield the packets of a pcapng file, without those that plainly cannot be TCP on one of ``ports``.

    Frame numbers are those of Wireshark, which counts some blocks that are no packets. A packet of a
    Simple Packet Block has no time stamp: its time is given as 0, and it does not count for the
    capture's earliest and latest time.

    Raises CaptureError where the file does not even begin with a whole section header.
    """
    if not window.forward(0, _SMALLEST[_SECTION]):
        raise CaptureError(f"the file ends inside its section header, after {window.end} octets")
    if bytes(window.data[8:12]) not in BYTE_ORDERS:
        raise CaptureError("its section header has no byte-order magic")
    info.format = "pcapng"
    return _PcapngReader(window, info, index, ports, limits).records()


class _PcapngReader:
    """Reads one file: the state is that of the section that is being read."""

    def __init__(
        self, window: Window, info: CaptureInfo, index: int, ports: frozenset[int] | None, limits: Limits
    ) -> None:
        self._window = window
        self._info = info
        self._first = self._number = index << FRAME_BITS
        self._ports = ports
        self._limits = limits
        self._numbered_others = 0
        self._interfaces: list[_Interface] = []
        self._filters: dict[tuple[int, str], _LinkFilter] = {}
        self._drops: dict[tuple[int, str], int] = {}
        """Packets dropped, as the section's statistics say, by interface and by whom."""
        self._drops_in_all = dict.fromkeys((*_DROPS.values(), _BETWEEN), 0)
        self._order = "<"

    def records(self) -> Iterator[Record]:
        """Yield the packets; the file's facts are complete when it ends, for whatever reason."""
        try:
            yield from self._walk()
        except _DamageError as damage:
            stop(self._info, f"{damage}: reading stops there, after frame {self._number - self._first}")
        finally:
            self._info.packets = self._number - self._first - self._numbered_others
            self._tell_drops()

    def _walk(self) -> Iterator[Record]:
        """Go from block to block: Enhanced Packet Blocks in the window quickly, any other with care."""
        position = 0
        while True:
            position = yield from self._hop(position)
            position, record = self._block(position)
            if record is not None:
                yield record
            elif position < 0:
                return

    def _hop(self, position: int) -> Generator[Record, None, int]:
        """Yield the packets of sound Enhanced Packet Blocks in the window; return where these come to an end.

        One unpacking reads a block's beginning and the fields of a plain IPv4 packet in it. Time stamps
        are watched in runs, of one interface and not decreasing: only a run's first and last can be the
        capture's earliest or latest.
        """
        window, interfaces, info = self._window, self._interfaces, self._info
        if not interfaces:
            return position
        data, end, base, frames = window.data, window.end, window.base, window.frames
        last = end - _SMALLEST[_PACKET]
        word = Struct(self._order + "I").unpack_from
        number = self._number
        current, interface = 0, interfaces[0]
        skips, unpack, (_, ipv4, minimum, fragment_mask, kept) = interface.filter
        run_high = run_low = -1
        try:
            while position <= last:
                # fmt: off
                (kind, length, interface_id, high, low, captured,
                 network, version, fragment, protocol, source, destination) = unpack(data, position)
                # fmt: on
                following = position + length
                if kind != _PACKET or following > end or length < captured + _SMALLEST[_PACKET] or length & 3:
                    break
                if interface_id != current:
                    if interface_id >= len(interfaces):
                        break
                    if run_high >= 0:
                        extend_times(info, interface.time(run_high, run_low))
                        run_high = -1
                    current, interface = interface_id, interfaces[interface_id]
                    skips, unpack, (_, ipv4, minimum, fragment_mask, kept) = interface.filter
                    continue  # reading the same block again, now with the fields of this link type
                if captured > interface.limit or word(data, following - _TRAILER)[0] != length:
                    break
                number += 1
                if low < run_low or high != run_high:
                    if run_high >= 0:
                        extend_times(info, interface.time(run_high, run_low))
                    extend_times(info, interface.time(high, low))
                    run_high = high
                run_low = low
                start = position + _PACKET_DATA
                if length > captured + _SMALLEST[_PACKET] + 3:
                    self._note_packet_drops(start + (captured + 3 & ~3), following - _TRAILER)
                block_at, position = position, following
                if version == PLAIN_IPV4 and network == ipv4 and captured >= minimum and not fragment & fragment_mask:
                    wanted = kept[protocol]
                    if source not in wanted and destination not in wanted:
                        continue
                elif skips(data, start, captured):
                    continue
                original = max(captured, word(data, block_at + _ORIGINAL_LENGTH)[0])
                time = interface.time(high, low)
                if frames is None:
                    octets = bytes(data[start : start + captured])
                    yield Record(number, time, interface.link_type, octets, 0, captured, original)
                else:
                    yield Record(number, time, interface.link_type, frames, base + start, captured, original)
        finally:
            self._number = number
            if run_high >= 0:
                extend_times(info, interface.time(run_high, run_low))
        return position

    def _block(self, position: int) -> tuple[int, Record | None]:
        """Deal with one block of any kind.

        Gives the position from which to go on, which is that of the same block if it is an Enhanced
        Packet Block that is now wholly in the window and sound, and -1 at the end of the file; and the
        packet that the block holds, if it is of one of the other two kinds.
        """
        window = self._window
        at = window.base + position
        if not window.forward(position, _SMALLEST_ANY):
            return self._ended(at)
        kind, length = self._kind_and_length()
        if length < _SMALLEST.get(kind, _SMALLEST_ANY):
            raise _DamageError(f"the block at octet {at} claims a length of {length} octets, which is too small")
        # The length should be a multiple of 4; some writers give it without the padding, as Wireshark knows.
        padded = length + 3 & ~3
        if kind in _SMALLEST:
            if length > self._limits.block_octets:
                raise _DamageError(
                    f"the block at octet {at} claims a length of {length} octets, "
                    f"more than {self._limits.block_octets} (limit block_octets)"
                )
            trailer_at = padded - _TRAILER
            whole = window.forward(0, padded)
        else:
            trailer_at = 0
            whole = window.skip(0, padded - _TRAILER) and window.forward(0, _TRAILER)
        if not whole:
            return self._ended(at)
        trailer = self._unpack("I", trailer_at)[0]
        if trailer + 3 & ~3 != padded:
            raise _DamageError(f"the block at octet {at} gives its length as {length} and as {trailer} octets")
        record = None
        if kind == _PACKET:
            _, _, interface_id, _, _, captured, _ = self._unpack("IIIIIII", 0)
            self._check_packet(at, self._interface(at, interface_id), captured, padded - _SMALLEST[_PACKET])
            for length_at in (4, trailer_at):
                Struct(self._order + "I").pack_into(window.data, length_at, padded)
            return 0, None
        if kind == _SECTION:
            self._enter_section(at)
        elif kind == _INTERFACE:
            self._add_interface(at, trailer_at)
        elif kind == _STATISTICS:
            self._note_statistics(at, trailer_at)
        elif kind == _SIMPLE_PACKET:
            record = self._simple_packet(at, padded)
        elif kind == _OLD_PACKET:
            record = self._old_packet(at, padded)
        elif kind in NUMBERED_BLOCKS:
            self._number += 1
            self._numbered_others += 1
        return trailer_at + _TRAILER, record

    def _ended(self, at: int) -> tuple[int, None]:
        what = f"the block after frame {self._number - self._first}"
        stop_at_end(self._info, self._window, at, what)
        return -1, None

    def _unpack(self, fields: str, position: int) -> tuple[int, ...]:
        return Struct(self._order + fields).unpack_from(self._window.data, position)

    def _kind_and_length(self) -> tuple[int, int]:
        """Read the beginning of the block; with a section header the byte order may change (section 4.1)."""
        if self._window.data[:4] == PCAPNG_MAGIC:
            magic = bytes(self._window.data[8:12])
            if magic not in BYTE_ORDERS:
                raise _DamageError(f"the section header at octet {self._window.base} has no byte-order magic")
            self._order = BYTE_ORDERS[magic]
        kind, length = self._unpack("II", 0)
        return kind, length

    def _enter_section(self, at: int) -> None:
        major, minor = self._unpack("HH", 12)
        if major != 1:
            raise _DamageError(f"the section at octet {at} is of the unknown version {major}.{minor}")
        self._close_section()

    def _add_interface(self, at: int, options_end: int) -> None:
        link_type, _, snap_length = self._unpack("HHI", 8)
        multiplier, divisor, offset = 1000, 1, 0
        for code, option_at, length in self._options(at, 16, options_end):
            if code == _TIME_RESOLUTION and length == 1:
                multiplier, divisor = _resolution(self._window.data[option_at])
            elif code == _TIME_OFFSET and length == 8:
                offset = self._unpack("q", option_at)[0] * _NS
        if len(self._interfaces) >= self._limits.interfaces:
            raise _DamageError(
                f"the block at octet {at} is one of more than {self._limits.interfaces} interfaces (limit interfaces)"
            )
        self._interfaces.append(
            _Interface(
                link_type,
                snap_length,
                max_captured(link_type),
                multiplier,
                divisor,
                offset,
                self._filter(link_type),
            )
        )
        if snap_length:
            self._info.snap_length = max(snap_length, self._info.snap_length or 0)

    def _filter(self, link_type: int) -> _LinkFilter:
        """Return the filter of a link type: interfaces may be many, the tables of each are made once."""
        known = self._filters.get((link_type, self._order))
        if known is None:
            port_filter = PortFilter(self._ports, link_type)
            plain = port_filter.plain_ipv4(self._order)
            unpack = Struct(f"{self._order}IIIIII4x{plain.fields}").unpack_from
            known = self._filters[link_type, self._order] = _LinkFilter(port_filter.skips, unpack, plain)
            if link_type not in self._info.link_types:
                self._info.link_types.append(link_type)
        return known

    def _options(self, at: int, position: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Yield code, position and length of each option's value (section 3.5)."""
        while position + 4 <= end:
            code, length = self._unpack("HH", position)
            if code == _END_OF_OPTIONS:
                return
            position += 4
            if position + length > end:
                raise _DamageError(f"an option of the block at octet {at} is longer than the block")
            yield code, position, length
            position += length + 3 & ~3

    def _interface(self, at: int, interface_id: int) -> _Interface:
        if interface_id >= len(self._interfaces):
            raise _DamageError(
                f"the packet block at octet {at} is of interface {interface_id}, which its section has not described"
            )
        return self._interfaces[interface_id]

    def _check_packet(self, at: int, interface: _Interface, captured: int, room: int) -> None:
        if captured > room:
            raise _DamageError(
                f"the packet block at octet {at} claims {captured} captured octets but has room for {room}"
            )
        if captured > interface.limit:
            raise _DamageError(
                f"the packet block at octet {at} claims {captured} captured octets, "
                f"more than the {interface.limit} that are possible"
            )

    def _simple_packet(self, at: int, length: int) -> Record | None:
        """Section 4.4: of the section's first interface, whose snap length says how much was captured."""
        interface = self._interface(at, 0)
        original = self._unpack("I", 8)[0]
        captured = min(original, interface.snap_length or original)
        self._check_packet(at, interface, captured, length - _SMALLEST[_SIMPLE_PACKET])
        return self._record(interface, 0, 12, captured, original)

    def _old_packet(self, at: int, length: int) -> Record | None:
        """Appendix A: the obsolete Packet Block."""
        interface_id, drops, high, low, captured, original = self._unpack("HHIIII", 8)
        interface = self._interface(at, interface_id)
        self._check_packet(at, interface, captured, length - _SMALLEST[_OLD_PACKET])
        if drops != _UNKNOWN_DROPS:
            self._drops_in_all[_BETWEEN] += drops
        time = interface.time(high, low)
        extend_times(self._info, time)
        return self._record(interface, time, _PACKET_DATA, captured, original)

    def _record(self, interface: _Interface, time: int, start: int, captured: int, original: int) -> Record | None:
        window = self._window
        self._number += 1
        if interface.filter.skips(window.data, start, captured):
            return None
        original = max(captured, original)
        if window.frames is not None:
            return Record(
                self._number,
                time,
                interface.link_type,
                window.frames,
                window.base + start,
                captured,
                original,
            )
        octets = bytes(window.data[start : start + captured])
        return Record(self._number, time, interface.link_type, octets, 0, captured, original)

    def _note_statistics(self, at: int, options_end: int) -> None:
        interface_id = self._unpack("I", 8)[0]
        if interface_id >= len(self._interfaces):
            return
        for code, option_at, length in self._options(at, 20, options_end):
            if code in _DROPS and length == 8:
                # A later block counts from the beginning again: it replaces an earlier one.
                self._drops[interface_id, _DROPS[code]] = self._unpack("Q", option_at)[0]

    def _note_packet_drops(self, options_at: int, options_end: int) -> None:
        # A packet whose options are damaged is still a packet.
        with suppress(_DamageError):
            for code, option_at, length in self._options(0, options_at, options_end):
                if code == _PACKET_DROPS and length == 8:
                    self._drops_in_all[_BETWEEN] += self._unpack("Q", option_at)[0]

    def _close_section(self) -> None:
        for (_, where), count in self._drops.items():
            self._drops_in_all[where] += count
        self._drops = {}
        self._interfaces = []

    def _tell_drops(self) -> None:
        self._close_section()
        for where, count in self._drops_in_all.items():
            if count:
                self._info.warnings.append(
                    f"{count} packets were dropped {where} while capturing: they are not in the capture"
                )


def _resolution(exponent: int) -> tuple[int, int]:
    """Return multiplier and divisor that turn a stamp into ns, from if_tsresol (section 4.2)."""
    if exponent & 0x80:
        return _NS, 1 << (exponent & 0x7F)
    return (_NS, 10**exponent) if exponent > 9 else (10 ** (9 - exponent), 1)
