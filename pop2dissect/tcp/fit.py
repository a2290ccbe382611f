"""How well a segment fits a connection, by its numbers and by where it was captured."""

from __future__ import annotations

from dataclasses import dataclass

from pop2dissect.capture.record import capture_index
from pop2dissect.decode.segment import ACK, FIN, RST, Segment
from pop2dissect.tcp.connection import Connection
from pop2dissect.tcp.sender import Place, Sender
from pop2dissect.tcp.sequence import difference

LATE_SYN = 1 << 16
"""Octets that may be seen before the SYN they follow, where a capture has packets out of order."""

LATE_SYN_PACKETS = 16
"""Packets that may be seen before a SYN that does not fit the first of them."""


@dataclass(slots=True)
class Flow:
    """One direction of a connection: what a flow key leads to."""

    connection: Connection
    sender: Sender


def place_of(segment: Segment) -> Place:
    """Return where a segment was captured: in which capture, and on which network."""
    return capture_index(segment.frame), segment.context


def repeats_syn(rival: Flow, segment: Segment) -> bool:
    """Whether a SYN has the number that a connection began with, or may have begun with."""
    sender = rival.sender
    if segment.seq not in (sender.space.initial, sender.rival):
        return False
    answered = rival.connection.other(sender).space.initial
    return not segment.flags & ACK or answered is None or just_after(segment.ack, answered)


def answers(rival: Flow, segment: Segment) -> bool:
    """Whether a SYN acknowledges the SYN of a connection that has no answer, or may yet take another one."""
    sender = rival.sender
    if rival.connection.other(sender).space.initial is None or sender.has_spoken:
        return False
    if not just_after(segment.ack, asked(rival)):
        return False
    base = sender.space.base  # of an end that was acknowledged for long, it is no guess any more
    return base in (None, (segment.seq + 1) & 0xFFFFFFFF) or rival.connection.packets <= LATE_SYN_PACKETS


def asked(rival: Flow) -> int:
    """Return the initial sequence number of the peer, which must be known."""
    initial = rival.connection.other(rival.sender).space.initial
    assert initial is not None
    return initial


def just_after(ack: int, initial: int) -> bool:
    """Whether a number acknowledges a SYN, and perhaps some data that came with it."""
    return 0 <= difference(ack, initial + 1) <= LATE_SYN


def misfit(rival: Flow, segment: Segment, where: Place, exactly: bool) -> tuple[int, ...]:
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
        _elsewhere(rival, where),
        worst,
        -len(known),
        sender.space.base is not None and not sender.is_due(sender.offset_of(segment.seq)),
        not rival.connection.has_payload,
        exactly and not _is_news(rival, segment),
        rival.connection.copy_of is not None,
        not rival.connection.is_answered,
    )


def _elsewhere(rival: Flow, where: Place) -> int:
    """Return 0 where a segment was captured where its sender was heard, 2 where that was elsewhere.

    Of a sender that was not heard so far, 1 where its peer was heard elsewhere: two taps may see a direction each.
    """
    context = rival.sender.context
    if context is None:
        return int(rival.connection.other(rival.sender).context not in (None, where))
    return 0 if context == where else 2


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
