"""Connection tracking: which connection a segment belongs to, and when a connection is over."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pop2dissect.decode.segment import ACK, SYN, Segment, reverse_key
from pop2dissect.tcp.connection import Connection, Sender
from pop2dissect.tcp.halfopen import HalfOpenTally, is_half_open
from pop2dissect.tcp.reassembly import OverlapPolicy
from pop2dissect.tcp.sequence import difference

LINGER = 10 * 10**9
"""Time in ns for which a closed connection still takes segments. Both ends have all octets by then: what comes
later are copies that the capture, not the network, put out of order, and those may fill gaps."""

MAX_UNDECIDED = 1 << 15
"""Connections without payload that are kept open: at about 1.5 KB each, 50 MB for a flood of SYNs. Past it the
oldest counts as over, and a payload that it carries later begins a connection without handshake."""

LATE_SYN = 1 << 16
"""Octets that may be seen before the SYN they follow, where a capture has packets out of order."""


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
        if connection.server.initial is not None:
            self.answered += 1
        elif connection.refused:
            self.refused += 1
        else:
            self.unanswered += 1
        if connection.first_frame < self.first_frame:
            self.first_frame = connection.first_frame
        self.first_time = min(self.first_time, connection.start)
        self.last_time = max(self.last_time, connection.end)


class Tracker:
    """Sorts segments into connections and gives each connection with payload when it is over.

    ``ports`` tells the server's end where no SYN was captured. ``policy`` is the overlap policy of
    reassembly. Connections come out with their streams built and numbered in the order of their
    first frames; those without payload are only counted, in :attr:`probes`.
    """

    def __init__(self, ports: frozenset[int] | None = None, policy: OverlapPolicy = "first") -> None:
        self._ports = ports or frozenset()
        self._policy = policy
        self._senders: dict[bytes, Sender] = {}
        self._closed: deque[Connection] = deque()
        self._undecided: deque[Connection] = deque()
        """In order of first frames, from the first connection that may or may not yet carry payload."""
        self._done: list[Connection] = []
        """Over and numbered, to be given out."""
        self._numbered = 0
        self.probes: dict[tuple[bytes, bytes, int], ProbeTally] = {}
        self.half_open: dict[tuple[bytes, int], HalfOpenTally] = {}

    def connections(self, segments: Iterable[Segment]) -> Iterator[Connection]:
        """Take all segments of a capture in order; give each connection with payload when it is over."""
        senders = self._senders
        for segment in segments:
            sender = senders.get(segment.key)
            if sender is None or (segment.flags & SYN and self._is_new(sender, segment)):
                if sender is not None:
                    self._finish(sender.connection)
                sender = self._open(segment)
            connection = sender.connection
            was_open = connection.closed_at is None
            connection.add(sender, segment)
            if was_open and connection.closed_at is not None:
                self._closed.append(connection)
            if self._closed and segment.time - (self._closed[0].closed_at or 0) > LINGER:
                self._finish(self._closed.popleft())
            if self._undecided and self._undecided[0].has_payload:
                self._number()
            if self._done:
                yield from self._done
                self._done.clear()
        for sender in list(senders.values()):
            self._finish(sender.connection)
        yield from self._done

    def _is_new(self, sender: Sender, segment: Segment) -> bool:
        """Tell whether a SYN on known addresses and ports begins another connection (port reuse)."""
        if sender.initial is not None:
            if sender.initial == segment.seq:
                return False
            # An answer with another number is a new connection whose SYN was not captured,
            # unless nothing has been said yet: then it is a second answer to the same SYN.
            return not segment.flags & ACK or sender.connection.has_payload
        if sender.base is None:
            return False
        return not 0 <= difference(sender.base, segment.seq + 1) <= LATE_SYN

    def _open(self, segment: Segment) -> Sender:
        forward, backward = segment.key, reverse_key(segment.key)
        from_client = self._comes_from_client(segment)
        connection = Connection(forward if from_client else backward, segment)
        sender, peer = connection.client, connection.server
        if not from_client:
            sender, peer = peer, sender
        self._senders[forward] = sender
        self._senders[backward] = peer
        self._undecided.append(connection)
        if len(self._undecided) > MAX_UNDECIDED:
            self._number()
            if len(self._undecided) > MAX_UNDECIDED:
                self._finish(self._undecided[0])
        return sender

    def _comes_from_client(self, segment: Segment) -> bool:
        if segment.flags & SYN:
            return not segment.flags & ACK
        source = int.from_bytes(segment.key[-4:-2])
        destination = int.from_bytes(segment.key[-2:])
        if (source in self._ports) != (destination in self._ports):
            return destination in self._ports
        return source >= destination

    def _finish(self, connection: Connection) -> None:
        if connection.over:
            return
        key = connection.client_key
        for flow, sender in ((key, connection.client), (reverse_key(key), connection.server)):
            if self._senders.get(flow) is sender:
                del self._senders[flow]
        if connection.has_payload:
            connection.finish(self._policy)
            if connection.number:
                self._done.append(connection)
        else:
            connection.over = True
            self._count_probe(connection)
        self._number()

    def _number(self) -> None:
        """Number connections as far as it is decided which of them carry payload."""
        undecided = self._undecided
        while undecided and (undecided[0].has_payload or undecided[0].over):
            connection = undecided.popleft()
            if connection.has_payload:
                self._numbered += 1
                connection.number = self._numbered
                if connection.over:
                    self._done.append(connection)

    def _count_probe(self, connection: Connection) -> None:
        key = connection.client_key
        half = (len(key) - 4) // 2
        client, server, port = key[:half], key[half : 2 * half], int.from_bytes(key[-2:])
        tally = self.probes.get((client, server, port))
        if tally is None:
            tally = self.probes[client, server, port] = ProbeTally(
                client, server, port, connection.first_frame, connection.start, connection.end
            )
        tally.add(connection)
        if is_half_open(connection):
            half_open = self.half_open.get((server, port))
            if half_open is None:
                first, start = connection.first_frame, connection.start
                half_open = self.half_open[server, port] = HalfOpenTally(server, port, first, start, start)
            half_open.add(connection)
