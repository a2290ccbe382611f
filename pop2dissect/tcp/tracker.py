"""Connection tracking: which connection a segment belongs to, and when a connection is over."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeAlias

from pop2dissect.capture.record import capture_index, frame_text
from pop2dissect.decode.segment import ACK, FIN, RST, SYN, FlowKey, Segment, reverse_key
from pop2dissect.limits import DEFAULT, Limits
from pop2dissect.tcp.connection import Connection
from pop2dissect.tcp.copies import Copies, absorb, find_second_tap
from pop2dissect.tcp.halfopen import HalfOpenTally, is_half_open
from pop2dissect.tcp.late import LateSegments
from pop2dissect.tcp.reassembly import OverlapPolicy
from pop2dissect.tcp.sender import Place, Sender
from pop2dissect.tcp.sequence import difference

LATE_SYN = 1 << 16
"""Octets that may be seen before the SYN they follow, where a capture has packets out of order."""

LATE_SYN_PACKETS = 16
"""Packets that may be seen before a SYN that does not fit the first of them."""

MAX_GIVEN_UP = 1 << 17
"""Connections that are remembered to be of no interest. One that is forgotten is looked at again, and takes no harm."""

Interest: TypeAlias = Callable[[Connection], bool | None]
"""Whether a connection is wanted, by what was captured of it so far; None where more must be seen."""

MAX_RIVALS = 8
"""Connections with the same addresses and ports that are kept at once: as many networks, or forged SYNs."""

_FIRST = 64
"""Bytes of an end that show whether it is a server."""

_CONTROL = SYN | FIN | RST
_SECOND = 10**9
_NEVER = 1 << 100


@dataclass(slots=True)
class ProbeTally:
    """Connections without payload from one address to one server port, counted."""

    client: bytes
    """The client's address, 4 or 16 octets."""
    server: bytes
    server_port: int
    first_frame: int
    first_time: int
    last_time: int
    attempts: int = 0
    answered: int = 0
    refused: int = 0
    unanswered: int = 0

    def add(self, connection: Connection) -> None:
        """Count a connection that is over."""
        self.attempts += 1
        if connection.server.space.initial is not None:
            self.answered += 1
        elif connection.refused:
            self.refused += 1
        else:
            self.unanswered += 1
        if connection.first_frame < self.first_frame:
            self.first_frame = connection.first_frame
        self.first_time = min(self.first_time, connection.start)
        self.last_time = max(self.last_time, connection.end)


@dataclass(slots=True)
class Flow:
    """One direction of a connection: what a flow key leads to."""

    connection: Connection
    sender: Sender


@dataclass(slots=True)
class _Count:
    """How many connections something befell, and the first frame of the first of them."""

    connections: int = 0
    first_frame: int = 0

    def add(self, connection: Connection) -> None:
        if not self.connections:
            self.first_frame = connection.first_frame
        self.connections += 1


class Tracker:
    """Sorts segments into connections and gives each connection with payload when it is over.

    ``ports`` tells the server's end where no SYN was captured. ``policy`` is the overlap policy of
    reassembly. Connections come out with their streams built and numbered in the order of their
    first frames; those without payload are only counted, in :attr:`probes`.

    With ``interest``, segments of all ports are taken. Connections from or to one of ``ports`` are given and counted
    as without it; of the others only those that it wants. They are let go as soon as it does not want them, and those
    without payload are not counted.

    ``serves`` says whether the first bytes of an end are those of a server; it is asked where neither a SYN nor the
    ports tell which end is the client. ``kind`` is the class of the connections.
    """

    def __init__(
        self,
        ports: frozenset[int] | None = None,
        policy: OverlapPolicy = "first",
        limits: Limits = DEFAULT,
        interest: Interest | None = None,
        serves: Callable[[bytes], bool] | None = None,
        kind: type[Connection] = Connection,
    ) -> None:
        self._ports = ports or frozenset()
        self._policy = policy
        self._limits = limits
        self._interest = interest
        self._serves = serves
        self._kind = kind
        self._flows: dict[bytes, Flow] = {}
        """By flow key, the last connection with its addresses and ports."""
        self._closed: deque[Connection] = deque()
        """Closed by both ends, or replaced by another on the same addresses and ports."""
        self._reset: deque[Connection] = deque()
        """Closed by a RST."""
        self._due = 0 if limits.idle_seconds else _NEVER
        """Time in ns at which the first of them is over, or silent ones are looked for."""
        self._undecided: deque[Connection] = deque()
        """In order of first frames, from the first connection that may or may not yet be given out."""
        self._done: list[Connection] = []
        """Over and numbered, to be given out."""
        self._numbered = 0
        self._late = LateSegments(limits.remembered)
        self._copies = Copies(limits.remembered)
        self._given_up: OrderedDict[bytes, None] = OrderedDict()
        """Flow keys, of both directions, in the order in which the connections were found to be of no interest."""
        self._abandoned = _Count()
        """Connections that were given up because too many were open."""
        self._uncounted = _Count()
        """Connections of pairs that are in no row of the table."""
        self.probes: dict[tuple[bytes, bytes, int], ProbeTally] = {}
        self.half_open: dict[tuple[bytes, int], HalfOpenTally] = {}

    def connections(self, segments: Iterable[Segment]) -> Iterator[Connection]:
        """Take all segments of a capture in order; give each connection that is wanted when it is over."""
        flows = self._flows
        for segment in segments:
            flow = flows.get(segment.key)
            if flow is not None and not segment.flags & _CONTROL and flow.connection.settled:
                flow.connection.add(flow.sender, segment)
            else:
                self._take(flow, segment)
            if segment.time > self._due:
                self._expire(segment.time)
            if self._done:
                yield from self._done
                self._done.clear()
        left = self._open_connections()
        for connection in (*(one for one in left if one.copy_of is not None), *left):
            self._finish(connection)
        yield from self._done

    def _take(self, flow: Flow | None, segment: Segment) -> None:
        """Add a segment to its connection; ``flow`` is what its flow key leads to so far."""
        if flow is None:
            if self._late.belongs(segment) or self._is_given_up(segment):
                return
            flow = self._open(segment)
        elif segment.flags & SYN:
            flow = self._place_syn(flow, segment)
        elif flow.connection.earlier is not None or flow.connection.closed_at is not None:
            flow = self._place(flow, segment)
        connection, sender = flow.connection, flow.sender
        if sender.context is None:
            sender.context = place_of(segment)
        was_open, was_silent = connection.closed_at is None, not connection.has_payload
        connection.add(sender, segment)
        if was_open and connection.closed_at is not None:
            self._close(connection)
        if connection.wanted is None and segment.length:
            self._judge(connection)
        if was_silent and connection.has_payload and connection.earlier is not None:
            self._supersede(connection, segment)
        connection.settled = (
            connection.is_given
            and connection.closed_at is None
            and connection.earlier is None
            and self._flows[segment.key].connection is connection
        )
        if self._undecided and self._undecided[0].has_payload:
            self._number()

    def _judge(self, connection: Connection) -> None:
        """Ask whether a connection is wanted."""
        assert self._interest is not None
        connection.wanted = self._interest(connection)
        if connection.wanted is False:
            for key in (connection.client_key, reverse_key(connection.client_key)):
                self._given_up[key] = None
            while len(self._given_up) > 2 * MAX_GIVEN_UP:
                oldest, _ = self._given_up.popitem(last=False)
                self._given_up.pop(reverse_key(oldest), None)
            self._finish(connection)

    def _is_given_up(self, segment: Segment) -> bool:
        """Whether a segment belongs to a connection of no interest; a SYN begins another one."""
        if segment.key not in self._given_up:
            return False
        if not segment.flags & SYN:
            return True
        for key in (segment.key, reverse_key(segment.key)):  # the same, where a forged segment comes from where it goes
            self._given_up.pop(key, None)
        return False

    def _is_on_wanted_port(self, key: bytes) -> bool:
        return int.from_bytes(key[-2:]) in self._ports or int.from_bytes(key[-4:-2]) in self._ports

    def _open_connections(self) -> list[Connection]:
        """Return all connections that are not over, earlier ones with the same addresses and ports first."""
        newest = dict.fromkeys(flow.connection for flow in self._flows.values())
        return [one.connection for connection in newest for one in reversed(self._rivals(_flow(connection)))]

    @property
    def warnings(self) -> list[str]:
        """What was left out so far, a sentence each."""
        warnings = self._late.warnings() + self._copies.warnings()
        for noted, what in (
            (
                self._abandoned,
                f"were counted as over because more than {self._limits.half_open:,} were open (limit half_open)",
            ),
            (
                self._uncounted,
                f"are in no row of the table of probes, because it has the {self._limits.probe_pairs:,} rows that "
                "it may have (limit probe_pairs)",
            ),
        ):
            if noted.connections:
                first = frame_text(noted.first_frame)
                warnings.append(
                    f"{noted.connections:,} connections without payload (the first began with {first}) {what}"
                )
        return warnings

    def _rivals(self, flow: Flow) -> list[Flow]:
        """Return the connections with the addresses and ports of one that are not over, the newest first."""
        forward = flow.sender is flow.connection.client
        key = flow.connection.client_key
        rivals = []
        newer: Connection | None = None
        connection: Connection | None = flow.connection
        while connection is not None:
            if not connection.over:
                rivals.append(Flow(connection, _end(connection, (connection.client_key == key) is forward)))
                newer = connection
            elif newer is not None:
                newer.earlier = connection.earlier
            connection = connection.earlier
        return rivals

    def _place_syn(self, flow: Flow, segment: Segment) -> Flow:
        """Return to which connection with its addresses and ports a SYN belongs, which may be a new one."""
        rivals = self._rivals(flow)
        where = place_of(segment)
        answers = bool(segment.flags & ACK)
        for rival in rivals if answers else ():
            if rival.connection.copy_of is not None and rival.sender.space.initial is None and _answers(rival, segment):
                return rival
        fitting = [rival for rival in rivals if _repeats_syn(rival, segment)]
        if fitting:
            best = min(
                fitting, key=lambda rival: (rival.sender.context not in (None, where), rival.connection.has_payload)
            )
            elsewhere = best.sender.context not in (None, where)
            # A SYN that is captured again on an open connection may be a copy, and so may all that follows it.
            spoken = best.connection.has_payload and best.connection.handshake_ack
            if answers or not (spoken or elsewhere):
                return best
            original = next((one.connection for one in reversed(fitting)), best.connection)
            return self._open(segment, flow.connection, copy_of=original)
        answered = [rival for rival in rivals if _answers(rival, segment)] if answers else []
        if answered:
            return min(answered, key=lambda rival: difference(segment.ack, _asked(rival)))
        newest = rivals[0]
        connection, sender = newest.connection, newest.sender
        unasked = sender.space.initial is None and not sender.has_spoken
        young = connection.asks and connection.packets <= LATE_SYN_PACKETS
        if unasked and young and not answers and not self._is_to_server(segment):
            return newest  # it answers the peer's SYN with one of its own: a simultaneous open, or one in four packets
        if sender.space.initial is None and sender.space.base is not None:
            late = difference(sender.space.base, segment.seq + 1)
            if late == 0 or (0 < late <= LATE_SYN and connection.packets <= LATE_SYN_PACKETS):
                return newest
        elif sender.space.initial is None and not connection.asks:
            return newest
        elif answers and not connection.has_payload:
            base = connection.other(sender).space.base
            if base is None or _just_after(segment.ack, base - 1):
                return newest
        if connection.closed_at is None and (connection.has_payload or connection.handshake[1]):
            connection.note(
                f"a SYN of the {sender.name} with another initial sequence number on an open connection", segment.frame
            )
        return self._open(segment, flow.connection)

    def _place(self, flow: Flow, segment: Segment) -> Flow:
        """Return to which of the connections with its addresses and ports a segment belongs, by its numbers.

        Segments of an earlier one may still come: late ones, or all that follow where the SYN of the later one was
        forged, or not accepted (RFC 5961, section 4). Where the numbers fit several, the network it was on decides.
        """
        rivals = self._rivals(flow)
        where = place_of(segment)
        exactly = any(rival.connection.copy_of is not None for rival in rivals)
        misfits = [(_misfit(rival, segment, where, exactly), rival) for rival in rivals]
        if any(one.connection.is_open and not misfit[0] for misfit, one in misfits):
            # What no answer bears out is no rival of a conversation that goes on.
            misfits = [one for one in misfits if one[1].connection.is_answered]
        _, best = min(misfits, key=itemgetter(0))
        if self._goes_elsewhere(best.sender, segment) and all(one.connection.closed_at is not None for one in rivals):
            return self._open(segment, flow.connection)
        if best.connection.closed_at is None:
            for rival in rivals:
                if rival.connection is best.connection:
                    break
                rival.connection.outlived = True
        elif best.connection.superseded and not segment.flags & RST:
            best.connection.superseded = False
            best.connection.judge_end(segment.time)
        return best

    def _goes_elsewhere(self, sender: Sender, segment: Segment) -> bool:
        """Whether payload belongs to another connection than those that are known, whose SYN was not captured."""
        distance = sender.distance(segment.seq)
        return bool(segment.length) and distance is not None and distance > self._limits.unseen_octets

    def _supersede(self, connection: Connection, segment: Segment) -> None:
        """Let earlier connections on the same network end, now that another one uses their addresses and ports."""
        earlier = connection.earlier
        while earlier is not None:
            if (
                not earlier.over
                and earlier.closed_at is None
                and connection.copy_of is None
                and not _apart(earlier, connection)
            ):
                earlier.superseded = True
                earlier.closed_at = segment.time
                earlier.note("a SYN on the same addresses and ports began another connection", segment.frame)
                self._close(earlier)
            earlier = earlier.earlier

    def _open(self, segment: Segment, earlier: Connection | None = None, copy_of: Connection | None = None) -> Flow:
        """Begin a connection, perhaps on the addresses and ports of another, whose segments may still come."""
        forward, backward = segment.key, reverse_key(segment.key)
        from_client = self._comes_from_client(segment)
        connection = self._kind(forward if from_client else backward, segment, self._limits)
        connection.earlier, connection.copy_of = earlier, copy_of
        connection.may_be_copy = copy_of is not None or (
            from_client and segment.flags & SYN != 0 and self._copies.begun_with(forward, segment.seq)
        )
        if self._interest is not None and not self._is_on_wanted_port(forward):
            connection.wanted = None
        sender, peer = connection.client, connection.server
        if not from_client:
            sender, peer = peer, sender
        flow = self._flows[forward] = Flow(connection, sender)
        self._flows[backward] = Flow(connection, peer)
        if earlier is not None:
            earlier.settled = False
            self._thin_out(flow)
        self._undecided.append(connection)
        if len(self._undecided) > self._limits.half_open:
            self._number()
            if len(self._undecided) > self._limits.half_open:
                self._abandon(self._undecided[0])
        return flow

    def _thin_out(self, flow: Flow) -> None:
        """Finish one of the earlier connections with the same addresses and ports, where there are too many."""
        rivals = [rival.connection for rival in self._rivals(flow)][:0:-1]
        if len(rivals) >= MAX_RIVALS:
            idle = [one for one in rivals if not one.has_payload and not one.handshake[1]]
            self._finish((idle or [one for one in rivals if one.closed_at is not None] or rivals)[0])

    def _close(self, connection: Connection) -> None:
        """Let a connection end after a while; until then it takes segments."""
        assert connection.closed_at is not None
        self._queue(connection).append(connection)
        self._due = min(self._due, connection.closed_at + self._lingers(connection))

    def _queue(self, connection: Connection) -> deque[Connection]:
        return self._reset if connection.is_reset else self._closed

    def _lingers(self, connection: Connection) -> int:
        limits = self._limits
        return (limits.reset_seconds if connection.is_reset else limits.closed_seconds) * _SECOND

    def _expire(self, now: int) -> None:
        """Finish the connections that have been closed for long enough."""
        self._due = _NEVER
        for closed in (self._closed, self._reset):
            for _ in range(len(closed)):
                connection = closed[0]
                if connection.over or connection.closed_at is None or self._queue(connection) is not closed:
                    closed.popleft()  # it went on, and is queued again where it ends again
                    if not connection.over and connection.closed_at is not None:
                        self._close(connection)
                    continue
                due = connection.closed_at + self._lingers(connection)
                if now <= due:
                    self._due = min(self._due, due)
                    break
                closed.popleft()
                if self._has_copy(connection):
                    connection.closed_at = now  # until it is known whether it is one
                    self._close(connection)
                else:
                    self._finish(connection)
        idle = self._limits.idle_seconds * _SECOND
        if idle:
            for connection in self._open_connections():
                if connection.end < now - idle:
                    connection.note(
                        f"more than {self._limits.idle_seconds:,} s without a segment after it (limit idle_seconds)",
                        connection.last_frame,
                    )
                    self._finish(connection)
            self._due = min(self._due, now + idle // 4)

    def _abandon(self, connection: Connection) -> None:
        """Count a connection without payload as over because too many are open."""
        self._abandoned.add(connection)
        self._finish(connection)

    def _comes_from_client(self, segment: Segment) -> bool:
        if segment.flags & SYN:
            return not segment.flags & ACK
        _, _, source, destination = FlowKey.of(segment.key)
        if (source in self._ports) != (destination in self._ports):
            return destination in self._ports
        return source >= destination

    def _is_to_server(self, segment: Segment) -> bool:
        """Whether a segment goes to one of the wanted ports, and not from one."""
        _, _, source, destination = FlowKey.of(segment.key)
        return destination in self._ports and source not in self._ports

    def _finish(self, connection: Connection) -> None:
        if connection.over:
            return
        connection.over = True
        self._forget(connection)
        if self._is_copy(connection):
            connection.outlived = True
        else:
            connection.may_be_copy = False
        if connection.is_given:
            self._tell_ends(connection)
            self._late.remember(connection)
            find_second_tap(connection)
            connection.finish(self._policy)
            self._copies.remember(connection)
            if connection.number:
                self._done.append(connection)
        elif not connection.outlived and (self._interest is None or self._is_on_wanted_port(connection.client_key)):
            self._count_probe(connection)
        self._number()

    def _tell_ends(self, connection: Connection) -> None:
        """Let the end that speaks as a server be the server, where neither a SYN nor the ports tell."""
        _, _, client_port, server_port = FlowKey.of(connection.client_key)
        backwards = client_port in self._ports and server_port not in self._ports
        alike = (client_port in self._ports) == (server_port in self._ports)
        if self._serves is None or not (backwards or (alike and not connection.asks)):
            return
        client, server = (
            sender.pieces.head(_FIRST, from_start=sender.space.initial is not None)
            for sender in (connection.client, connection.server)
        )
        if self._serves(client) and not self._serves(server):
            connection.swap_ends()

    def _is_copy(self, connection: Connection) -> bool:
        """Whether a connection that is over is a copy of another one, which counts once."""
        original = connection.copy_of
        if original is not None and not original.over:
            return absorb(original, connection)
        return connection.has_payload and connection.wanted is True and self._copies.is_copy(connection)

    def _has_copy(self, connection: Connection) -> bool:
        """Whether a connection is open that may be a copy of one."""
        flow = self._flows.get(connection.client_key)
        return flow is not None and any(one.connection.copy_of is connection for one in self._rivals(flow))

    def _forget(self, connection: Connection) -> None:
        """Let the addresses and ports of a connection that is over lead to an earlier one, if there is one."""
        for key in (connection.client_key, reverse_key(connection.client_key)):
            flow = self._flows.get(key)
            if flow is None or not flow.connection.over:
                continue
            rivals = self._rivals(flow)
            if rivals:
                self._flows[key] = rivals[0]
            else:
                del self._flows[key]

    def _number(self) -> None:
        """Number connections as far as it is decided which of them are given out."""
        undecided = self._undecided
        while undecided and (undecided[0].is_given or undecided[0].over):
            connection = undecided.popleft()
            if connection.is_given:
                self._numbered += 1
                connection.number = self._numbered
                if connection.over:
                    self._done.append(connection)

    def _count_probe(self, connection: Connection) -> None:
        client, server, _, port = FlowKey.of(connection.client_key)
        tally = self.probes.get((client, server, port))
        if tally is None and len(self.probes) < self._limits.probe_pairs:
            tally = self.probes[client, server, port] = ProbeTally(
                client, server, port, connection.first_frame, connection.start, connection.end
            )
        if tally is None:
            self._uncounted.add(connection)
        else:
            tally.add(connection)
        if is_half_open(connection):
            half_open = self.half_open.get((server, port))
            if half_open is None:
                first, start = connection.first_frame, connection.start
                half_open = self.half_open[server, port] = HalfOpenTally(server, port, first, start, start)
            half_open.add(connection, listed=tally is not None)


def place_of(segment: Segment) -> Place:
    """Return where a segment was captured: in which capture, and on which network."""
    return capture_index(segment.frame), segment.context


def _apart(one: Connection, other: Connection) -> bool:
    """Whether two connections with the same addresses and ports were seen on different networks."""
    return None not in (one.client.context, other.client.context) and one.client.context != other.client.context


def _end(connection: Connection, client: bool) -> Sender:
    return connection.client if client else connection.server


def _flow(connection: Connection) -> Flow:
    return Flow(connection, connection.client)


def _repeats_syn(rival: Flow, segment: Segment) -> bool:
    """Whether a SYN has the number that a connection began with, or may have begun with."""
    sender = rival.sender
    if segment.seq not in (sender.space.initial, sender.rival):
        return False
    answered = rival.connection.other(sender).space.initial
    return not segment.flags & ACK or answered is None or _just_after(segment.ack, answered)


def _answers(rival: Flow, segment: Segment) -> bool:
    """Whether a SYN acknowledges the SYN of a connection that has no answer, or may yet take another one."""
    sender = rival.sender
    if rival.connection.other(sender).space.initial is None or sender.has_spoken:
        return False
    if not _just_after(segment.ack, _asked(rival)):
        return False
    base = sender.space.base  # of an end that was acknowledged for long, it is no guess any more
    return base in (None, (segment.seq + 1) & 0xFFFFFFFF) or rival.connection.packets <= LATE_SYN_PACKETS


def _asked(rival: Flow) -> int:
    """Return the initial sequence number of the peer, which must be known."""
    initial = rival.connection.other(rival.sender).space.initial
    assert initial is not None
    return initial


def _just_after(ack: int, initial: int) -> bool:
    """Whether a number acknowledges a SYN, and perhaps some data that came with it."""
    return 0 <= difference(ack, initial + 1) <= LATE_SYN


def _misfit(rival: Flow, segment: Segment, where: Place, exactly: bool) -> tuple[int, ...]:
    """Return how badly a segment fits a connection, by its two numbers and by where it was captured.

    One more than expected is as good: a FIN counts as one. What repeats a part of a stream fits as well, but not
    ``exactly``: of a connection and its copy, it is where the next bytes are due that tells them apart. Of two that
    fit alike, the one that has spoken is meant, or that to which the segment is news, and a connection before its copy.
    """
    sender = rival.sender
    misfits = [_distance(sender, segment.seq, exactly)]
    if segment.flags & ACK:
        misfits.append(_distance(rival.connection.other(sender), segment.ack, exactly, acknowledged=True))
    known = [distance for distance in misfits if distance is not None]
    worst = max(known, default=LATE_SYN)
    return (
        worst > LATE_SYN,
        sender.context not in (None, where),
        worst,
        -len(known),
        sender.space.base is not None and not sender.is_due(sender.offset_of(segment.seq)),
        not rival.connection.has_payload,
        exactly and not _is_news(rival, segment),
        rival.connection.copy_of is not None,
    )


def _is_news(rival: Flow, segment: Segment) -> bool:
    """Whether a segment that fits a connection is more than it has seen."""
    sender = rival.sender
    if segment.length:
        return sender.space.base is None or sender.offset_of(segment.seq) + segment.length > sender.pieces.highest
    if segment.flags & FIN:
        return not sender.claims.fins
    if segment.flags & RST:
        return not sender.reset
    last = rival.connection.other(sender).acks.number
    return last is None or difference(segment.ack, last) > 0


def _distance(sender: Sender, number: int, exactly: bool, *, acknowledged: bool = False) -> int | None:
    """Return how far a number is from those that a stream has, or from where its next bytes are due.

    Of a stream of which nothing was captured, a number further on may well be ``acknowledged``.
    """
    if sender.space.base is None:
        return None
    unseen = acknowledged and not sender.has_spoken
    highest = max(sender.pieces.highest, sender.acks.proven) if unseen else sender.pieces.highest
    offset = sender.offset_of(number)
    if unseen and highest < offset <= highest + LATE_SYN:
        return 0
    if unseen and sender.acks.number is None and abs(offset - highest) > sender.limits.unseen_octets:
        return None  # what told the base may have been forged
    if sender.is_due(offset):
        return 0
    return max(abs(offset - highest) - 1, 0) if exactly else max(-1 - offset, offset - highest - 1, 0)
