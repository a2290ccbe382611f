"""Which of the connections with the same addresses and ports a segment belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

from pop2dissect.decode.segment import ACK, RST, FlowKey, Segment, reverse_key
from pop2dissect.limits import Limits
from pop2dissect.tcp.connection import Connection
from pop2dissect.tcp.fit import (
    LATE_SYN,
    LATE_SYN_PACKETS,
    Flow,
    answers,
    asked,
    just_after,
    misfit,
    place_of,
    repeats_syn,
)
from pop2dissect.tcp.sender import Sender
from pop2dissect.tcp.sequence import difference


class Begins(NamedTuple):
    """A segment belongs to no connection that is known, but begins one."""

    copy_of: Connection | None = None
    """The one that it may be a copy of."""


class Flows:
    """The connections that are not over, by their flow keys; several may have the same addresses and ports."""

    def __init__(self, ports: frozenset[int], limits: Limits) -> None:
        self._ports = ports
        self._limits = limits
        self.by_key: dict[bytes, Flow] = {}
        """By flow key, the last connection with its addresses and ports."""

    def rivals(self, flow: Flow) -> list[Flow]:
        """Return the connections with the addresses and ports of one that are not over, the newest first."""
        forward = flow.sender is flow.connection.client
        key = flow.connection.client_key
        rivals = []
        newer: Connection | None = None
        connection: Connection | None = flow.connection
        while connection is not None:
            if not connection.over:
                rivals.append(
                    Flow(
                        connection,
                        connection.client if (connection.client_key == key) is forward else connection.server,
                    )
                )
                newer = connection
            elif newer is not None:
                newer.earlier = connection.earlier
            connection = connection.earlier
        return rivals

    def connections(self) -> list[Connection]:
        """Return all connections that are not over, earlier ones with the same addresses and ports first."""
        newest = dict.fromkeys(flow.connection for flow in self.by_key.values())
        return [
            one.connection
            for connection in newest
            for one in reversed(self.rivals(Flow(connection, connection.client)))
        ]

    def has_copy(self, connection: Connection) -> bool:
        """Whether a connection is open that may be a copy of one."""
        flow = self.by_key.get(connection.client_key)
        return flow is not None and any(one.connection.copy_of is connection for one in self.rivals(flow))

    def forget(self, connection: Connection) -> None:
        """Let the addresses and ports of a connection that is over lead to an earlier one, if there is one."""
        for key in (connection.client_key, reverse_key(connection.client_key)):
            flow = self.by_key.get(key)
            if flow is None or not flow.connection.over:
                continue
            rivals = self.rivals(flow)
            if rivals:
                self.by_key[key] = rivals[0]
            else:
                del self.by_key[key]

    def place_syn(self, flow: Flow, segment: Segment) -> Flow | Begins:
        """Return to which connection with its addresses and ports a SYN belongs, which may be a new one."""
        rivals = self.rivals(flow)
        where = place_of(segment)
        is_answer = bool(segment.flags & ACK)
        if is_answer and any(rival.connection.copy_of is not None for rival in rivals):
            asking = [rival for rival in rivals if rival.sender.space.initial is None and answers(rival, segment)]
            if any(rival.connection.copy_of is not None for rival in asking):
                # It answers the SYN that was captured where it was, or else the later one.
                return min(asking, key=lambda rival: rival.connection.other(rival.sender).context not in (None, where))
        fitting = [rival for rival in rivals if repeats_syn(rival, segment)]
        if fitting:
            best = min(
                fitting, key=lambda rival: (rival.sender.context not in (None, where), rival.connection.has_payload)
            )
            elsewhere = best.sender.context not in (None, where)
            # A SYN that is captured again on an open connection may be a copy, and so may all that follows it.
            spoken = best.connection.has_payload and best.connection.handshake_ack
            if is_answer or not (spoken or elsewhere):
                return best
            original = next((one.connection for one in reversed(fitting)), best.connection)
            return Begins(copy_of=original)
        answered = [rival for rival in rivals if answers(rival, segment)] if is_answer else []
        if answered:
            return min(answered, key=lambda rival: difference(segment.ack, asked(rival)))
        newest = rivals[0]
        connection, sender = newest.connection, newest.sender
        unasked = sender.space.initial is None and not sender.has_spoken
        young = connection.asks and connection.packets <= LATE_SYN_PACKETS
        if unasked and young and not is_answer and not self._is_to_server(segment):
            return newest  # it answers the peer's SYN with one of its own: a simultaneous open, or one in four packets
        if sender.space.initial is None and sender.space.base is not None:
            late = difference(sender.space.base, segment.seq + 1)
            is_first = connection.other(sender).acks.number is None  # nothing else of its end was captured
            if (late == 0 and is_first) or (0 <= late <= LATE_SYN and connection.packets <= LATE_SYN_PACKETS):
                return newest
        elif sender.space.initial is None and not connection.asks:
            return newest
        elif is_answer and not connection.has_payload and not (connection.asks and sender is connection.client):
            base = connection.other(sender).space.base
            if base is None or just_after(segment.ack, base - 1):
                return newest
        if connection.closed_at is None and (connection.has_payload or connection.handshake[1]):
            connection.note(
                f"a SYN of the {sender.name} with another initial sequence number on an open connection", segment.frame
            )
        return Begins()

    def place(self, flow: Flow, segment: Segment) -> Flow | Begins:
        """Return to which of the connections with its addresses and ports a segment belongs, by its numbers.

        Segments of an earlier one may still come: late ones, or all that follow where the SYN of the later one was
        forged, or not accepted (RFC 5961, section 4). Where the numbers fit several, the network it was on decides.
        """
        rivals = self.rivals(flow)
        best = rivals[0] if len(rivals) == 1 else _fits_best(rivals, segment)
        if self._goes_elsewhere(best.sender, segment) and all(one.connection.closed_at is not None for one in rivals):
            return Begins()
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

    def _is_to_server(self, segment: Segment) -> bool:
        """Whether a segment goes to one of the wanted ports, and not from one."""
        _, _, source, destination = FlowKey.of(segment.key)
        return destination in self._ports and source not in self._ports


def _fits_best(rivals: Sequence[Flow], segment: Segment) -> Flow:
    """Return which of several connections a segment belongs to."""
    where = place_of(segment)
    exactly = any(rival.connection.copy_of is not None for rival in rivals)
    misfits = [(misfit(rival, segment, where, exactly), rival) for rival in rivals]
    if any(one.connection.is_open and not worst[0] for worst, one in misfits):
        # What no answer bears out is no rival of a conversation that goes on.
        misfits = [one for one in misfits if one[1].connection.is_answered]
    _, best = min(reversed(misfits), key=itemgetter(0))  # of two that fit alike the earlier one
    return best
