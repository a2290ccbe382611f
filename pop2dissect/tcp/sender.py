"""One end of a connection: the stream that it sends, as far as seen by now."""

from __future__ import annotations

from collections import deque
from typing import TypeAlias

from pop2dissect.choices import OverlapPolicy
from pop2dissect.decode.segment import FIN, SYN, URG, Context, Segment
from pop2dissect.limits import Limits
from pop2dissect.tcp.acknowledgements import Acknowledgements
from pop2dissect.tcp.claims import MAX_FINS, Claims
from pop2dissect.tcp.events import Events
from pop2dissect.tcp.pieces import Pieces
from pop2dissect.tcp.reach import Reach
from pop2dissect.tcp.reassembly import build_stream
from pop2dissect.tcp.sequence import SequenceSpace, difference
from pop2dissect.tcp.stream import Acknowledged, Stream

Place: TypeAlias = tuple[int, Context]
"""Where a segment was captured: the index of the capture, and the networks it was on."""


class Sender:
    """What one end of a connection sent so far. It knows nothing of the other end but what it is told."""

    __slots__ = (
        "acks",
        "claims",
        "context",
        "left_out",
        "limits",
        "log",
        "name",
        "pieces",
        "reach",
        "rival",
        "space",
        "uncounted",
        "urgent",
    )

    def __init__(self, name: str, limits: Limits, log: Events) -> None:
        self.name = name
        """``client`` or ``server``."""
        self.limits = limits
        self.log = log
        """What happened on the connection, which both ends add to."""
        self.space = SequenceSpace()
        self.acks = Acknowledgements()
        """What the other end acknowledged of this stream."""
        self.pieces = Pieces(limits)
        self.left_out = 0
        """Segments with payload of which nothing is in the index."""
        self.reach = Reach(limits.unseen_octets)
        self.rival: int | None = None
        """Another initial sequence number, of a SYN that nothing bears out so far."""
        self.claims = Claims()
        """Its FINs and RSTs."""
        self.context: Place | None = None
        """Where its segments were captured; None: not known yet."""
        self.urgent: list[int] = []
        """Offsets of urgent octets."""
        self.uncounted: deque[int] = deque(maxlen=4 * MAX_FINS)
        """The last frames with a SYN, FIN or RST of it that did not count."""

    @property
    def fin(self) -> int | None:
        """Offset at which the sender ended its stream, by the FIN that stands so far."""
        fins = self.claims.fins
        return self.claims.fin(self.pieces.highest, self.acks.proven) if fins else None

    @property
    def reset(self) -> bool:
        """Whether the sender ended the connection with a RST that stands so far."""
        return bool(self.claims.resets)

    @property
    def has_spoken(self) -> bool:
        """Whether any payload was captured."""
        return bool(self.pieces.spans or self.pieces.doubted or self.left_out)

    def is_due(self, offset: int) -> bool:
        """Whether what comes next has this offset: it follows the last byte seen, or a FIN, which counts as one."""
        return offset == self.pieces.highest or offset - 1 in self.claims.fins

    @property
    def is_captured(self) -> bool:
        """Whether there is more of it than what the other end acknowledged and a FIN or a RST, which may be forged."""
        return self.has_spoken or self.space.initial is not None

    def has_ended(self, peer_captured: bool) -> bool:
        """Whether it ended its stream, and the peer had all of it.

        Of an end that was not captured the peer's last acknowledgement tells, if it is by one more: that is a FIN.
        """
        if not self.is_captured:
            return self.acks.length(self.pieces.highest) < self.acks.proven
        fin = self.fin
        return fin is not None and (fin == self.claims.acknowledged or not peer_captured)

    def offset_of(self, seq: int) -> int:
        """Return the stream offset of a sequence number; the base must be known."""
        return self.space.offset(seq, self.pieces.highest)

    def distance(self, seq: int) -> int | None:
        """Return how far a sequence number is from the next one expected; None where nothing is known."""
        return self.space.distance(seq, self.pieces.highest)

    def start_at(self, initial: int) -> int:
        """Take the initial sequence number from a SYN, also one that comes after bytes that follow it.

        Return by how much offsets of this stream that others keep must grow.
        """
        by = self.space.start(initial)
        if by:
            self.move(by)
            if not self.has_spoken:  # then only a bare segment told the base, and perhaps a wrong one
                self.pieces.highest = self.reach.lowest = 0
                if not 0 <= self.acks.proven <= self.limits.unseen_octets:
                    self.acks.forget()
        return by

    def fits(self, initial: int) -> bool:
        """Whether what was seen of the stream allows an initial sequence number that is seen only now.

        Where the peer acknowledged some of it, or some was captured, it must start just there: the SYN may be forged.
        """
        if self.space.base is None or (self.acks.number is None and not self.has_spoken):
            return True
        return -difference(self.space.base, (initial + 1) & 0xFFFFFFFF) in (0, self.pieces.first())

    def confirm(self, seq: int) -> int:
        """Take a payload's number as evidence for another initial sequence number, if there is one.

        Return by how much offsets of this stream that others keep must grow.
        """
        if self.rival is None or seq != (self.rival + 1) & 0xFFFFFFFF:
            return 0
        if self.space.initial is None:
            by, self.rival = self.start_at(self.rival), None
            return by
        if not self.has_spoken:
            self.restart_at(self.rival)
        return 0

    def restart_at(self, initial: int) -> None:
        """Take another initial sequence number, of a further SYN, before there was any payload."""
        self.rival = self.space.initial
        self.space.start(initial)
        self.pieces.highest = self.reach.lowest = 0
        self.acks.forget()
        self.claims = Claims()

    def acknowledge(self, ack: int, frame: int, *, sure: bool = True) -> int | None:
        """Take an acknowledgement number that the other end sent; return it as an offset, if it is credible.

        One that is not ``sure``, for the segment may be forged, proves nothing that was not captured.
        """
        acks = self.acks
        if ack == acks.number:
            return acks.offset
        if not sure and self.space.base is None:
            return None
        self.space.guess(ack)
        self.bear_out(ack)
        if self.rival is not None and not self.has_spoken and ack == (self.rival + 1) & 0xFFFFFFFF:
            if self.space.initial is not None or self._is_far(ack):
                self.restart_at(self.rival)
        elif sure and acks.number is None and not self.has_spoken and self._is_far(ack):
            # What told the numbers, a FIN or a SYN, may have been forged: the peer says that they are others.
            self.rival = self.space.initial
            self.space = SequenceSpace()
            self.space.guess(ack)
            self.pieces.highest = self.reach.lowest = 0
            self.drop_claims("is not of the stream that the peer acknowledges")
        highest = self.pieces.highest
        offset = self.space.offset(ack, highest)
        if self.claims.fins and offset > highest and offset - 1 in self.claims.fins:
            offset -= 1  # a FIN counts as one
            self.claims.acknowledged = offset
        elif offset > highest and not sure:
            acks.tell(offset)
            return offset if offset - highest <= self.limits.unseen_octets else None
        acks.number = ack
        acks.offset = None
        if abs(offset - highest) > self.limits.unseen_octets:
            return None
        acks.take(offset, highest, frame)
        acks.offset = offset
        return offset

    def _is_far(self, number: int) -> bool:
        distance = self.distance(number)
        return distance is not None and distance > self.limits.unseen_octets

    def add_payload(self, segment: Segment, acknowledged: int | None) -> None:
        """Enter a segment's payload into the index."""
        seq = (segment.seq + 1) & 0xFFFFFFFF if segment.flags & SYN else segment.seq
        self.space.guess(seq)
        self.bear_out(seq)
        offset = self.offset_of(seq)
        end = offset + segment.length
        if self._is_stray(offset, segment):
            self.left_out += 1
            return
        limit = self.pieces.full(segment.data, segment.captured)
        if limit is not None:
            self.left_out += 1
            self._leave_out(end, limit, segment.frame)
            return
        if not segment.captured:
            self.left_out += 1
        if segment.flags & URG and 0 < segment.urgent <= segment.length:
            self._note_urgent(offset + segment.urgent - 1, segment.frame)
        highest = self.pieces.highest
        self.pieces.enter(segment, offset, acknowledged)
        if not self.reach.add(offset, end, highest):
            self.pieces.highest = highest

    def bear_out(self, number: int) -> None:
        """Take a sequence number that may bear out a payload that lies far from all else."""
        if self.reach.far is None or self.space.base is None:
            return
        far = self.reach.borne_out(number - self.space.base)
        if far is None:
            return
        if self.space.initial is None and len(self.pieces.spans) + len(self.pieces.doubted) <= 2:
            # It is rather the one before that nothing bears out, and which told the base.
            self._leave_out_far(far.start, far.end)
            self.space.base = (self.space.base + far.start) & 0xFFFFFFFF
            self.move(-far.start)
            self.pieces.highest, self.reach.lowest = far.end - far.start, 0
            self.acks.forget()
        else:
            self.pieces.highest = max(self.pieces.highest, far.end)
            self.reach.lowest = min(self.reach.lowest, far.start)

    def _leave_out_far(self, start: int, end: int) -> None:
        """Leave out what begins outside of a range of offsets."""
        for frame in self.pieces.keep(start, end):
            self.left_out += 1
            self._note_far(frame)

    def _note_far(self, frame: int) -> None:
        self.log.add(f"payload of the {self.name} that lies far outside of the stream, and was left out", frame)

    def _is_stray(self, offset: int, segment: Segment) -> bool:
        """Whether a payload out of order is no part of the stream: a keep-alive, or too far away."""
        highest = self.pieces.highest
        if segment.length == 1 and offset == highest - 1 and self.acks.proven >= highest:
            self._note_keep_alive(segment)
            return True
        if self.space.initial is None:
            return False
        if offset + segment.length <= 0 or offset > highest + self.limits.stream_distance:
            self._note_far(segment.frame)
            return True
        return False

    def _note_keep_alive(self, segment: Segment) -> None:
        """RFC 9293, section 3.8.4: a keep-alive may carry one octet of garbage, which the peer has already."""
        had = self.pieces.last_byte()
        if segment.captured and had is not None and had != segment.data[segment.start]:
            self.log.add(f"a keep-alive of the {self.name} with an octet of garbage", segment.frame)

    def _note_urgent(self, offset: int, frame: int) -> None:
        """As implemented everywhere, the pointer gives the octet after the urgent one (RFC 6093, section 3.1)."""
        self.log.add(f"urgent data of the {self.name}", frame)
        if len(self.urgent) < self.limits.events:
            self.urgent.append(offset)
        else:
            self.log.add(f"more urgent octets of the {self.name} than are told apart", frame)

    def _leave_out(self, end: int, limit: str, frame: int) -> None:
        """Skip a payload because a limit of its stream is reached; it existed, so it becomes a gap."""
        self.log.add(
            f"payload of the {self.name} that was left out, because its stream has reached the limit "
            f"{limit} of {getattr(self.limits, limit):,}",
            frame,
        )
        if end > self.pieces.highest:
            self.pieces.highest = end
            self.acks.raise_to(end)

    def take_fin(self, segment: Segment) -> None:
        """Take what a FIN says: the stream ends here."""
        end = self.offset_of(segment.seq) + segment.length
        self.claims.add_fin(end, segment.frame)
        if self.acks.proven == end + 1 and self.pieces.highest <= end:
            self.acks.proven = end  # its acknowledgement, which counts it as an octet, was captured first
            self.claims.acknowledged = end

    def take_reset(self, segment: Segment) -> None:
        """Take what a RST says: the connection is over."""
        highest = self.pieces.highest
        offset = self.offset_of(segment.seq) if self.space.base is not None else highest
        if self.claims.add_reset(offset, segment.frame, highest):
            self.uncounted.append(segment.frame)

    def went_on(self, segment: Segment, *, acknowledges: bool) -> bool:
        """Take a segment that is no RST as evidence against earlier FINs and RSTs; return whether one is dropped by it.

        ``acknowledges`` says that it acknowledges what no segment of this end did before.
        """
        offset = self.offset_of(segment.seq)
        went_on = False
        for frame in self.claims.sent(offset + segment.length, acknowledges=acknowledges and not segment.flags & FIN):
            self._not_counted("RST", "is not the last that it sent", frame)
            went_on = True
        if acknowledges and not segment.flags & FIN and not segment.length:
            # After its FIN an end's numbers are one higher.
            contradicted = self.claims.contradict_fin(offset)
            if contradicted is not None:
                self._not_counted("FIN", "is not the last that it sent", contradicted)
                went_on = True
        return went_on

    def drop_claims(self, why: str) -> None:
        """Let neither a FIN nor a RST count."""
        self.drop_resets(why)
        for frame in self.claims.fins.values():
            self._not_counted("FIN", why, frame)
        self.claims = Claims()

    def drop_resets(self, why: str) -> None:
        """Let no RST count."""
        for reset in self.claims.resets:
            self._not_counted("RST", why, reset.frame)
        self.claims.resets = []

    def _not_counted(self, what: str, why: str, frame: int) -> None:
        self.uncounted.append(frame)
        self.log.add(f"a {what} of the {self.name} that {why}, and was not counted", frame)

    def move(self, by: int) -> None:
        """Add to every offset: the stream does not start where it was thought to."""
        self.pieces.move(by)
        self.acks.move(by)
        self.urgent = [offset + by for offset in self.urgent]
        self.claims.move(by)
        self.reach.move(by)

    def absorb(self, other: Sender) -> None:
        """Take up what was captured of the same stream once more, with the same offsets."""
        self.pieces.absorb(other.pieces)
        self.reach.lowest = min(self.reach.lowest, other.reach.lowest)
        self.left_out += other.left_out
        self.urgent += other.urgent
        if self.space.initial is None and other.space.base is not None:
            self.space = other.space
        if other.acks.proven > self.acks.proven:
            self.acks = other.acks
        if not self.claims.any:
            self.claims = other.claims

    def settle(self) -> int:
        """Give the stream its final offsets, counted from 0, now that all of it is known.

        Return by how much offsets of this stream that others keep must grow.
        """
        self.pieces.judge_checksums(self.left_out)
        self._leave_out_far(self.reach.lowest, self.pieces.highest)
        first = self.pieces.first()
        if self.space.initial is not None:
            if first < 0:
                self.pieces.drop_before_start()
        elif first and (first < 2 or first > self.limits.unseen_octets):
            # One octet ahead is no proof: the first segment seen may have been a keep-alive.
            self.move(-first)
            return -first
        return 0

    def judge_claims(self) -> None:
        """Decide which FIN and which RST stand, now that all is known. Call :meth:`settle` of both ends before."""
        claims = self.claims
        if self.acks.proven - 1 in claims.fins and not self.pieces.covers(self.acks.proven - 1):
            # The peer acknowledged the FIN and nothing after it, so no program sent, or read, what lies behind.
            claims.acknowledged = self.acks.proven = self.acks.proven - 1
            for frame in self.pieces.keep(self.reach.lowest, self.acks.proven):
                self.left_out += 1
                self.log.add(f"payload of the {self.name} that lies after its FIN, and was left out", frame)
            self.pieces.highest = min(self.pieces.highest, self.acks.proven)
        highest, proven = self.pieces.highest, self.acks.proven
        for frame in claims.misplaced(highest, proven, self.acks.frame):
            self._not_counted("RST", "has not the number at which its stream ends", frame)
        fin = self.fin
        if fin is not None and fin > highest and fin != claims.acknowledged and self.acks.number is not None:
            # It claims bytes that nobody saw, and the peer, which was captured, did not confirm them.
            fin = None
        if fin is not None and claims.reset and claims.fins[fin] > claims.reset.frame:
            if fin == claims.acknowledged:
                self.drop_resets("is not the last that it sent")
            else:
                fin = None
        for offset, frame in claims.fins.items():
            if offset != fin:
                self._not_counted("FIN", "the conversation does not bear out", frame)
        claims.fins = {} if fin is None else {fin: claims.fins[fin]}
        if fin is not None and highest > fin:
            for span in self.pieces.spans:
                if span.end > fin:
                    self.log.add(f"data after the FIN of the {self.name}", span.frame)

    def stream(self, policy: OverlapPolicy) -> Stream:
        """Build the stream. Call :meth:`judge_claims` before."""
        pieces, fin = self.pieces, self.fin
        length = self.acks.proven if fin is not None else self.acks.length(pieces.highest)
        stream = build_stream(
            pieces.spans,
            ordered=pieces.ordered and (not pieces.spans or pieces.spans[0].offset == 0),
            cuts=pieces.cuts,
            doubted=pieces.doubted,
            proven_length=max(length, fin or 0),
            policy=policy,
            finished=fin is not None,
            reset=self.reset,
            fragments=pieces.fragments,
            urgent=tuple(sorted(set(self.urgent))),
            limits=self.limits,
        )
        reset = self.claims.reset
        stream.ended_by = self.claims.fins.get(fin) if fin is not None else reset.frame if reset is not None else None
        if self.acks.frame is not None:
            stream.acknowledged = Acknowledged(min(self.acks.proven, stream.length), self.acks.frame)
        if len(stream.conflicts) >= self.limits.conflicts:
            self.log.add(
                f"as many conflicts between copies of the {self.name}'s octets as are listed; there may be more",
                stream.conflicts[-1].other_frame,
            )
        return stream
