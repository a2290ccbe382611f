"""One TCP connection: its two senders while it lasts, and the two streams when it is over."""

from __future__ import annotations

from pop2dissect.decode.segment import ACK, FIN, RST, SYN, URG, Segment
from pop2dissect.tcp.reassembly import Cut, OverlapPolicy, build_stream
from pop2dissect.tcp.sequence import difference
from pop2dissect.tcp.stream import Span, Stream

MAX_DISTANCE = 1 << 30
"""Octets that a segment may lie from what is known of its stream: the largest window TCP can offer
(RFC 7323, section 2.3). What lies further away belongs to another connection, or is forged."""

MAX_UNSEEN = 1 << 24
"""Octets that an acknowledgement may run ahead of what was captured and still count as proof that they existed:
16 MiB, more than senders keep in flight. A stray segment's random number must not make a hole of a gigabyte."""

MAX_EVENTS = 100
"""Events kept for a connection, so that a hostile sender cannot make us keep one for every segment."""


class Sender:
    """What one end of a connection sent so far.

    Offsets are relative to ``base``, the sequence number of the first payload octet. Without a SYN
    the base is a guess from the first segment seen, and earlier octets get negative offsets until
    :meth:`stream` moves them.
    """

    __slots__ = (
        "acknowledged",
        "acknowledged_before",
        "base",
        "connection",
        "cuts",
        "fin",
        "fragments",
        "highest",
        "initial",
        "last_ack",
        "last_ack_offset",
        "ordered",
        "peer",
        "pieces",
        "reset",
        "urgent",
    )

    connection: Connection
    peer: Sender

    def __init__(self) -> None:
        self.base: int | None = None
        self.initial: int | None = None
        """The initial sequence number, where the SYN was seen or its acknowledgement told it."""
        self.highest = 0
        """Offset after the last octet seen."""
        self.acknowledged = 0
        """Offset up to which the peer acknowledged."""
        self.acknowledged_before = 0
        """The acknowledgement before that."""
        self.pieces: list[Span] = []
        self.ordered = True
        """Each piece begins where the one before it ended."""
        self.cuts: list[Cut] = []
        self.fin: int | None = None
        """Offset at which the sender ended its stream."""
        self.reset = False
        self.fragments: dict[int, tuple[int, ...]] = {}
        self.urgent: list[int] = []
        """Offsets of urgent octets."""
        self.last_ack: int | None = None
        self.last_ack_offset: int | None = None
        """The last acknowledgement number that this end sent, and what it means as an offset of the peer's stream."""

    def offset_of(self, seq: int) -> int:
        """Give the stream offset of a sequence number; the base must be known."""
        assert self.base is not None
        return self.highest + difference(seq, self.base + self.highest)

    def start_at(self, initial: int) -> None:
        """Take the initial sequence number from a SYN, also one that comes after octets that follow it."""
        base = (initial + 1) & 0xFFFFFFFF
        if self.base is not None and self.base != base:
            self._move(difference(self.base, base))
        self.base = base
        self.initial = initial

    def add_payload(self, segment: Segment, acknowledged: int | None) -> None:
        """Enter a segment's payload into the index."""
        seq = segment.seq
        if segment.flags & SYN:
            seq = (seq + 1) & 0xFFFFFFFF
        if self.base is None:
            self.base = seq
        base = self.base
        highest = self.highest
        length = segment.length
        captured = segment.captured
        offset = highest + difference(seq, base + highest)
        if offset != highest:
            if self._is_stray(offset, length, segment):
                return
            self.ordered = False
        if segment.flags & URG and 0 < segment.urgent <= length and len(self.urgent) < MAX_EVENTS:
            # As implemented everywhere, the pointer gives the octet after the urgent one (RFC 6093, section 3.1).
            self.urgent.append(offset + segment.urgent - 1)
        if captured < length:
            self.cuts.append(Cut(offset + captured, length - captured))
            self.ordered = False
        if captured:
            self.pieces.append(
                Span(offset, captured, segment.frame, segment.time, acknowledged, segment.data, segment.start)
            )
            if segment.fragments:
                self.fragments[segment.frame] = segment.fragments
        if offset + length > highest:
            self.highest = offset + length

    def _is_stray(self, offset: int, length: int, segment: Segment) -> bool:
        """Tell whether a payload out of order is no part of the stream: a keep-alive, or too far away."""
        if length == 1 and offset == self.highest - 1 and self.acknowledged >= self.highest:
            return True  # RFC 9293, section 3.8.4: a keep-alive may carry one octet of garbage
        lowest = 0 if self.initial is not None else -MAX_DISTANCE
        if offset + length <= lowest or offset > self.highest + MAX_DISTANCE:
            self.connection.note(
                f"frame {segment.frame} carries {length} octets far outside of the stream; they were left out"
            )
            return True
        return False

    def note_ack(self, ack: int) -> int | None:
        """Take an acknowledgement number that this end sent; give it as an offset of the peer's stream, if credible."""
        if ack == self.last_ack:
            return self.last_ack_offset
        peer = self.peer
        if peer.base is None:
            peer.base = ack
        highest = peer.highest
        offset = highest + difference(ack, peer.base + highest)
        self.last_ack = ack
        if not -MAX_UNSEEN <= offset - highest <= MAX_UNSEEN:
            self.last_ack_offset = None
            return None
        if peer.fin is not None and offset > peer.fin:
            offset = peer.fin
        if offset > peer.acknowledged:
            peer.acknowledged_before = peer.acknowledged
            peer.acknowledged = offset
        self.last_ack_offset = offset
        return offset

    def _move(self, by: int) -> None:
        """Add to every offset: the base was not where it was thought to be."""
        if not by:
            return
        self.pieces = [piece._replace(offset=piece.offset + by) for piece in self.pieces]
        self.cuts = [Cut(cut.offset + by, cut.length) for cut in self.cuts]
        self.urgent = [offset + by for offset in self.urgent]
        self.highest += by
        self.acknowledged += by
        self.acknowledged_before += by
        if self.fin is not None:
            self.fin += by
        peer = self.peer
        peer.last_ack = None
        peer.pieces = [
            piece if piece.acknowledged is None else piece._replace(acknowledged=piece.acknowledged + by)
            for piece in peer.pieces
        ]

    def settle(self) -> None:
        """Give the stream its final offsets, counted from 0, now that all of it is known."""
        if self.ordered:
            first = self.pieces[0].offset if self.pieces else 0
        else:
            first = min((entry.offset for entries in (self.pieces, self.cuts) for entry in entries), default=0)
        if self.initial is not None:
            if first < 0:
                self.pieces = [_without_head(piece) for piece in self.pieces if piece.end > 0]
        elif first < 2 or first > MAX_UNSEEN:
            # One octet ahead is no proof: the first segment seen may have been a keep-alive.
            self._move(-first)

    def stream(self, policy: OverlapPolicy) -> Stream:
        """Build the stream. Call :meth:`settle` of both ends before."""
        length = self.acknowledged
        if self.fin is None and length - 1 in (self.highest, self.acknowledged_before):
            length -= 1  # a FIN that was not captured, which counts as one octet
        ordered = self.ordered and (not self.pieces or self.pieces[0].offset == 0)
        return build_stream(
            self.pieces,
            ordered=ordered,
            cuts=self.cuts,
            proven_length=max(length, self.fin or 0),
            policy=policy,
            finished=self.fin is not None,
            reset=self.reset,
            fragments=self.fragments,
            urgent=tuple(sorted(set(self.urgent))),
        )


def _without_head(piece: Span) -> Span:
    """Cut off what lies before offset 0."""
    head = max(0, -piece.offset)
    return piece._replace(offset=piece.offset + head, length=piece.length - head, start=piece.start + head)


class Connection:
    """A TCP connection. ``client`` is the end that opened it, or the one that does not use the server's port."""

    __slots__ = (
        "client",
        "client_key",
        "closed_at",
        "end",
        "events",
        "first_frame",
        "handshake_ack",
        "has_payload",
        "last_frame",
        "number",
        "over",
        "packets",
        "refused",
        "server",
        "start",
        "streams",
    )

    def __init__(self, client_key: bytes, segment: Segment) -> None:
        self.client_key = client_key
        """Flow key of the direction from client to server."""
        self.client = Sender()
        self.server = Sender()
        for sender, peer in ((self.client, self.server), (self.server, self.client)):
            sender.connection = self
            sender.peer = peer
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
        self.events: list[str] = []
        self.streams: tuple[Stream, Stream] | None = None
        """The client's and the server's stream, once it is over."""

    def note(self, event: str) -> None:
        """Keep a sentence about what happened on the connection, for the examiner."""
        if len(self.events) < MAX_EVENTS:
            self.events.append(event)

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
        if flags & SYN:
            self._add_syn(sender, segment)
        if flags & RST:
            self._add_reset(sender, segment)
            return
        if sender.base is None:
            sender.base = segment.seq
        acknowledged = sender.note_ack(segment.ack) if flags & ACK else None
        if segment.length:
            self.has_payload = True
            sender.add_payload(segment, acknowledged)
        if flags & FIN:
            self._add_fin(sender, segment)
        elif sender is self.client and not flags & SYN and flags & ACK:
            self.handshake_ack = True

    def _add_syn(self, sender: Sender, segment: Segment) -> None:
        if sender.initial is not None and sender.initial != segment.seq:
            self.note(f"frame {segment.frame} repeats the SYN with another initial sequence number")
            return
        sender.start_at(segment.seq)

    def _add_fin(self, sender: Sender, segment: Segment) -> None:
        end = sender.offset_of(segment.seq) + segment.length
        if sender.fin is None and abs(end - sender.highest) <= MAX_UNSEEN:
            sender.fin = end
        if sender.peer.fin is not None and self.closed_at is None:
            self.closed_at = segment.time

    def _add_reset(self, sender: Sender, segment: Segment) -> None:
        """RFC 9293, section 3.10.7.3: a RST outside of the window is not acceptable, and closes nothing."""
        if sender.base is None:
            # The answer to a SYN: it must acknowledge it.
            if sender.peer.initial is not None and segment.ack != (sender.peer.initial + 1) & 0xFFFFFFFF:
                self.note(f"frame {segment.frame} is a RST that does not answer the SYN; it was ignored")
                return
            self.refused = sender is self.server
        elif abs(difference(segment.seq, sender.base + sender.highest)) > MAX_UNSEEN:
            self.note(f"frame {segment.frame} is a RST far outside of the window; it was ignored")
            return
        sender.reset = True
        if self.closed_at is None:
            self.closed_at = segment.time

    def finish(self, policy: OverlapPolicy) -> None:
        """Build the two streams. Nothing can be added afterwards."""
        self.over = True
        self.client.settle()
        self.server.settle()
        self.streams = (self.client.stream(policy), self.server.stream(policy))

    @property
    def handshake(self) -> tuple[bool, bool, bool]:
        """Which parts of the handshake were captured: the SYN, its answer, and the client's acknowledgement."""
        return self.client.initial is not None, self.server.initial is not None, self.handshake_ack
