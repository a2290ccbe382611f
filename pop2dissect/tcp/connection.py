"""One TCP connection: its two senders while it lasts, and the two streams when it is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pop2dissect.decode.segment import ACK, FIN, RST, SYN, URG, Segment
from pop2dissect.limits import DEFAULT, Limits
from pop2dissect.tcp.events import Events
from pop2dissect.tcp.reassembly import OverlapPolicy
from pop2dissect.tcp.sender import Sender
from pop2dissect.tcp.sequence import difference
from pop2dissect.tcp.stream import Span, Stream

_DECISIVE: Final = FIN | SYN | RST | ACK | URG
"""The flags that a segment's meaning depends on; PSH and those of congestion control say nothing here."""

_new_span: Callable[[type[Span], tuple[object, ...]], Span] = tuple.__new__
"""Makes a span in two thirds of the time of its own constructor."""


class Connection:
    """A TCP connection. ``client`` is the end that opened it, or the one that does not use the server's port."""

    __slots__ = (
        "client",
        "client_key",
        "closed_at",
        "end",
        "first_frame",
        "handshake_ack",
        "has_payload",
        "last_frame",
        "limits",
        "log",
        "number",
        "over",
        "packets",
        "refused",
        "replaces",
        "server",
        "start",
        "streams",
    )

    def __init__(self, client_key: bytes, segment: Segment, limits: Limits = DEFAULT) -> None:
        self.client_key = client_key
        """Flow key of the direction from client to server."""
        self.limits = limits
        self.log = Events(limits.events)
        self.client = Sender("client", limits, self.log)
        self.server = Sender("server", limits, self.log)
        self.client.peer, self.server.peer = self.server, self.client
        self.number = 0
        """Its place, from 1, among the connections with payload in the order of first frames; 0: not known yet."""
        self.first_frame = self.last_frame = segment.frame
        self.start = self.end = segment.time
        self.packets = 0
        self.has_payload = False
        self.handshake_ack = False
        self.refused = False
        """The server answered the client's SYN with RST."""
        self.closed_at: int | None = None
        """Time of the segment that closed it: the second FIN, or an RST."""
        self.over = False
        self.replaces: Connection | None = None
        """The connection on the same addresses and ports whose segments may still come."""
        self.streams: tuple[Stream, Stream] | None = None
        """The client's and the server's stream, once it is over."""

    @property
    def events(self) -> list[str]:
        """What happened that an examiner should know: a sentence with frames for each kind of event."""
        return self.log.sentences()

    def note(self, event: str, frame: int) -> None:
        """Keep what a frame shows, for the examiner."""
        self.log.add(event, frame)

    def add_in_order(self, sender: Sender, segment: Segment) -> bool:
        """Take a segment as nearly all are, and say whether it was one; of any other, nothing is taken.

        It does just what :meth:`add` would, in a third of the time. Such a segment has no flag that matters
        but ACK, was captured whole, in one packet, and begins where what was seen of its sender ends, on a
        connection that is open and has carried payload before. Octets in memory of their own are not its
        business, since they are limited.
        """
        (frame, time, _, seq, ack, flags, _, _, data, start, captured, length, fragments, doubts) = segment
        base, offset, pieces = sender.base, sender.highest, sender.pieces
        if (
            flags & _DECISIVE != ACK
            or base is None
            or (base + offset) & 0xFFFFFFFF != seq
            or captured != length
            or not self.has_payload
            or self.closed_at is not None
            or sender.fin is not None
            or self.replaces is not None
            or fragments
            or doubts
            or type(data) is bytes
            or len(pieces) >= self.limits.stream_segments
        ):
            return False
        self.packets += 1
        self.last_frame = frame
        if time > self.end:
            self.end = time
        elif time < self.start:
            self.start = time
        acknowledged = sender.last_ack_offset if ack == sender.last_ack else sender.note_ack(ack)
        if length:
            sender.payloads += 1
            sender.highest = offset + length
            pieces.append(_new_span(Span, (offset, length, frame, time, acknowledged, data, start)))
        if sender is self.client:
            self.handshake_ack = True
        return True

    def add(self, sender: Sender, segment: Segment) -> None:
        """Take the next captured segment, sent by ``sender``."""
        flags = segment.flags
        self.packets += 1
        self.last_frame = segment.frame
        time = segment.time
        if time > self.end:
            self.end = time
        elif time < self.start:
            self.start = time
        for doubt in segment.doubts:
            self.note(doubt, segment.frame)
        if flags & SYN and not self._add_syn(sender, segment):
            return
        if flags & RST:
            self._add_reset(sender, segment)
            return
        if sender.base is None:
            sender.base = segment.seq
        acknowledged = sender.note_ack(segment.ack) if flags & ACK else None
        if segment.length:
            self.has_payload = True
            if sender.reset or sender.peer.reset:
                self.note(f"data of the {sender.name} after a RST", segment.frame)
            sender.add_payload(segment, acknowledged)
        if flags & FIN:
            sender.take_fin(segment)
            if sender.peer.fin is not None and self.closed_at is None:
                self.closed_at = time
        elif sender is self.client and not flags & SYN and flags & ACK:
            self.handshake_ack = True

    def _add_syn(self, sender: Sender, segment: Segment) -> bool:
        """Take a SYN; say whether the rest of the segment counts."""
        if segment.length:
            self.note(f"payload in the SYN of the {sender.name} (as TCP Fast Open has it, RFC 7413)", segment.frame)
        if sender.initial is None:
            sender.start_at(segment.seq)
        elif sender.initial != segment.seq:
            self.note(f"a further SYN of the {sender.name} with another initial sequence number", segment.frame)
            # Until the peer has acknowledged one of them, the last one counts: servers that forgot a SYN, or keep
            # no memory of it, answer its repetition with a new number.
            if sender.payloads or sender.peer.last_ack == (sender.initial + 1) & 0xFFFFFFFF:
                sender.rival = None if sender.payloads else segment.seq
                return False
            sender.restart_at(segment.seq)
        return True

    def _add_reset(self, sender: Sender, segment: Segment) -> None:
        """RFC 9293, section 3.10.7.3: a RST outside of the window is not acceptable, and closes nothing."""
        if sender.base is None:
            # The answer to a SYN: it must acknowledge it.
            if sender.peer.initial is not None and segment.ack != (sender.peer.initial + 1) & 0xFFFFFFFF:
                self.note("a RST that does not answer the SYN, and was ignored", segment.frame)
                return
            self.refused = sender is self.server
        elif abs(difference(segment.seq, sender.base + sender.highest)) > self.limits.unseen_octets:
            self.note(f"a RST of the {sender.name} far outside of the window, which was ignored", segment.frame)
            return
        if segment.length and sender.base is not None:
            # RFC 1122, section 4.2.2.12: they may explain the cause. Kept, as by tshark and tcpflow, as evidence.
            self.has_payload = True
            self.note(f"a RST of the {sender.name} that carries octets, which no program will have read", segment.frame)
            sender.add_payload(segment, None)
        sender.reset = True
        if self.closed_at is None:
            self.closed_at = segment.time

    def finish(self, policy: OverlapPolicy) -> None:
        """Build the two streams. Nothing can be added afterwards."""
        self.over = True
        self.client.settle()
        self.server.settle()
        self.streams = (self.client.stream(policy), self.server.stream(policy))

    def release(self) -> None:
        """Let go of what refers back to it, so that its memory is free at once and not when cycles are looked for."""
        del self.client.peer, self.server.peer

    @property
    def handshake(self) -> tuple[bool, bool, bool]:
        """Which parts of the handshake were captured: the SYN, its answer, and the client's acknowledgement."""
        return self.client.initial is not None, self.server.initial is not None, self.handshake_ack
