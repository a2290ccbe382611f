"""One TCP connection: its two senders while it lasts, and the two streams when it is over."""

from __future__ import annotations

from collections import deque

from pop2dissect.choices import OverlapPolicy
from pop2dissect.decode.segment import ACK, FIN, RST, SYN, URG, Segment, reverse_key
from pop2dissect.limits import DEFAULT, Limits
from pop2dissect.tcp.clock import Clock
from pop2dissect.tcp.events import Events
from pop2dissect.tcp.sender import Sender
from pop2dissect.tcp.sequence import difference
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.values import duration

MAX_CLAIMS = 32
"""FINs and RSTs at the end of a connection that are remembered until it is known whether they count."""

_CONTROL = SYN | FIN | RST


class Connection:
    """A TCP connection. ``client`` is the end that opened it, or the one that does not use the server's port."""

    __slots__ = (
        "_before_claims",
        "_ends_at",
        "client",
        "client_key",
        "clock",
        "closed_at",
        "copy_of",
        "earlier",
        "first_frame",
        "handshake_ack",
        "has_payload",
        "last_frame",
        "limits",
        "log",
        "may_be_copy",
        "number",
        "opened_with",
        "outlived",
        "over",
        "packets",
        "refused",
        "server",
        "settled",
        "streams",
        "superseded",
        "times_taken",
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
        self.clock = Clock(segment.time)
        self.opened_with = segment.flags
        """The flags of its first segment."""
        self.packets = 0
        self.has_payload = False
        self.wanted: bool | None = True
        """Whether it is to be given out when it is over; None: not known yet."""
        self.handshake_ack = False
        self.refused = False
        """The server answered the client's SYN with RST."""
        self.closed_at: int | None = None
        """Time of the segment that closed it: the second FIN, or an RST."""
        self._ends_at: int | None = None
        self._before_claims: deque[tuple[int, int, int]] = deque(maxlen=MAX_CLAIMS)
        """For the last FINs and RSTs: its frame, the last frame before it, and when the connection ended before it."""
        self.over = False
        self.settled = False
        """Its segments need no look but at their flags: it has payload, is wanted, open, and alone on its ports."""
        self.times_taken = 0
        """How often the scan has taken it over."""
        self.superseded = False
        """It counts as closed because another connection uses its addresses and ports."""
        self.outlived = False
        """An earlier one with the same addresses and ports went on after its SYN."""
        self.earlier: Connection | None = None
        """The connection before it with the same addresses and ports, whose segments may still come."""
        self.copy_of: Connection | None = None
        """A connection that began with the same number, of which it may be a copy."""
        self.may_be_copy = False
        """It is not known yet whether it is a copy of another one."""
        self.streams: tuple[Stream, Stream] | None = None
        """The client's and the server's stream, once it is over."""

    @property
    def asks(self) -> bool:
        """It began with a SYN that answers none."""
        return self.opened_with & (SYN | ACK) == SYN

    @property
    def events(self) -> list[str]:
        """What happened that an examiner should know: a sentence with frames for each kind of event."""
        return self.log.sentences()

    @property
    def is_given(self) -> bool:
        """Whether it is to be given out when it is over, as far as known by now."""
        return self.has_payload and self.wanted is True and not self.may_be_copy

    @property
    def start(self) -> int:
        """Time of its earliest segment in ns."""
        return self.clock.start

    @property
    def end(self) -> int:
        """Time of its latest segment in ns, by the clock that its first one had."""
        return self.clock.end if self._ends_at is None else self._ends_at

    @property
    def has_copies(self) -> bool:
        """Whether copies of its segments are known to be among them."""
        return self._ends_at is not None

    def ends_at(self, time: int) -> None:
        """Take another time for its end: what comes later are copies."""
        self._ends_at = time

    def swap_ends(self) -> None:
        """Let the client be the server, and the server the client."""
        self.client_key = reverse_key(self.client_key)
        self.client, self.server = self.server, self.client
        self.client.name, self.server.name = self.server.name, self.client.name
        self.log.swap_ends()

    @property
    def ends(self) -> tuple[Sender, Sender]:
        """The client and the server."""
        return self.client, self.server

    def move(self, sender: Sender, by: int) -> None:
        """Add to every offset of one end's stream: it does not start where it was thought to."""
        sender.move(by)
        self.other(sender).pieces.move_acknowledged(by)

    def absorb(self, copy: Connection) -> None:
        """Take up the segments of a copy of it, and what only these tell. They do not make it last longer."""
        self.packets += copy.packets
        self.last_frame = max(self.last_frame, copy.last_frame)
        self.handshake_ack = self.handshake_ack or copy.handshake_ack
        ends_only_there = self.closed_at is None and copy.closed_at is not None
        self.ends_at(max(self.end, copy.end) if ends_only_there else self.end)
        for ours, theirs in zip(self.ends, copy.ends, strict=True):
            ours.absorb(theirs)
        if ends_only_there:
            self.judge_end(copy.end)

    @property
    def is_open(self) -> bool:
        """Whether both ends may still speak, and one of them has."""
        return self.has_payload and self.closed_at is None

    @property
    def is_answered(self) -> bool:
        """Whether there is more of it than a SYN."""
        return self.has_payload or self.handshake[:2] == (True, True) or self.copy_of is not None

    @property
    def is_reset(self) -> bool:
        """Whether a RST closed it, as far as known by now."""
        return bool(self.client.claims.resets or self.server.claims.resets)

    def other(self, sender: Sender) -> Sender:
        """Return the other end."""
        return self.server if sender is self.client else self.client

    def note(self, event: str, frame: int) -> None:
        """Keep what a frame shows, for the examiner."""
        self.log.add(event, frame)

    def add(self, sender: Sender, segment: Segment) -> None:
        """Take the next captured segment, sent by ``sender``."""
        frame, time, _, seq, ack, flags, _, _, data, start, captured, length, fragments, doubts, _ = segment
        self.packets += 1
        before, self.last_frame = self.last_frame, frame
        peer = self.server if sender is self.client else self.client
        if flags & _CONTROL:
            if not length:
                self._before_claims.append((frame, before, self.clock.end))
            if self._is_stray(sender, peer, segment):
                sender.uncounted.append(frame)
                return
        clock = self.clock
        if 0 <= time - clock.last <= clock.patience:
            clock.last = time
        else:
            self._step(sender, segment)
        if doubts:
            for doubt in doubts:
                self.note(doubt, frame)
        if flags & RST:
            self._add_reset(sender, segment)
            return
        space = sender.space
        if space.base is None:
            space.base = seq
        acknowledged = None
        if flags & ACK:
            acks = peer.acks
            proven = acks.proven
            acknowledged = acks.offset if ack == acks.number else peer.acknowledge(ack, frame, sure=not flags & FIN)
            if sender.claims.any and sender.went_on(segment, acknowledges=acks.proven > proven):
                self.judge_end(time)
        if length:
            self.has_payload = True
            pieces = sender.pieces
            if (
                (space.base + pieces.highest) & 0xFFFFFFFF != seq
                or captured != length
                or flags & (SYN | URG)
                or fragments
                or doubts
                or not pieces.append(frame, time, data, start, length, acknowledged)
            ):
                if sender.rival is not None:
                    peer.pieces.move_acknowledged(sender.confirm(seq))
                sender.add_payload(segment, acknowledged)
        if flags & FIN:
            sender.take_fin(segment)
            self.judge_end(time)
        elif flags & ACK and sender is self.client and not flags & SYN:
            self.handshake_ack = True

    def _step(self, sender: Sender, segment: Segment) -> None:
        """Take a time stamp that is earlier than the last one, or much later."""
        heard = self.other(sender)
        is_answer = False
        if segment.flags & ACK and heard.space.base is not None and heard.has_spoken:
            acknowledged = heard.offset_of(segment.ack)
            is_answer = heard.acks.proven < acknowledged <= heard.pieces.highest
        self.clock.step(segment.time, segment.frame, is_answer=is_answer)

    def judge_end(self, time: int) -> None:
        """Decide whether the connection is closed, by what stands so far: a FIN of both ends, or a RST."""
        client, server = self.client, self.server
        if self.is_reset or (client.fin is not None and server.fin is not None):
            if self.closed_at is None:
                self.closed_at = time
        else:
            self.closed_at = None

    def _is_stray(self, sender: Sender, peer: Sender, segment: Segment) -> bool:
        """Whether a SYN, FIN or RST is none of this connection's, and changes nothing of it, nor how long it lasts."""
        flags = segment.flags
        if flags & SYN:
            return not self._add_syn(sender, peer, segment)
        name = "RST" if flags & RST else "FIN"
        if flags & FIN:
            sender.bear_out(segment.seq)
        distance = sender.distance(segment.seq)
        if distance is None:
            # A RST that answers a SYN must acknowledge it (RFC 9293, section 3.10.7.3).
            initial = peer.space.initial
            answers = flags & ACK and initial is not None and segment.ack == (initial + 1) & 0xFFFFFFFF
            if flags & RST and initial is not None and not answers:
                self.note("a RST that does not answer the SYN, and was ignored", segment.frame)
                return True
        if flags & (FIN | ACK) == FIN | ACK and (peer.distance(segment.ack) or 0) > self.limits.unseen_octets:
            self.note(
                f"a FIN of the {sender.name} that acknowledges what its peer did not send, and was ignored",
                segment.frame,
            )
            return True
        if distance is not None and distance > self.limits.unseen_octets:
            self.note(f"a {name} of the {sender.name} far outside of the window, which was ignored", segment.frame)
            return True
        return False

    def _add_syn(self, sender: Sender, peer: Sender, segment: Segment) -> bool:
        """Take a SYN; return whether the rest of the segment counts."""
        if segment.length:
            self.note(f"payload in the SYN of the {sender.name} (as TCP Fast Open has it, RFC 7413)", segment.frame)
        initial, asked = sender.space.initial, peer.space.initial
        if segment.flags & ACK and not sender.has_spoken and initial != segment.seq:
            known = [one for one in (asked, peer.rival) if one is not None]
            fits = any(0 <= difference(segment.ack, one + 1) <= self.limits.unseen_octets for one in known)
            if (known and not fits) or (self.asks and sender is self.client):
                self.note(f"a SYN of the {sender.name} that does not answer the peer's, and was ignored", segment.frame)
                return False
        if sender.reset and initial is None:
            sender.drop_resets("is not the last that it sent")
            self.refused = False
            self.judge_end(segment.time)
        if initial is None and not sender.fits(segment.seq):
            self.note(f"a SYN of the {sender.name} that does not fit what was seen before it", segment.frame)
            sender.rival = segment.seq
            return False
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

    def _add_reset(self, sender: Sender, segment: Segment) -> None:
        """Take a RST that may be of this connection."""
        if sender.space.base is None:
            self.refused = sender is self.server
        elif segment.length:
            # RFC 1122, section 4.2.2.12: they may explain the cause, but are no part of the stream.
            self.note(f"a RST of the {sender.name} that carries octets, which no program will have read", segment.frame)
        sender.take_reset(segment)
        self.judge_end(segment.time)

    def finish(self, policy: OverlapPolicy) -> None:
        """Build the two streams. Nothing can be added afterwards."""
        self.over = True
        self.server.pieces.move_acknowledged(self.client.settle())
        self.client.pieces.move_acknowledged(self.server.settle())
        for sender in (self.client, self.server):
            sender.judge_claims()
        if self.client.has_ended(self.server.is_captured) and self.server.has_ended(self.client.is_captured):
            for sender in (self.client, self.server):
                sender.drop_resets("came when both ends had closed it")
        self._leave_out_claims()
        for step in self.clock.steps:
            way = "back" if step.by < 0 else "forward"
            self.note(
                f"the time stamps jump {way} by {duration(abs(step.by))}: a clock was set, another sensor has another "
                "time, or the capture stood still; the jump does not count in the duration",
                step.frame,
            )
        resets = [sender.claims.reset.frame for sender in (self.client, self.server) if sender.claims.reset]
        if resets:
            for sender in (self.client, self.server):
                for span in sender.pieces.spans:
                    if span.frame > resets[0]:
                        self.note(f"data of the {sender.name} after a RST", span.frame)
        self.streams = (self.client.stream(policy), self.server.stream(policy))

    def _leave_out_claims(self) -> None:
        """Let the connection end before the FINs and RSTs that come last and did not count, or are repeated."""
        if self.has_copies:
            return
        last = self.last_frame
        uncounted = {*self.client.uncounted, *self.server.uncounted}
        for frame, before, end in reversed(self._before_claims):
            if frame != last or frame not in uncounted:
                break
            last = before
            self.ends_at(end)

    @property
    def handshake(self) -> tuple[bool, bool, bool]:
        """Which parts of the handshake were captured: the SYN, its answer, and the client's acknowledgement."""
        return self.client.space.initial is not None, self.server.space.initial is not None, self.handshake_ack
