"""One end of a connection: what it sent so far, as an index of pieces with stream offsets."""

from __future__ import annotations

from operator import attrgetter

from pop2dissect.decode.problems import WRONG_CHECKSUMS
from pop2dissect.decode.segment import FIN, SYN, URG, Segment
from pop2dissect.limits import Limits
from pop2dissect.tcp.events import Events
from pop2dissect.tcp.reassembly import Cut, OverlapPolicy, build_stream
from pop2dissect.tcp.sequence import difference
from pop2dissect.tcp.stream import Span, Stream

CONTRADICTIONS = 3
"""Lower acknowledgements, one after the other, that take back what one of them claimed. The capture may have put
one or two out of order; a receiver never acknowledges less than before (RFC 9293, section 3.10.7.4)."""


class Sender:
    """What one end of a connection sent so far.

    Offsets are relative to ``base``, the sequence number of the first payload octet. Without a SYN
    the base is a guess from the first segment seen, and earlier octets get negative offsets until
    :meth:`settle` moves them.
    """

    __slots__ = (
        "acknowledged",
        "acknowledged_before",
        "base",
        "contradicted",
        "cuts",
        "doubted",
        "fin",
        "fragments",
        "highest",
        "initial",
        "last_ack",
        "last_ack_offset",
        "limits",
        "log",
        "name",
        "octets_held",
        "ordered",
        "payloads",
        "peer",
        "pieces",
        "reset",
        "rival",
        "urgent",
    )

    peer: Sender
    """The other end, as long as the connection lasts."""

    def __init__(self, name: str, limits: Limits, log: Events) -> None:
        self.name = name
        """``client`` or ``server``."""
        self.limits = limits
        self.log = log
        """What happened on the connection, which both ends add to."""
        self.base: int | None = None
        self.initial: int | None = None
        """The initial sequence number, where the SYN was seen or its acknowledgement told it."""
        self.rival: int | None = None
        """Another initial sequence number that a further SYN gave."""
        self.highest = 0
        """Offset after the last octet seen."""
        self.acknowledged = 0
        """Offset up to which the peer acknowledged."""
        self.acknowledged_before = 0
        """The acknowledgement before that."""
        self.contradicted = 0
        """Acknowledgements since then that were lower."""
        self.pieces: list[Span] = []
        self.doubted: list[Span] = []
        """Payloads with wrong checksums, which a receiver would not have taken."""
        self.payloads = 0
        """Segments with payload."""
        self.octets_held = 0
        """Octets of payload that lie in memory of their own and not in a map of the capture."""
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
        """Return the stream offset of a sequence number; the base must be known."""
        assert self.base is not None
        return self.highest + difference(seq, self.base + self.highest)

    def distance(self, seq: int) -> int | None:
        """Return how far a sequence number is from the next one expected; None where nothing is known."""
        return None if self.base is None else abs(difference(seq, self.base + self.highest))

    def start_at(self, initial: int) -> None:
        """Take the initial sequence number from a SYN, also one that comes after octets that follow it."""
        base = (initial + 1) & 0xFFFFFFFF
        if self.base is not None and self.base != base:
            self._move(difference(self.base, base))
            if not self.payloads:  # then only a bare segment told the base, and perhaps a wrong one
                self.highest = 0
                if not 0 <= self.acknowledged <= self.limits.unseen_octets:
                    self.acknowledged = self.acknowledged_before = 0
        self.base = base
        self.initial = initial

    def restart_at(self, initial: int) -> None:
        """Take another initial sequence number, of a further SYN, before there was any payload."""
        self.rival, self.initial = self.initial, initial
        self.base = (initial + 1) & 0xFFFFFFFF
        self.highest = self.acknowledged = self.acknowledged_before = 0
        self.fin = None
        self.peer.last_ack = None

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
        pieces = self.pieces
        self.payloads += 1
        if offset != highest:
            if self._is_stray(offset, length, segment):
                return
            self.ordered = False
        limits = self.limits
        if type(segment.data) is bytes:
            self.octets_held += captured
        if len(pieces) >= limits.stream_segments or self.octets_held > limits.stream_octets:
            self._leave_out(offset, segment)
            return
        if segment.flags & URG and 0 < segment.urgent <= length:
            self._note_urgent(offset + segment.urgent - 1, segment)
        if self.fin is not None and offset + length > self.fin:
            self.log.add(f"data after the FIN of the {self.name}", segment.frame)
        if captured < length:
            self.cuts.append(Cut(offset + captured, length - captured))
            self.ordered = False
        if captured:
            span = Span(offset, captured, segment.frame, segment.time, acknowledged, segment.data, segment.start)
            if segment.doubts and not WRONG_CHECKSUMS.isdisjoint(segment.doubts):
                self.doubted.append(span)
                self.ordered = False
            else:
                pieces.append(span)
            if segment.fragments:
                self.fragments[segment.frame] = segment.fragments
        if offset + length > highest:
            self.highest = offset + length

    def _is_stray(self, offset: int, length: int, segment: Segment) -> bool:
        """Whether a payload out of order is no part of the stream: a keep-alive, or too far away."""
        if length == 1 and offset == self.highest - 1 and self.acknowledged >= self.highest:
            self._note_keep_alive(segment)
            return True
        distance = self.limits.stream_distance
        lowest = 0 if self.initial is not None else -distance
        if offset + length <= lowest or offset > self.highest + distance:
            self.log.add(
                f"payload of the {self.name} that lies far outside of the stream, and was left out", segment.frame
            )
            return True
        return False

    def _note_keep_alive(self, segment: Segment) -> None:
        """RFC 9293, section 3.8.4: a keep-alive may carry one octet of garbage, which the peer has already."""
        last = self.pieces[-1] if self.pieces else None
        if segment.captured and last is not None and last.end == self.highest:
            had, has = last.data[last.start + last.length - 1], segment.data[segment.start]
            if had != has:
                self.log.add(f"a keep-alive of the {self.name} with an octet of garbage", segment.frame)

    def _note_urgent(self, offset: int, segment: Segment) -> None:
        """As implemented everywhere, the pointer gives the octet after the urgent one (RFC 6093, section 3.1)."""
        self.log.add(f"urgent data of the {self.name}", segment.frame)
        if len(self.urgent) < self.limits.events:
            self.urgent.append(offset)
        else:
            self.log.add(f"more urgent octets of the {self.name} than are told apart", segment.frame)

    def _leave_out(self, offset: int, segment: Segment) -> None:
        """Pass over a payload because the limit of its stream is reached; it existed, so it becomes a gap."""
        limits = self.limits
        which = "stream_segments" if len(self.pieces) >= limits.stream_segments else "stream_octets"
        self.log.add(
            f"payload of the {self.name} that was left out, because its stream has reached the limit "
            f"{which} of {getattr(limits, which):,}",
            segment.frame,
        )
        end = offset + segment.length
        if end > self.highest:
            self.highest = end
            self.acknowledged = max(self.acknowledged, end)

    def note_ack(self, ack: int) -> int | None:
        """Take an acknowledgement number that this end sent; give it as an offset of the peer's stream, if credible."""
        if ack == self.last_ack:
            return self.last_ack_offset
        peer = self.peer
        if peer.base is None:
            peer.base = ack
        elif peer.rival is not None and not peer.payloads and ack == (peer.rival + 1) & 0xFFFFFFFF:
            peer.restart_at(peer.rival)
        highest = peer.highest
        offset = highest + difference(ack, peer.base + highest)
        self.last_ack = ack
        unseen = self.limits.unseen_octets
        if not -unseen <= offset - highest <= unseen:
            self.last_ack_offset = None
            return None
        if peer.fin is not None and offset > peer.fin:
            offset = peer.fin
        if offset > peer.acknowledged:
            peer.acknowledged_before = peer.acknowledged
            peer.acknowledged = offset
            peer.contradicted = 0
        elif offset < peer.acknowledged and peer.acknowledged > highest:
            self._contradict()
        self.last_ack_offset = offset
        return offset

    def _contradict(self) -> None:
        """Count an acknowledgement that is lower than the highest one, which claims what nobody has seen."""
        peer = self.peer
        peer.contradicted += 1
        if peer.contradicted >= CONTRADICTIONS:
            peer.acknowledged = max(peer.acknowledged_before, peer.highest)
            peer.contradicted = 0

    def _move(self, by: int) -> None:
        """Add to every offset: the base was not where it was thought to be."""
        if not by:
            return
        for spans in (self.pieces, self.doubted):
            spans[:] = [span._replace(offset=span.offset + by) for span in spans]
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
        self._judge_checksums()
        if self.ordered:
            first = self.pieces[0].offset if self.pieces else 0
        else:
            entries = (self.pieces, self.doubted, self.cuts)
            first = min((entry.offset for kind in entries for entry in kind), default=0)
        if self.initial is not None:
            if first < 0:
                for spans in (self.pieces, self.doubted):
                    spans[:] = [_without_head(span) for span in spans if span.end > 0]
        elif first < 2 or first > self.limits.unseen_octets:
            # One octet ahead is no proof: the first segment seen may have been a keep-alive.
            self._move(-first)

    def _judge_checksums(self) -> None:
        """Believe wrong checksums only where they are the exception: else it is the adapter that fills them in."""
        if self.doubted and 2 * len(self.doubted) >= self.payloads:
            self.pieces = sorted([*self.pieces, *self.doubted], key=attrgetter("frame"))
            self.doubted = []

    def stream(self, policy: OverlapPolicy) -> Stream:
        """Build the stream. Call :meth:`settle` of both ends before."""
        length = self.acknowledged
        if self.fin is None and length - 1 in (self.highest, self.acknowledged_before):
            length -= 1  # a FIN that was not captured, which counts as one octet
        ordered = self.ordered and (not self.pieces or self.pieces[0].offset == 0)
        stream = build_stream(
            self.pieces,
            ordered=ordered,
            cuts=self.cuts,
            doubted=self.doubted,
            proven_length=max(length, self.fin or 0),
            policy=policy,
            finished=self.fin is not None,
            reset=self.reset,
            fragments=self.fragments,
            urgent=tuple(sorted(set(self.urgent))),
            limits=self.limits,
        )
        if len(stream.conflicts) >= self.limits.conflicts:
            self.log.add(
                f"as many conflicts between copies of the {self.name}'s octets as are listed; there may be more",
                stream.conflicts[-1].other_frame,
            )
        return stream

    def take_fin(self, segment: Segment) -> None:
        """Take the end of the stream from a FIN."""
        assert segment.flags & FIN
        end = self.offset_of(segment.seq) + segment.length
        if self.fin is None:
            if abs(end - self.highest) <= self.limits.unseen_octets:
                self.fin = end
                if self.acknowledged == end + 1:
                    self.acknowledged = end  # its acknowledgement, which counts it as an octet, was captured first
        elif end != self.fin:
            self.log.add(f"a further FIN of the {self.name}, at another place of its stream", segment.frame)


def _without_head(piece: Span) -> Span:
    """Cut off what lies before offset 0."""
    head = max(0, -piece.offset)
    return piece._replace(offset=piece.offset + head, length=piece.length - head, start=piece.start + head)
