"""One TCP connection: its two senders while it lasts, and the two streams when it is over."""

from __future__ import annotations

from pop2dissect.decode.segment import ACK, FIN, RST, SYN, URG, Segment
from pop2dissect.limits import DEFAULT, Limits
from pop2dissect.tcp.events import Events
from pop2dissect.tcp.reassembly import OverlapPolicy
from pop2dissect.tcp.sender import Sender
from pop2dissect.tcp.stream import Stream


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
        "settled",
        "start",
        "streams",
        "wanted",
    )

    def __init__(self, client_key: bytes, segment: Segment, limits: Limits = DEFAULT) -> None:
        self.client_key = client_key
        """Flow key of the direction from client to server."""
        self.limits = limits
        self.log = Events(limits.events)
        self.client = Sender("client", limits, self.log)
        self.server = Sender("server", limits, self.log)
        self.number = 0
        """Its place, from 1, among the connections with payload in the order of first frames; 0: not known yet."""
        self.first_frame = self.last_frame = segment.frame
        self.start = self.end = segment.time
        self.packets = 0
        self.has_payload = False
        self.wanted: bool | None = True
        """Whether it is to be given out when it is over; None: not known yet."""
        self.handshake_ack = False
        self.refused = False
        """The server answered the client's SYN with RST."""
        self.closed_at: int | None = None
        """Time of the segment that closed it: the second FIN, or an RST."""
        self.over = False
        self.settled = False
        """Its segments need no look but at their flags: it has payload, is wanted, open, and alone on its ports."""
        self.replaces: Connection | None = None
        """The connection on the same addresses and ports whose segments may still come."""
        self.streams: tuple[Stream, Stream] | None = None
        """The client's and the server's stream, once it is over."""

    @property
    def events(self) -> list[str]:
        """What happened that an examiner should know: a sentence with frames for each kind of event."""
        return self.log.sentences()

    @property
    def is_given(self) -> bool:
        """Whether it is to be given out when it is over, as far as known by now."""
        return self.has_payload and self.wanted is True

    def other(self, sender: Sender) -> Sender:
        """Return the other end."""
        return self.server if sender is self.client else self.client

    def note(self, event: str, frame: int) -> None:
        """Keep what a frame shows, for the examiner."""
        self.log.add(event, frame)

    def add(self, sender: Sender, segment: Segment) -> None:
        """Take the next captured segment, sent by ``sender``."""
        frame, time, _, seq, ack, flags, _, _, data, start, captured, length, fragments, doubts = segment
        self.packets += 1
        self.last_frame = frame
        if time > self.end:
            self.end = time
        elif time < self.start:
            self.start = time
        if doubts:
            for doubt in doubts:
                self.note(doubt, frame)
        peer = self.server if sender is self.client else self.client
        if flags & (SYN | RST):
            if flags & SYN and not self._add_syn(sender, peer, segment):
                return
            if flags & RST:
                self._add_reset(sender, peer, segment)
                return
        space = sender.space
        if space.base is None:
            space.base = seq
        acknowledged = None
        if flags & ACK:
            acks = peer.acks
            acknowledged = acks.offset if ack == acks.number else peer.acknowledge(ack)
        if length:
            self.has_payload = True
            pieces = sender.pieces
            if (
                (space.base + pieces.highest) & 0xFFFFFFFF != seq
                or captured != length
                or flags & (SYN | URG)
                or self.closed_at is not None
                or sender.fin is not None
                or fragments
                or doubts
                or not pieces.append(frame, time, data, start, length, acknowledged)
            ):
                if sender.reset or peer.reset:
                    self.note(f"data of the {sender.name} after a RST", frame)
                sender.add_payload(segment, acknowledged)
        if flags & FIN:
            sender.take_fin(segment)
            if peer.fin is not None and self.closed_at is None:
                self.closed_at = time
        elif flags & ACK and sender is self.client and not flags & SYN:
            self.handshake_ack = True

    def _add_syn(self, sender: Sender, peer: Sender, segment: Segment) -> bool:
        """Take a SYN; return whether the rest of the segment counts."""
        if segment.length:
            self.note(f"payload in the SYN of the {sender.name} (as TCP Fast Open has it, RFC 7413)", segment.frame)
        initial = sender.space.initial
        if initial is None:
            peer.pieces.move_acknowledged(sender.start_at(segment.seq))
        elif initial != segment.seq:
            self.note(f"a further SYN of the {sender.name} with another initial sequence number", segment.frame)
            # Until the peer has acknowledged one of them, the last one counts: servers that forgot a SYN, or keep
            # no memory of it, answer its repetition with a new number.
            if sender.has_spoken or sender.acks.number == (initial + 1) & 0xFFFFFFFF:
                sender.rival = None if sender.has_spoken else segment.seq
                return False
            sender.restart_at(segment.seq)
        return True

    def _add_reset(self, sender: Sender, peer: Sender, segment: Segment) -> None:
        """RFC 9293, section 3.10.7.3: a RST outside of the window is not acceptable, and closes nothing."""
        distance = sender.distance(segment.seq)
        if distance is None:
            # The answer to a SYN: it must acknowledge it.
            initial = peer.space.initial
            if initial is not None and segment.ack != (initial + 1) & 0xFFFFFFFF:
                self.note("a RST that does not answer the SYN, and was ignored", segment.frame)
                return
            self.refused = sender is self.server
        elif distance > self.limits.unseen_octets:
            self.note(f"a RST of the {sender.name} far outside of the window, which was ignored", segment.frame)
            return
        if segment.length and distance is not None:
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
        self.server.pieces.move_acknowledged(self.client.settle())
        self.client.pieces.move_acknowledged(self.server.settle())
        self.streams = (self.client.stream(policy), self.server.stream(policy))

    @property
    def handshake(self) -> tuple[bool, bool, bool]:
        """Which parts of the handshake were captured: the SYN, its answer, and the client's acknowledgement."""
        return self.client.space.initial is not None, self.server.space.initial is not None, self.handshake_ack
