"""Connection tracking: which connection a segment belongs to, and when a connection is over."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from pop2dissect.capture.record import frame_text
from pop2dissect.decode.segment import ACK, FIN, RST, SYN, FlowKey, Segment, reverse_key
from pop2dissect.limits import DEFAULT, Limits
from pop2dissect.tcp.connection import Connection
from pop2dissect.tcp.halfopen import HalfOpenTally, is_half_open
from pop2dissect.tcp.late import LateSegments
from pop2dissect.tcp.reassembly import OverlapPolicy
from pop2dissect.tcp.sender import Sender
from pop2dissect.tcp.sequence import difference

LATE_SYN = 1 << 16
"""Octets that may be seen before the SYN they follow, where a capture has packets out of order."""

MAX_GIVEN_UP = 1 << 17
"""Connections that are remembered to be of no interest. One that is forgotten is looked at again, and takes no harm."""

Interest: TypeAlias = Callable[[Connection], bool | None]
"""Whether a connection is wanted, by what was captured of it so far; None where more must be seen."""

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
    """

    def __init__(
        self,
        ports: frozenset[int] | None = None,
        policy: OverlapPolicy = "first",
        limits: Limits = DEFAULT,
        interest: Interest | None = None,
    ) -> None:
        self._ports = ports or frozenset()
        self._policy = policy
        self._limits = limits
        self._interest = interest
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
        for connection in (*self._open_connections(), *self._closed, *self._reset):
            self._finish(connection)
        yield from self._done

    def _take(self, flow: Flow | None, segment: Segment) -> None:
        """Add a segment to its connection; ``flow`` is what its flow key leads to so far."""
        if flow is None:
            if self._late.belongs(segment) or self._is_given_up(segment):
                return
            flow = self._open(segment)
        elif segment.flags & SYN:
            if self._is_new(flow, segment):
                flow = self._replace(flow.connection, segment)
        elif flow.connection.closed_at is not None and self._goes_elsewhere(flow.sender, segment):
            flow = self._replace(flow.connection, segment)
        elif flow.connection.replaces is not None:
            flow = self._choose(flow, flow.connection.replaces, segment)
        connection, sender = flow.connection, flow.sender
        was_open = connection.closed_at is None
        connection.add(sender, segment)
        if was_open and connection.closed_at is not None:
            self._close(connection)
        if connection.wanted is None and segment.length:
            self._judge(connection)
        connection.settled = (
            connection.has_payload
            and connection.wanted is True
            and connection.closed_at is None
            and connection.replaces is None
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
        return list(dict.fromkeys(flow.connection for flow in self._flows.values()))

    @property
    def warnings(self) -> list[str]:
        """What was left out so far, a sentence each."""
        warnings = self._late.warnings()
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

    def _is_new(self, flow: Flow, segment: Segment) -> bool:
        """Whether a SYN on known addresses and ports begins another connection (port reuse)."""
        connection, sender = flow.connection, flow.sender
        space, answered = sender.space, connection.other(sender).space.initial
        if space.initial is not None:
            if segment.seq in (space.initial, sender.rival):
                return False
            # An answer with another number is a new connection whose SYN was not captured,
            # unless nothing has been said yet: then it is a second answer to the same SYN.
            return not segment.flags & ACK or connection.has_payload
        if space.base is None:
            return False
        if segment.flags & ACK and not sender.has_spoken and answered is not None:
            # It answers the SYN that was seen; what was taken for the base came of a stray segment.
            return not 0 <= difference(segment.ack, answered + 1) <= LATE_SYN
        return not 0 <= difference(space.base, segment.seq + 1) <= LATE_SYN

    def _goes_elsewhere(self, sender: Sender, segment: Segment) -> bool:
        """Whether payload on a connection that is closed belongs to another one, whose SYN was not captured."""
        distance = sender.distance(segment.seq)
        return bool(segment.length) and distance is not None and distance > self._limits.unseen_octets

    def _choose(self, flow: Flow, old: Connection, segment: Segment) -> Flow:
        """Return to which of two connections on the same addresses and ports a segment belongs, by its number.

        The new one began with a SYN, but segments of the old one may still come: late ones, or all that
        follow where the SYN was forged, or not accepted (RFC 5961, section 4).
        """
        new, sender = flow.connection, flow.sender
        if old.over:
            new.replaces = None
            return flow
        before = old.client if (sender is new.client) == (old.client_key == new.client_key) else old.server
        was = before.distance(segment.seq)
        now = sender.distance(segment.seq)
        if now is None and segment.flags & ACK:  # nothing was sent on the new one, but perhaps acknowledged
            now = new.other(sender).distance(segment.ack)
            was = old.other(before).distance(segment.ack)
        if was is None or was > LATE_SYN or (now is not None and now <= was):
            return flow
        return Flow(old, before)

    def _open(self, segment: Segment) -> Flow:
        forward, backward = segment.key, reverse_key(segment.key)
        from_client = self._comes_from_client(segment)
        connection = Connection(forward if from_client else backward, segment, self._limits)
        if self._interest is not None and not self._is_on_wanted_port(forward):
            connection.wanted = None
        sender, peer = connection.client, connection.server
        if not from_client:
            sender, peer = peer, sender
        flow = self._flows[forward] = Flow(connection, sender)
        self._flows[backward] = Flow(connection, peer)
        self._undecided.append(connection)
        if len(self._undecided) > self._limits.half_open:
            self._number()
            if len(self._undecided) > self._limits.half_open:
                self._abandon(self._undecided[0])
        return flow

    def _replace(self, old: Connection, segment: Segment) -> Flow:
        """Begin a connection on the addresses and ports of another, whose segments may still come."""
        flow = self._open(segment)
        old.settled = False
        if old.has_payload:
            flow.connection.replaces = old
            if old.closed_at is None:
                old.closed_at = segment.time
                old.note("a SYN on the same addresses and ports began another connection", segment.frame)
                self._close(old)
        else:
            self._finish(old)
        return flow

    def _close(self, connection: Connection) -> None:
        """Let a connection end after a while; until then it takes segments."""
        assert connection.closed_at is not None
        is_reset = connection.client.reset or connection.server.reset
        (self._reset if is_reset else self._closed).append(connection)
        lingers = self._limits.reset_seconds if is_reset else self._limits.closed_seconds
        self._due = min(self._due, connection.closed_at + lingers * _SECOND)

    def _expire(self, now: int) -> None:
        """Finish the connections that have been closed for long enough."""
        self._due = _NEVER
        for closed, seconds in ((self._closed, self._limits.closed_seconds), (self._reset, self._limits.reset_seconds)):
            while closed:
                due = (closed[0].closed_at or 0) + seconds * _SECOND
                if now <= due:
                    self._due = min(self._due, due)
                    break
                self._finish(closed.popleft())
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

    def _finish(self, connection: Connection) -> None:
        if connection.over:
            return
        for key in (connection.client_key, reverse_key(connection.client_key)):
            flow = self._flows.get(key)
            if flow is not None and flow.connection is connection:
                del self._flows[key]
        if connection.is_given:
            self._late.remember(connection)
            connection.finish(self._policy)
            if connection.number:
                self._done.append(connection)
        else:
            connection.over = True
            if self._interest is None or self._is_on_wanted_port(connection.client_key):
                self._count_probe(connection)
        self._number()

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
