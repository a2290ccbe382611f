"""Reads the records of a pcap file (draft-ietf-opsawg-pcap, section 5), hopping from header to header."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from struct import Struct

from pop2dissect.capture import fast
from pop2dissect.capture.damage import extend_times, stop, stop_at_end
from pop2dissect.capture.linktypes import max_captured
from pop2dissect.capture.part import How
from pop2dissect.capture.parts import Parts
from pop2dissect.capture.pcap import read_header
from pop2dissect.capture.pcapng_blocks import IF_TSRESOL
from pop2dissect.capture.portfilter import PLAIN_IPV4, PortFilter
from pop2dissect.capture.record import FRAME_BITS, CaptureInfo, Details, Interface, Option, Record
from pop2dissect.capture.scan import Flows
from pop2dissect.capture.window import Window

NS = 1_000_000_000
_ZEROS = 1 << 16


class PcapReader:
    """Reads one file. Raises CaptureError where the file header is cut or of an unknown version."""

    def __init__(self, window: Window, info: CaptureInfo, index: int, ports: frozenset[int] | None) -> None:
        self._window = window
        self._info = info
        self._index = index
        self._ports = ports
        self._header = read_header(window, info)
        self._lengths = Struct(self._header.variant.byte_order + "8xII").unpack_from
        self._looked_for_zeros = -1
        self._long_fractions = self._first_long_fraction = 0
        self.flows: Flows | None = None
        """Conversations of which the scan takes what continues them."""
        self.parts: Parts | None = None
        """What others scan ahead."""

    def records(self) -> Iterator[Record]:
        """Yield the packets, without those that plainly cannot be TCP on one of the ports.

        What is compiled, where it is, goes through each window first, up to what it leaves to this.

        One unpacking reads a record header and the fields of a plain IPv4 packet behind it. Time stamps
        are watched in runs, within which the seconds stay and the fraction does not decrease: only a
        run's first and last can be the capture's earliest or latest.
        """
        window, info = self._window, self._info
        variant, link_type, lengths = self._header
        order, header_octets, unit = variant.byte_order, variant.header_octets, variant.unit
        limit = max_captured(link_type)
        port_filter = PortFilter(self._ports, link_type)
        skips = port_filter.skips
        fields, ipv4, minimum, fragment_mask, kept = port_filter.plain_ipv4(order)
        unpack = Struct(f"{order}II{lengths}{header_octets - 16}x{fields}").unpack_from
        header = Struct(f"{order}II{lengths}").unpack_from
        reference = number = self._index << FRAME_BITS
        whole_second = 10**variant.time_digits
        run_seconds = run_fraction = -1
        position = 0
        interfaces, found = fast.Interfaces(self._ports), list[tuple[int, int]]()
        interfaces.add(link_type, unit)
        form = array("q", (header_octets, 8 if lengths[0] == "I" else 12, order == ">", whole_second, unit))
        unscanned = How(self._ports, tuple(interfaces.rows), order == ">", tuple(form))

        def how() -> How:
            return unscanned

        try:
            while True:
                data, end, base = window.data, window.end, window.base
                scanner = fast.scanner
                while scanner is not None:
                    flows = self.flows if window.frames is not None else None
                    position, passed = scanner.pcap(
                        data, position, end, form, interfaces.rows, interfaces.tables, number, found, flows, base
                    )
                    for number, at in found:
                        seconds, fraction, captured = header(data, at)
                        yield self._record(number, seconds * NS + fraction * unit, at, captured)
                    number = passed
                    if flows is None or not found:
                        scanner = None
                    found.clear()
                last = end - header_octets
                captured, empty = 0, False
                while position <= last:
                    seconds, fraction, captured, kind, version, fragment, protocol, source, destination = unpack(
                        data, position
                    )
                    following = position + header_octets + captured
                    if following > end:
                        break  # also if captured > limit: the window never holds that much
                    if seconds != run_seconds or not run_fraction <= fraction < whole_second:
                        empty = not (seconds or fraction or captured) and base + position != self._looked_for_zeros
                        if empty:
                            break
                        if run_seconds >= 0:
                            extend_times(info, run_seconds * NS + run_fraction * unit)
                        extend_times(info, seconds * NS + fraction * unit)
                        run_seconds = seconds or -1  # each of the first second is looked at: it may be of the zeros
                        if fraction >= whole_second:
                            self._long_fractions += 1
                            self._first_long_fraction = self._first_long_fraction or number - reference + 1
                    number += 1
                    run_fraction = fraction
                    if version == PLAIN_IPV4 and kind == ipv4 and captured >= minimum and not fragment & fragment_mask:
                        wanted = kept[protocol]
                        if source not in wanted and destination not in wanted:
                            position = following
                            continue
                    elif skips(data, position + header_octets, captured):
                        position = following
                        continue
                    yield self._record(number, seconds * NS + fraction * unit, position, captured)
                    position = following
                if empty and self._nothing_but_zeros(position):
                    what = f"the record of frame {number - reference + 1} should be"
                    stop(info, f"nothing but zeros from octet {window.base} on, where {what}: reading stops there")
                    return
                if empty:
                    position = 0
                    continue
                if captured > limit and position <= last:
                    at = base + position
                    stop(
                        info,
                        f"the record of frame {number - reference + 1}, at octet {at}, claims {captured} "
                        f"captured octets, more than the {limit} that are possible: reading stops there",
                    )
                    return
                if self.parts is not None:
                    position, packets, stamps = self.parts.pass_by(position, how)
                    self._extend_times(stamps)
                    if packets:
                        number += packets
                        continue
                wanted_octets = header_octets + (captured if position <= last else 0)
                if not window.forward(position, wanted_octets):
                    stop_at_end(info, window, window.base, f"the record of frame {number - reference + 1}")
                    return
                position = 0
        finally:
            info.packets = number - reference
            if self._long_fractions:
                info.warnings.append(
                    "time stamps whose fraction is a second or more, which was added to the seconds: "
                    f"{self._long_fractions}, the first of frame {self._first_long_fraction}"
                )
            if run_seconds >= 0:
                extend_times(info, run_seconds * NS + run_fraction * unit)
            self._extend_times(interfaces.stamps())

    def _extend_times(self, stamps: Iterable[tuple[int, int, int]]) -> None:
        for _, earliest, latest in stamps:
            extend_times(self._info, earliest)
            extend_times(self._info, latest)

    def _record(self, number: int, time: int, at: int, captured: int) -> Record:
        """Return the packet whose record begins at ``at`` of the window."""
        window, (variant, link_type, _) = self._window, self._header
        original, body = max(self._lengths(window.data, at)), at + variant.header_octets
        if window.frames is not None:
            return Record(number, time, link_type, window.frames, window.base + body, captured, original)
        octets = bytes(window.data[body : body + captured])
        return Record(number, time, link_type, octets, 0, captured, original)

    def _nothing_but_zeros(self, position: int) -> bool:
        """Whether the file holds only zeros from here on, or so many that no packets can be meant by them.

        They are what a disk or a file system leaves of a file that was not written to its end; read as
        records they would be empty packets of 1970. The window then begins at ``position``.
        """
        window = self._window
        self._looked_for_zeros = window.base + position
        window.forward(position, _ZEROS)
        return not any(window.data[: min(window.end, _ZEROS)])

    def details(self, record: Record) -> Details:
        """Return what the file says of a packet, as pcapng would say it."""
        variant, link_type, _ = self._header
        resolution = Option(IF_TSRESOL, bytes([variant.time_digits]))
        interface = Interface(0, link_type, self._info.snap_length or 0, (resolution,))
        return Details(interface, record.time // variant.unit, ())
