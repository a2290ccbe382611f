"""Connection tracking: which connection a segment belongs to, and when a connection is over."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from pop2dissect.capture.fast import Continued
from pop2dissect.choices import OverlapPolicy
from pop2dissect.decode.segment import ACK, FIN, RST, SYN, FlowKey, Segment, reverse_key
from pop2dissect.limits import DEFAULT, Limits
from pop2dissect.tcp.clock import SECOND
from pop2dissect.tcp.connection import Connection
from pop2dissect.tcp.copies import Copies, absorb, find_second_tap
from pop2dissect.tcp.fit import Flow, place_of
from pop2dissect.tcp.flows import Begins, Flows
from pop2dissect.tcp.lane import Lane
from pop2dissect.tcp.late import LateSegments
from pop2dissect.tcp.lingering import Lingering
from pop2dissect.tcp.probes import Count, Probes

MAX_GIVEN_UP = 1 << 17
"""Connections that are remembered to be of no interest. One that is forgotten is looked at again, and takes no harm."""

Interest: TypeAlias = Callable[[Connection], bool | None]
"""Whether a connection is wanted, by what was captured of it so far; None where more must be seen."""

MAX_RIVALS = 8
"""Connections with the same addresses and ports that are kept at once: as many networks, or forged SYNs."""

_FIRST = 64
"""Bytes of an end that show whether it is a server."""

_CONTROL = SYN | FIN | RST
_NEVER = 1 << 100


class Tracker:
    """Sorts segments into connections and gives each connection with payload when it is over.

    ``ports`` tells the server's end where no SYN was captured. ``policy`` is the overlap policy of
    reassembly. Connections come out with their streams built and numbered in the order of their
    first frames; those without payload are only counted, in :attr:`probes`.

    With ``interest``, segments of all ports are taken. Connections from or to one of ``ports`` are given and counted
    as without it; of the others only those that it wants. They are let go as soon as it does not want them, and those
    without payload are not counted.

    ``serves`` says whether the first bytes of an end are those of a server; it is asked where neither a SYN nor the
    ports tell which end is the client. ``kind`` is the class of the connections. ``continued`` belongs to what their
    segments come from, where that can take by itself what continues them.
    """

    def __init__(
        self,
        ports: frozenset[int] | None = None,
        policy: OverlapPolicy = "first",
        limits: Limits = DEFAULT,
        interest: Interest | None = None,
        serves: Callable[[bytes], bool] | None = None,
        kind: type[Connection] = Connection,
        continued: Continued | None = None,
    ) -> None:
        self._ports = ports or frozenset()
        self._policy = policy
        self._limits = limits
        self._interest = interest
        self._serves = serves
        self._kind = kind
        self._lane = Lane(continued, limits) if continued is not None else None
        self._flows = Flows(self._ports, limits)
        self._lingering = Lingering(limits)
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
        self._abandoned = Count()
        """Connections that were given up because too many were open."""
        self._probes = Probes(limits.probe_pairs)
        self.probes = self._probes.tallies
        self.half_open = self._probes.half_open

    def connections(self, segments: Iterable[Segment]) -> Iterator[Connection]:
        """Take all segments of a capture in order; give each connection that is wanted when it is over."""
        flows, lane, due = self._flows.by_key, self._lane, -1
        for segment in segments:
            flow = flows.get(segment.key)
            if lane is not None and flow is not None and segment.key in lane.taken:
                lane.give_back(flow.connection)
            if flow is not None and not segment.flags & _CONTROL and flow.connection.settled:
                flow.connection.add(flow.sender, segment)
                if lane is not None:
                    lane.take_over(flow.connection)
            else:
                self._take(flow, segment)
            if segment.time > self._due:
                self._expire(segment.time)
            if lane is not None and self._due != due:
                due = self._due
                lane.wait_until(due)
            if self._done:
                yield from self._done
                self._done.clear()
        left = self._flows.connections()
        for connection in (*(one for one in left if one.copy_of is not None), *left):
            self._finish(connection)
        yield from self._done

    def _take(self, flow: Flow | None, segment: Segment) -> None:
        """Add a segment to its connection; ``flow`` is what its flow key leads to so far."""
        if flow is None:
            if self._late.belongs(segment) or self._is_given_up(segment):
                return
            flow = self._open(segment)
        elif segment.flags & SYN or flow.connection.earlier is not None or flow.connection.closed_at is not None:
            place = self._flows.place_syn if segment.flags & SYN else self._flows.place
            found = place(flow, segment)
            flow = self._open(segment, flow.connection, found.copy_of) if isinstance(found, Begins) else found
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
            and self._flows.by_key[segment.key].connection is connection
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

    @property
    def warnings(self) -> list[str]:
        """What was left out so far, a sentence each."""
        abandoned = f"were counted as over because more than {self._limits.half_open:,} were open (limit half_open)"
        return [
            *self._late.warnings(),
            *self._copies.warnings(),
            *self._abandoned.warning(abandoned),
            *self._probes.warnings(),
        ]

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
        flow = self._flows.by_key[forward] = Flow(connection, sender)
        self._flows.by_key[backward] = Flow(connection, peer)
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
        rivals = [rival.connection for rival in self._flows.rivals(flow)][:0:-1]
        if len(rivals) >= MAX_RIVALS:
            idle = [one for one in rivals if not one.has_payload and not one.handshake[1]]
            self._finish((idle or [one for one in rivals if one.closed_at is not None] or rivals)[0])

    def _close(self, connection: Connection) -> None:
        """Let a connection end after a while; until then it takes segments."""
        self._due = min(self._due, self._lingering.add(connection))

    def _expire(self, now: int) -> None:
        """Finish the connections that have been closed for long enough."""
        for connection in self._lingering.over(now):
            if self._flows.has_copy(connection):
                connection.closed_at = now  # until it is known whether it is one
                self._lingering.add(connection)
            else:
                self._finish(connection)
        self._due = self._lingering.next_due(_NEVER)
        idle = self._limits.idle_seconds * SECOND
        if idle:
            if self._lane is not None:
                self._lane.give_back_all()
            for connection in self._flows.connections():
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
        if self._lane is not None:
            self._lane.give_back(connection)
        connection.over = True
        self._flows.forget(connection)
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
            self._probes.add(connection)
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
            other = absorb(original, connection)
            if other is original:
                original.over = original.outlived = original.may_be_copy = True
                self._flows.forget(original)
                connection.number, original.number = original.number, 0
            return other is connection
        return connection.has_payload and connection.wanted is True and self._copies.is_copy(connection)

    def _number(self) -> None:
        """Number connections as far as it is decided which of them are given out."""
        undecided = self._undecided
        while undecided and (undecided[0].is_given or undecided[0].over):
            connection = undecided.popleft()
            if connection.is_given and not connection.number:
                self._numbered += 1
                connection.number = self._numbered
                if connection.over:
                    self._done.append(connection)


def _apart(one: Connection, other: Connection) -> bool:
    """Whether two connections with the same addresses and ports were seen on different networks."""
    return None not in (one.client.context, other.client.context) and one.client.context != other.client.context
