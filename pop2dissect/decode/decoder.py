"""Packets to TCP segments: the walk over the layers, and TCP itself (RFC 9293)."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from struct import Struct
from typing import Final

from pop2dissect.capture.record import Record
from pop2dissect.decode import ip, link, ppp, pseudo, tags, tunnel, udp_tunnel, wireless
from pop2dissect.decode.endings import named_ending
from pop2dissect.decode.fragments import Overlap, Reassembler
from pop2dissect.decode.packet import FRAGMENT, LINK_TYPE, TCP, Layer, Packet
from pop2dissect.decode.problems import WRONG_TCP_CHECKSUM, Problems, Undecodable, Verdict, not_known
from pop2dissect.decode.segment import Segment
from pop2dissect.limits import DEFAULT, Limits

LAYERS: Final[Mapping[int, Layer]] = {
    **link.LAYERS,
    **tags.LAYERS,
    **ppp.LAYERS,
    **wireless.LAYERS,
    **ip.LAYERS,
    **tunnel.LAYERS,
    **udp_tunnel.LAYERS,
    **pseudo.LAYERS,
}
"""All layers by name; TCP, where a walk ends, and fragments, which need a memory, are the decoder's own."""

_PORTS = Struct(">HH")
_TCP = Struct(">4xIIBBHxxH")  # seq, ack, header length, flags, window, urgent pointer
_TCP_HEADER = 20

# Headers at one go: EtherType; IP's version, length, fragment, protocol; TCP's ports and what follows them.
_PLAIN_IPV4 = Struct(">12xHBxHxxHxB10xHHIIBBHxxH")
_PLAIN_IPV6 = Struct(">14xBxxxHBx32xHHIIBBHxxH")
_ANY_PORT = range(1 << 16)
_new_segment: Callable[[type[Segment], tuple[object, ...]], Segment] = tuple.__new__
"""Makes a segment in two thirds of the time of its own constructor."""


class Decoder:
    """Makes TCP segments of the packets of a capture, and keeps account of those that it could not.

    Fragments are put together over all packets that a decoder is given, so one decoder serves one
    capture, or several that follow one another.
    """

    def __init__(
        self,
        ports: frozenset[int] | None,
        *,
        overlap: Overlap = "first",
        limits: Limits = DEFAULT,
        verify_checksums: bool = False,
    ) -> None:
        """Wanted are segments from or to one of the ports; None stands for every port.

        ``overlap`` says which copy stays where fragments of IPv4 overlap. With ``verify_checksums``
        wrong checksums of IPv4 headers and of TCP are counted; the segments are given all the same,
        because adapters that fill in checksums leave every packet that a host sends with a wrong one.
        """
        self.problems = Problems()
        """What could not be decoded, by reason, in order of appearance."""
        self._ports: Container[int] = _ANY_PORT if ports is None else ports
        self._max_layers = limits.layers
        self._verify = verify_checksums
        self._reassembler = Reassembler(limits, overlap, self._ports, LAYERS, self.problems)
        self._layers: Mapping[int, Layer] = {**LAYERS, FRAGMENT: self._reassembler}

    def decode(self, record: Record) -> Segment | None:
        """Return the packet's TCP segment, or None if it has none from or to a wanted port.

        Nearly all packets are Ethernet, then IPv4 without options or IPv6 without extension headers,
        then TCP. Their headers are read here at one go. Whatever is unusual about a packet, or wrong
        with it, is left to the walk over the layers, which would give the same for the plain ones.
        """
        frame, time, link_type, data, start, captured, original = record
        if link_type != 1 or captured < 54 or self._verify:
            return self._walk(record)
        (
            ethertype, version, total, fragment, protocol,
            source, destination, seq, ack, header, flags, window, urgent,
        ) = _PLAIN_IPV4.unpack_from(data, start)  # fmt: skip
        if ethertype == 0x0800:
            if version != 0x45 or protocol != 6 or total < 40 or fragment & 0x3FFF:
                return self._walk(record)
            addresses, tcp, end = 26, 34, 14 + total
        elif ethertype == 0x86DD and captured >= 74:
            (
                version, total, protocol,
                source, destination, seq, ack, header, flags, window, urgent,
            ) = _PLAIN_IPV6.unpack_from(data, start)  # fmt: skip
            if version >> 4 != 6 or protocol != 6 or total < 20:
                return self._walk(record)
            addresses, tcp, end = 22, 54, 54 + total
        else:
            return self._walk(record)
        if source not in self._ports and destination not in self._ports:
            return None
        payload = tcp + (header >> 4 << 2)
        length = end - payload
        room = captured - payload
        if header < 0x50 or length < 0 or room < 0 or end > original:
            return self._walk(record)
        return _new_segment(
            Segment,
            (
                frame,
                time,
                data[start + addresses : start + tcp + 4],
                seq,
                ack,
                flags,
                window,
                urgent,
                data,
                start + payload,
                length if length < room else room,
                length,
                (),
                (),
                (),
            ),
        )

    def finish(self) -> None:
        """Tell that the capture has ended: what is incomplete stays so, and is counted as a problem."""
        self._reassembler.finish()

    def warnings(self) -> list[str]:
        """Return a sentence for each problem so far, in order of appearance."""
        return [str(problem) for problem in self.problems.values()]

    def _walk(self, record: Record) -> Segment | None:
        """Take off layer after layer until TCP is reached."""
        packet = Packet(record, self._verify)
        name = LINK_TYPE + record.link_type
        try:
            for _ in range(self._max_layers):
                layer = self._layers.get(name)
                if layer is None:
                    ending = named_ending(name)
                    if ending is not None:
                        raise not_known(ending)
                    return None
                name = layer(packet)
                if name == TCP:
                    return self._segment(packet)
            raise Undecodable(f"it has more than {self._max_layers} headers before TCP")
        except Undecodable as problem:
            self.problems.add(Verdict.UNDECODED, str(problem), record.frame)
            return None

    def _segment(self, packet: Packet) -> Segment | None:
        """Read a TCP header (RFC 9293, section 3.1) if one of the ports is wanted."""
        data, at = packet.data, packet.at
        packet.need(_PORTS.size, "TCP header")
        source, destination = _PORTS.unpack_from(data, at)
        if source not in self._ports and destination not in self._ports:
            return None
        packet.need(_TCP_HEADER, "TCP header")
        seq, ack, header, flags, window, urgent = _TCP.unpack_from(data, at)
        header = header >> 4 << 2
        if header < _TCP_HEADER:
            raise Undecodable("the data offset field of a TCP header is less than 20 octets")
        if at + header > packet.wire:
            raise Undecodable("the TCP header is longer than the packet")
        if self._verify:
            _verify_checksum(packet)
        for reason, frame in packet.doubts:
            self.problems.add(Verdict.DOUBTFUL, reason, frame)
        start = min(at + header, packet.end)  # the snap length may have cut the options: no matter
        return Segment(
            frame=packet.frame,
            time=packet.time,
            key=packet.addresses + data[at : at + 4],
            seq=seq,
            ack=ack,
            flags=flags,
            window=window,
            urgent=urgent,
            data=data,
            start=start,
            captured=packet.end - start,
            length=packet.wire - at - header,
            fragments=packet.fragments,
            doubts=tuple(dict.fromkeys(reason for reason, _ in packet.doubts)),
            context=tuple(packet.context),
        )


def _verify_checksum(packet: Packet) -> None:
    """Doubt a packet whose TCP checksum is wrong (RFC 9293, section 3.1; RFC 1071).

    The one's complement sum of 16-bit words is 0 modulo 65,535 if the checksum is right; so is the
    number of any size that the words make up.
    """
    if packet.end < packet.wire:
        return
    octets = packet.data[packet.at : packet.end]
    pseudo_header = int.from_bytes(packet.addresses) + 6 + len(octets)
    if (pseudo_header + int.from_bytes(octets + b"\0"[: len(octets) % 2])) % 0xFFFF:
        packet.doubt(WRONG_TCP_CHECKSUM)
