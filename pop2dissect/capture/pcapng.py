"""Reads the packets of a pcapng file (draft-ietf-opsawg-pcapng)."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from struct import Struct
from typing import Any, NamedTuple

from pop2dissect.capture import fast
from pop2dissect.capture.damage import extend_times, stop, stop_at_end
from pop2dissect.capture.linktypes import max_captured
from pop2dissect.capture.part import How
from pop2dissect.capture.parts import Parts
from pop2dissect.capture.pcapng_blocks import (
    EPB_DROPCOUNT,
    IF_TSOFFSET,
    IF_TSRESOL,
    INTERFACE,
    INTERFACE_OPTIONS,
    ISB_DROPS,
    OLD_PACKET,
    PACKET,
    PACKET_OPTIONS,
    SECTION,
    SIMPLE_PACKET,
    SMALLEST,
    STATISTICS,
    TRAILER,
    Block,
    BlockWalk,
    DamageError,
)
from pop2dissect.capture.portfilter import PLAIN_IPV4, PlainIPv4, PortFilter
from pop2dissect.capture.record import FRAME_BITS, CaptureInfo, CaptureKind, Details, Interface, Record
from pop2dissect.capture.scan import Flows
from pop2dissect.capture.window import Window
from pop2dissect.limits import DEFAULT, Limits

_NUMBERED_BLOCKS = frozenset({9, 0x0BAD, 0x40000BAD, 0x204, 0x216, 0x221})
"""Blocks that are no packets but that Wireshark gives frame numbers: journal, custom and Sysdig blocks."""
_PACKET_DATA = 28
"""Octets of a packet block before the frame, which in a Simple Packet Block are fewer."""
_SIMPLE_PACKET_DATA = 12
_ORIGINAL_LENGTH = 24
"""Octets of an Enhanced Packet Block before the length on the wire (section 4.3)."""
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


class _Source(NamedTuple):
    """How the packets of an interface are read; a stamp is ``offset + stamp * multiplier // divisor`` ns."""

    interface: Interface
    link_type: int
    limit: int
    """Captured octets beyond which a packet is taken for damaged."""
    multiplier: int
    divisor: int
    offset: int
    filter: _LinkFilter

    def time(self, high: int, low: int) -> int:
        """Return the time stamp of which these are the halves, in ns since 1970-01-01 UTC."""
        return self.offset + (high << 32 | low) * self.multiplier // self.divisor


class PcapngReader:
    """Reads one file: the state is that of the section that is being read.

    Raises CaptureError where the file does not even begin with a whole section header.
    """

    def __init__(
        self,
        window: Window,
        info: CaptureInfo,
        index: int,
        ports: frozenset[int] | None,
        limits: Limits = DEFAULT,
        keep_options: bool = False,
    ) -> None:
        """With ``keep_options``, :meth:`details` gives the interfaces' options, which take memory."""
        self._window = window
        self._info = info
        self._blocks = BlockWalk(window, limits.block_octets)
        self._first = self._number = index << FRAME_BITS
        self._ports = ports
        self._max_interfaces = limits.interfaces
        self._keep_options = keep_options
        self._numbered_others = 0
        self._sources: list[_Source] = []
        """Of the section."""
        self._interfaces = fast.Interfaces(ports)
        """The same, for the scan."""
        self.flows: Flows | None = None
        """Conversations of which the scan takes what continues them."""
        self.parts: Parts | None = None
        """What others scan ahead."""
        self._interfaces_before = 0
        self._filters: dict[tuple[int, str], _LinkFilter] = {}
        self._drops: dict[tuple[int, str], int] = {}
        """Packets dropped, as the section's statistics say, by interface and by whom."""
        self._drops_in_all = dict.fromkeys((*ISB_DROPS.values(), _BETWEEN), 0)
        self._packet_at = 0
        """Where in the window the block of the packet begins that was given last."""
        info.format, info.kind = "pcapng", CaptureKind.PCAPNG

    def records(self) -> Iterator[Record]:
        """Yield the packets, without those that plainly cannot be TCP on one of the ports.

        Frame numbers are those of Wireshark, which counts some blocks that are no packets. A packet of a
        Simple Packet Block has no time stamp: its time is given as 0, and it does not count for the
        capture's earliest and latest time. The file's facts are complete when it ends, for whatever reason.
        """
        position = 0
        try:
            while True:
                if fast.scanner is not None and self._sources:
                    position = yield from self._scan(fast.scanner, position)
                position = yield from self._hop(position)
                if self.parts is not None and self._sources:
                    position, packets, stamps = self.parts.pass_by(position, self._how)
                    self._number += packets
                    self._extend_times(stamps)
                block = self._blocks.block(position)
                if block is None:
                    what = f"the block after frame {self._number - self._first}"
                    stop_at_end(self._info, self._window, self._blocks.at, what)
                    return
                record = self._take(block)
                if record is not None:
                    self._packet_at = 0
                    yield record
                position = block.end
        except DamageError as damage:
            stop(self._info, f"{damage}: reading stops there, after frame {self._number - self._first}")
        finally:
            self._info.packets = self._number - self._first - self._numbered_others
            self._tell_drops()

    def details(self, record: Record) -> Details:
        """Return what the file says of a packet: of the one that was given last, before the next is asked for."""
        at = self._packet_at
        kind, length, number, high, low = self._blocks.unpack("IIIII", at)
        if kind == SIMPLE_PACKET:
            return Details(self._sources[0].interface, 0, ())
        if kind == OLD_PACKET:
            (number,) = self._blocks.unpack("H", at + 8)
        options_at = at + _PACKET_DATA + (record.captured + 3 & ~3)
        options = self._blocks.known_options(options_at, at + (length + 3 & ~3) - TRAILER, PACKET_OPTIONS)
        return Details(self._sources[number].interface, high << 32 | low, options)

    def _scan(self, scanner: fast.Scanner, position: int) -> Generator[Record, None, int]:
        """Yield the packets of sound Enhanced Packet Blocks as :meth:`_hop` does, up to what is left to that."""
        window, interfaces, found = self._window, self._interfaces, list[tuple[int, int]]()
        while True:
            flows = self.flows if window.frames is not None else None
            position, passed = scanner.pcapng(
                window.data,
                position,
                window.end,
                self._blocks.order == ">",
                interfaces.rows,
                interfaces.tables,
                self._number,
                found,
                flows,
                window.base,
            )
            for self._number, at in found:
                interface_id, high, low, captured, original = self._blocks.unpack("IIIII", at + 8)
                source = self._sources[interface_id]
                self._packet_at = at
                yield self._record(source, source.time(high, low), at + _PACKET_DATA, captured, original)
            self._number = passed
            if flows is None or not found:
                return position
            found.clear()

    def _record(self, source: _Source, time: int, start: int, captured: int, original: int) -> Record:
        """Return the packet that begins at ``start`` of the window."""
        window, original = self._window, max(captured, original)
        if window.frames is not None:
            at = window.base + start
            return Record(self._number, time, source.link_type, window.frames, at, captured, original)
        octets = bytes(window.data[start : start + captured])
        return Record(self._number, time, source.link_type, octets, 0, captured, original)

    def _hop(self, position: int) -> Generator[Record, None, int]:
        """Yield the packets of sound Enhanced Packet Blocks in the window; return where these come to an end.

        One unpacking reads a block's beginning and the fields of a plain IPv4 packet in it. Time stamps
        are watched in runs, of one interface and not decreasing: only a run's first and last can be the
        capture's earliest or latest.
        """
        window, sources, info = self._window, self._sources, self._info
        if not sources:
            return position
        data, end = window.data, window.end
        smallest = SMALLEST[PACKET]
        last = end - smallest
        word = Struct(self._blocks.order + "I").unpack_from
        number = self._number
        current, source = 0, sources[0]
        limit, (skips, unpack, (_, ipv4, minimum, fragment_mask, kept)) = source.limit, source.filter
        run_high = run_low = -1
        try:
            while position <= last:
                # fmt: off
                (kind, length, interface_id, high, low, captured,
                 network, version, fragment, protocol, from_port, to_port) = unpack(data, position)
                # fmt: on
                following = position + length
                if kind != PACKET or following > end or length < captured + smallest or length & 3:
                    break
                if interface_id != current:
                    if interface_id >= len(sources):
                        break
                    if run_high >= 0:
                        extend_times(info, source.time(run_high, run_low))
                        run_high = -1
                    current, source = interface_id, sources[interface_id]
                    limit, (skips, unpack, (_, ipv4, minimum, fragment_mask, kept)) = source.limit, source.filter
                    continue  # reading the same block again, now with the fields of this link type
                if captured > limit or word(data, following - TRAILER)[0] != length:
                    break
                number += 1
                if low < run_low or high != run_high:
                    if run_high >= 0:
                        extend_times(info, source.time(run_high, run_low))
                    extend_times(info, source.time(high, low))
                    run_high = high
                run_low = low
                start = position + _PACKET_DATA
                if length > captured + smallest + 3:
                    self._note_packet_drops(start + (captured + 3 & ~3), following - TRAILER)
                block_at, position = position, following
                if version == PLAIN_IPV4 and network == ipv4 and captured >= minimum and not fragment & fragment_mask:
                    wanted = kept[protocol]
                    if from_port not in wanted and to_port not in wanted:
                        continue
                elif skips(data, start, captured):
                    continue
                self._packet_at = block_at
                self._number = number
                original = word(data, block_at + _ORIGINAL_LENGTH)[0]
                yield self._record(source, source.time(high, low), start, captured, original)
        finally:
            self._number = number
            if run_high >= 0:
                extend_times(info, source.time(run_high, run_low))
        return position

    def _take(self, block: Block) -> Record | None:
        """Deal with one block of any kind; return the packet that it holds, if it is wanted."""
        if block.kind in (PACKET, OLD_PACKET, SIMPLE_PACKET):
            return self._packet(block)
        if block.kind == SECTION:
            self._enter_section(block)
        elif block.kind == INTERFACE:
            self._add_interface(block)
        elif block.kind == STATISTICS:
            self._note_statistics(block)
        elif block.kind in _NUMBERED_BLOCKS:
            self._number += 1
            self._numbered_others += 1
        return None

    def _enter_section(self, block: Block) -> None:
        major, minor = self._blocks.unpack("HH", 12)
        if major != 1:
            raise DamageError(f"the section at octet {block.at} is of the unknown version {major}.{minor}")
        self._close_section()

    def _add_interface(self, block: Block) -> None:
        link_type, _, snap_length = self._blocks.unpack("HHI", 8)
        exponent, offset = 6, 0
        for code, option_at, length in self._blocks.options(16, block.end - TRAILER):
            if code == IF_TSRESOL and length == 1:
                exponent = self._window.data[option_at]
            elif code == IF_TSOFFSET and length == 8:
                offset = self._blocks.unpack("q", option_at)[0] * _NS
        if len(self._sources) >= self._max_interfaces:
            raise DamageError(
                f"the block at octet {block.at} is one of more than {self._max_interfaces} interfaces "
                "(limit interfaces)"
            )
        known = INTERFACE_OPTIONS if self._keep_options else {}
        options = self._blocks.known_options(16, block.end - TRAILER, known)
        interface = Interface(self._interfaces_before + len(self._sources), link_type, snap_length, options)
        ratio = _ratio(exponent)
        self._sources.append(
            _Source(interface, link_type, max_captured(link_type), *ratio, offset, self._filter(link_type))
        )
        self._interfaces.add(link_type, ratio[0] // ratio[1] if not (offset or ratio[0] % ratio[1]) else 0)
        self._info.time_digits = max(self._info.time_digits or 0, _digits(*ratio))
        if snap_length:
            self._info.snap_length = max(snap_length, self._info.snap_length or 0)

    def _filter(self, link_type: int) -> _LinkFilter:
        """Return the filter of a link type: interfaces may be many, the tables of each are made once."""
        order = self._blocks.order
        known = self._filters.get((link_type, order))
        if known is None:
            port_filter = PortFilter(self._ports, link_type)
            plain = port_filter.plain_ipv4(order)
            unpack = Struct(f"{order}IIIIII4x{plain.fields}").unpack_from
            known = self._filters[link_type, order] = _LinkFilter(port_filter.skips, unpack, plain)
            if link_type not in self._info.link_types:
                self._info.link_types.append(link_type)
        return known

    def _packet(self, block: Block) -> Record | None:
        """Read a packet block of any of the three kinds (sections 4.3 and 4.4, appendix A)."""
        unpack = self._blocks.unpack
        if block.kind == SIMPLE_PACKET:  # of the section's first interface, whose snap length says how much is there
            source = self._source(block, 0)
            start, time, original = _SIMPLE_PACKET_DATA, 0, unpack("I", 8)[0]
            captured = min(original, source.interface.snap_length or original)
        else:
            if block.kind == OLD_PACKET:
                interface_id, drops, high, low, captured, original = unpack("HHIIII", 8)
            else:
                interface_id, high, low, captured, original = unpack("IIIII", 8)
                drops = _UNKNOWN_DROPS
            source = self._source(block, interface_id)
            start, time = _PACKET_DATA, source.time(high, low)
        self._check(block, source, captured, block.end - TRAILER - start)
        if block.kind != SIMPLE_PACKET:
            extend_times(self._info, time)
        if block.kind == OLD_PACKET and drops != _UNKNOWN_DROPS:
            self._drops_in_all[_BETWEEN] += drops
        elif block.kind == PACKET:
            self._note_packet_drops(start + (captured + 3 & ~3), block.end - TRAILER)
        self._number += 1
        if source.filter.skips(self._window.data, start, captured):
            return None
        return self._record(source, time, start, captured, original)

    def _source(self, block: Block, interface_id: int) -> _Source:
        if interface_id >= len(self._sources):
            raise DamageError(
                f"the packet block at octet {block.at} is of interface {interface_id}, "
                "which its section has not described"
            )
        return self._sources[interface_id]

    def _check(self, block: Block, source: _Source, captured: int, room: int) -> None:
        claim = f"the packet block at octet {block.at} claims {captured} captured octets"
        if captured > room:
            raise DamageError(f"{claim} but has room for {room}")
        if captured > source.limit:
            raise DamageError(f"{claim}, more than the {source.limit} that are possible")

    def _note_statistics(self, block: Block) -> None:
        interface_id = self._blocks.unpack("I", 8)[0]
        if interface_id >= len(self._sources):
            return
        for code, option_at, length in self._blocks.options(20, block.end - TRAILER):
            if code in ISB_DROPS and length == 8:
                # A later block counts from the beginning again: it replaces an earlier one.
                self._drops[interface_id, ISB_DROPS[code]] = self._blocks.unpack("Q", option_at)[0]

    def _note_packet_drops(self, options_at: int, options_end: int) -> None:
        # A packet whose options are damaged is still a packet.
        with suppress(DamageError):
            for code, option_at, length in self._blocks.options(options_at, options_end):
                if code == EPB_DROPCOUNT and length == 8:
                    self._drops_in_all[_BETWEEN] += self._blocks.unpack("Q", option_at)[0]

    def _close_section(self) -> None:
        for (_, where), count in self._drops.items():
            self._drops_in_all[where] += count
        self._drops = {}
        self._interfaces_before += len(self._sources)
        self._extend_times(self._interfaces.stamps())
        self._sources, self._interfaces.rows = [], array("q")

    def _how(self) -> How:
        return How(self._ports, self._interfaces.unscanned(), self._blocks.order == ">")

    def _extend_times(self, stamps: Iterable[tuple[int, int, int]]) -> None:
        for index, earliest, latest in stamps:
            extend_times(self._info, self._sources[index].time(0, earliest))
            extend_times(self._info, self._sources[index].time(0, latest))

    def _tell_drops(self) -> None:
        self._close_section()
        for where, count in self._drops_in_all.items():
            if count:
                self._info.warnings.append(
                    f"{count} packets were dropped {where} while capturing: they are not in the capture"
                )


def _ratio(exponent: int) -> tuple[int, int]:
    """Return multiplier and divisor that turn a stamp into ns, from if_tsresol (section 4.2)."""
    if exponent & 0x80:
        return _NS, 1 << (exponent & 0x7F)
    return (_NS, 10**exponent) if exponent > 9 else (10 ** (9 - exponent), 1)


def _digits(multiplier: int, divisor: int) -> int:
    """Return how many decimal digits of a second a unit needs, at most the 9 that times are kept with."""
    return next((digits for digits in range(9) if 10**digits * multiplier >= _NS * divisor), 9)
