"""Connections that go their way, of which the scan takes what continues them: they are taken over, and given back.

Nothing is decided here or there. What the scan takes is what :meth:`Connection.add` would have entered by its shortest
way, and before anything else happens to a connection it is given back, just as it would have been without.
"""

from __future__ import annotations

from array import array
from typing import TypeAlias

from pop2dissect.capture.fast import Continued
from pop2dissect.capture.scan import Flow
from pop2dissect.decode.segment import reverse_key
from pop2dissect.limits import Limits
from pop2dissect.tcp.connection import Connection
from pop2dissect.tcp.sender import Sender

TAKEN_OVER_AFTER = 8
"""Packets of a connection after which it is worth it: to take over one costs as much as a few packets."""

MAX_TAKEN_OVER = 1000
"""Times that a connection is taken over: one that goes its way but for every second packet costs more so."""

_LARGEST = 1 << 62
"""What is beyond it, in either direction, might not fit the numbers of the scan, nor its sums."""

_Numbers: TypeAlias = "array[int]"


class Lane:
    """The connections that are taken over."""

    def __init__(self, continued: Continued, limits: Limits) -> None:
        self._flows, self._new_flow, self._frames = continued
        self._limits = limits
        self.taken: dict[bytes, Connection] = {}
        """By their flow keys, both directions."""

    def wait_until(self, due: int) -> None:
        """Let the scan take nothing that is later: something is due then."""
        self._flows.due = max(-_LARGEST, min(due, _LARGEST))

    def take_over(self, connection: Connection) -> None:
        """Let the scan have a connection that is settled, if all is usual about it."""
        client, server = connection.client, connection.server
        if connection.packets < TAKEN_OVER_AFTER or connection.times_taken >= MAX_TAKEN_OVER:
            return
        if connection.last_frame < self._flows.found:  # what else was found with it is still to be seen
            return
        if not (_is_usual(client) and _is_usual(server)) or abs(connection.clock.last) >= _LARGEST:
            return
        connection.times_taken += 1
        forward, backward = connection.client_key, reverse_key(connection.client_key)
        lead, back = self._flow(forward, client), self._flow(backward, server)
        lead.lead = back.lead = lead
        lead.peer, back.peer = back, lead
        clock = connection.clock
        lead.time, lead.patience = clock.last, clock.patience
        self.taken[forward] = self.taken[backward] = connection
        self._flows.by_key[forward], self._flows.by_key[backward] = lead, back

    def _flow(self, key: bytes, sender: Sender) -> Flow:
        flow, acks, pieces = self._new_flow(key, array("q")), sender.acks, sender.pieces
        assert sender.space.base is not None
        assert acks.number is not None
        assert acks.offset is not None
        flow.base, flow.highest = sender.space.base, pieces.highest
        flow.reach, flow.room = self._limits.unseen_octets, self._limits.stream_segments - len(pieces.spans)
        flow.ack, flow.acknowledged, flow.proven = acks.number, acks.offset, acks.proven
        return flow

    def give_back(self, connection: Connection) -> None:
        """Enter what the scan has taken of a connection; from now on it takes no more."""
        forward, backward = connection.client_key, reverse_key(connection.client_key)
        if self.taken.pop(forward, None) is None:
            return
        del self.taken[backward]
        lead, back = self._flows.by_key.pop(forward), self._flows.by_key.pop(backward)
        if lead.packets:
            connection.packets += lead.packets
            connection.last_frame = lead.last_frame
            connection.clock.last = lead.time
            if lead.spoke:
                connection.handshake_ack = True
            for flow, sender in ((lead, connection.client), (back, connection.server)):
                sender.acks.went_on(flow.ack, flow.acknowledged)
                if flow.proven > sender.acks.proven:
                    sender.acks.raised(flow.proven_before, flow.proven, flow.proven_in)
                sender.pieces.extend(flow.rows, self._frames, flow.highest)
        lead.lead = back.lead = lead.peer = back.peer = None

    def give_back_all(self) -> None:
        """Give back every connection."""
        for connection in list(self.taken.values()):
            self.give_back(connection)


def _is_usual(sender: Sender) -> bool:
    """Whether nothing of an end is to be weighed, and what it has sent and received is known."""
    return (
        sender.space.base is not None
        and sender.acks.offset is not None
        and sender.acks.number is not None
        and sender.rival is None
        and not sender.claims.any
        and max(abs(sender.pieces.highest), abs(sender.acks.proven)) < _LARGEST // 2
    )
