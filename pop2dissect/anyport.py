"""POP2 on whatever port, told by its greeting.

All of a capture's TCP goes through here, nearly all of it something else. So a connection on another
port than the wanted ones is given up as soon as its server has said something else than a greeting,
and from then on only its addresses and ports are remembered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from operator import attrgetter

from pop2dissect.decode.segment import SYN, Segment, reverse_key
from pop2dissect.limits import DEFAULT, Limits
from pop2dissect.protocols.identify import greets
from pop2dissect.tcp import Connection, Tracker
from pop2dissect.tcp.reassembly import OverlapPolicy
from pop2dissect.tcp.sender import Sender

MAX_GIVEN_UP = 1 << 17
"""Connections that are remembered to be something else. One that is forgotten is looked at again, and takes no harm."""

MAX_HEARD = 1 << 12
"""Octets after which a connection must have shown what it is."""


class AnyPortTracker(Tracker):
    """A tracker for the segments of all ports, which gives connections that greet as POP2 or RFC 918 servers do.

    Connections from or to one of ``ports`` are given and counted as :class:`Tracker` does, whatever
    they are; elsewhere those without payload are not counted.
    """

    def __init__(self, ports: frozenset[int], policy: OverlapPolicy = "first", limits: Limits = DEFAULT) -> None:
        super().__init__(ports, policy, limits)
        self._found: set[Connection] = set()
        """Connections on other ports that greeted so, and are not over."""
        self._given_up: OrderedDict[bytes, None] = OrderedDict()
        """Flow keys, of both directions, in the order in which the connections were given up."""

    def connections(self, segments: Iterable[Segment]) -> Iterator[Connection]:
        """Take all segments of a capture in order; give each connection of interest when it is over."""
        return super().connections(self._sift(segments))

    def _sift(self, segments: Iterable[Segment]) -> Iterator[Segment]:
        """Leave out segments of connections that were given up; look at the others once they were taken."""
        given_up = self._given_up
        for segment in segments:
            key = segment.key
            if key in given_up:
                if not segment.flags & SYN:
                    continue
                self._forget(key)
            yield segment
            if segment.length and not self._is_on_wanted_port(key):
                flow = self._flows.get(key)
                if flow is not None and flow.connection not in self._found:
                    self._judge(flow.connection)

    def _judge(self, connection: Connection) -> None:
        answered, said = _heard(connection.server), _heard(connection.client)
        verdict = greets(answered, said)
        if verdict:
            self._found.add(connection)
        elif verdict is False or connection.client.highest + connection.server.highest > 2 * MAX_HEARD:
            for key in (connection.client_key, reverse_key(connection.client_key)):
                self._given_up[key] = None
            while len(self._given_up) > 2 * MAX_GIVEN_UP:
                oldest, _ = self._given_up.popitem(last=False)
                self._forget(oldest)
            self._finish(connection)

    def _forget(self, key: bytes) -> None:
        for flow in (key, reverse_key(key)):  # the same, where a forged segment comes from where it goes to
            self._given_up.pop(flow, None)

    def _is_on_wanted_port(self, key: bytes) -> bool:
        return int.from_bytes(key[-2:]) in self._ports or int.from_bytes(key[-4:-2]) in self._ports

    def _is_wanted(self, connection: Connection) -> bool:
        return connection in self._found or self._is_on_wanted_port(connection.client_key)

    def _finish(self, connection: Connection) -> None:
        if not self._is_wanted(connection) and not connection.over:
            # It ends as one without payload: not given, not numbered, and its octets are let go.
            connection.has_payload = False
            connection.client.pieces.clear()
            connection.server.pieces.clear()
        super()._finish(connection)
        self._found.discard(connection)

    def _number(self) -> None:
        """Number connections as far as it is decided which are of interest."""
        while self._undecided:
            first = self._undecided[0]
            if not first.over and not (first.has_payload and self._is_wanted(first)):
                break
            self._number_one()

    def _number_one(self) -> None:
        connection = self._undecided.popleft()
        if connection.has_payload:
            self._numbered += 1
            connection.number = self._numbered
            if connection.over:
                self._done.append(connection)

    def _count_probe(self, connection: Connection) -> None:
        if self._is_on_wanted_port(connection.client_key):
            super()._count_probe(connection)


_OFFSET = attrgetter("offset")


def _heard(sender: Sender) -> bytes:
    """Return the first octets of a sender, without a gap, as far as captured by now."""
    heard = bytearray()
    at = None if sender.initial is None else 0
    for piece in sorted(sender.pieces, key=_OFFSET):
        if at is None:
            at = piece.offset
        if not piece.offset <= at < piece.end:
            if piece.offset > at:
                break
            continue
        first = piece.start + at - piece.offset
        heard += memoryview(piece.data)[first : piece.start + piece.length]
        at = piece.end
        if len(heard) >= MAX_HEARD:
            break
    return bytes(heard)
