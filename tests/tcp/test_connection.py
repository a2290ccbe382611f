"""One forged SYN, FIN or RST, also where one side was not captured: streams, ends and times are as without it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import NamedTuple

import pytest

from pop2dissect.decode.segment import ACK, FIN, RST, SYN, Segment
from pop2dissect.limits import DEFAULT
from pop2dissect.tcp import Connection
from tests.support.conversation import Conversation
from tests.tcp.build import track, whole

FAR = 2 * DEFAULT.unseen_octets


def session(talk: Conversation) -> list[Segment]:
    """Return a session: 8 bytes of greeting, a line of 6, an answer of 4, a line of 6, an answer of 5."""
    return [
        talk.segment("client", -1, flags=SYN),
        talk.segment("server", -1, flags=SYN | ACK),
        talk.segment("client", 0),
        talk.segment("server", 0, b"+ POP2\r\n"),
        talk.segment("client", 0, heard=8),
        talk.segment("client", 0, b"HELO\r\n", heard=8),
        talk.segment("server", 8, b"#1\r\n", heard=6),
        talk.segment("client", 6, b"QUIT\r\n", heard=12),
        talk.segment("server", 12, b"bye\r\n", heard=12),
        talk.segment("client", 12, flags=FIN | ACK, heard=17),
        talk.segment("server", 17, flags=FIN | ACK, heard=13),
        talk.segment("client", 13, heard=18),
    ]


class Seen(NamedTuple):
    """What came of a connection."""

    streams: list[tuple[bytes, int, bool, bool]]
    handshake: tuple[bool, bool, bool]
    lasted: int


def seen(segments: list[Segment], forged: Segment | None = None, place: int = 0) -> list[Seen]:
    """Return what comes of segments, each a millisecond after the one before, and of a forged one just after one."""
    timed = [one._replace(time=at * 10**6) for at, one in enumerate(segments)]
    if forged is not None:
        timed.insert(place, forged._replace(time=timed[place - 1].time + 1000))
    return [_seen(connection) for connection in track([one._replace(frame=at) for at, one in enumerate(timed, 1)])]


def _seen(connection: Connection) -> Seen:
    assert connection.streams is not None
    streams = [(whole(one), one.missing, one.finished, one.reset) for one in connection.streams]
    return Seen(streams, connection.handshake, connection.end - connection.start)


def kept(segments: list[Segment], talk: Conversation, side: str) -> list[Segment]:
    """Return those that a tap of one side, or of both, sees."""
    if side == "both":
        return segments
    keys = {"client": talk.key("client"), "server": talk.key("server")}
    return [one for one in segments if one.key == keys[side]]


Forge = Callable[[Conversation], Segment]

FORGED: dict[str, tuple[str, int, Forge]] = {
    "a SYN with the next number": ("client", 2, lambda talk: talk.segment("client", 0, flags=SYN)),
    "a SYN with a near number": ("client", 2, lambda talk: talk.segment("client", 2, flags=SYN)),
    "a SYN of the server that was not captured": ("client", 1, lambda talk: talk.segment("server", FAR, flags=SYN)),
    "an answer to the SYN with another number": (
        "client",
        1,
        lambda talk: talk.segment("server", FAR, flags=SYN | ACK),
    ),
    "an answer that fits what comes later": ("client", 3, lambda talk: talk.segment("server", 11, flags=SYN | ACK)),
    "an answer after acknowledgements": ("client", 4, lambda talk: talk.segment("server", 9, flags=SYN | ACK)),
    "a RST without an acknowledgement": ("client", 1, lambda talk: talk.segment("server", -1, flags=RST)),
    "a RST in the middle": ("client", 4, lambda talk: talk.segment("server", 8, flags=RST | ACK)),
    "a RST after both FINs": ("client", 7, lambda talk: talk.segment("client", 13, flags=RST | ACK)),
    "a FIN from elsewhere": ("client", 1, lambda talk: talk.segment("server", FAR, flags=FIN | ACK, heard=FAR)),
    "a FIN before the answer": ("both", 1, lambda talk: talk.segment("client", 2, flags=FIN | ACK, heard=FAR)),
    "a FIN with the number of another stream": (
        "both",
        6,
        lambda talk: talk.segment("client", 6, flags=FIN | ACK, heard=FAR),
    ),
    "an answer after the answer": ("server", 1, lambda talk: talk.segment("server", 0, flags=SYN | ACK)),
    "an answer a bit before it": ("server", 1, lambda talk: talk.segment("server", -4, flags=SYN | ACK)),
    "a SYN of the server": ("server", 3, lambda talk: talk.segment("server", 12, flags=SYN)),
    "a SYN of the client that was not captured": ("server", 3, lambda talk: talk.segment("client", 9, flags=SYN)),
    "an older SYN": ("both", 1, lambda talk: talk.segment("client", -3, flags=SYN)),
    "an answer that acknowledges nothing": (
        "both",
        2,
        lambda talk: talk.segment("server", -1, flags=SYN | ACK, heard=-1),
    ),
    "an answer before the FINs": ("both", 9, lambda talk: talk.segment("server", 17, flags=SYN | ACK, heard=12)),
    "a RST near the end": ("both", 12, lambda talk: talk.segment("client", 40, flags=RST)),
    "a FIN far from the end": ("both", 12, lambda talk: talk.segment("client", FAR, flags=FIN | ACK)),
}
"""What is forged, which side was captured, and after how many of its segments it comes."""


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_segment_changes_nothing(name: str) -> None:
    side, place, forge = FORGED[name]
    for number in (0, 1):  # as the only connection, and as the first of two between the same ports
        frames = count(1)
        first = Conversation(client_isn=10**9, server_isn=2 * 10**9, frames=frames)
        second = Conversation(client_isn=10**9 + 10**6, server_isn=2 * 10**9 + 10**6, frames=frames)
        segments = kept(session(first), first, side) + (kept(session(second), second, side) if number else [])
        without = seen(segments)
        assert len(without) == 1 + number
        assert seen(segments, forge(first), place) == without


def test_a_late_answer_counts_once_the_bytes_start_with_it() -> None:
    talk = Conversation()
    ordered = session(talk)
    late = [ordered[0], ordered[4], ordered[1], *ordered[2:4], *ordered[5:]]
    assert seen(late) == seen([*ordered[:2], *ordered[2:4], *ordered[4:]])


def test_a_syn_just_before_the_bytes_of_a_conversation_that_goes_on() -> None:
    talk = Conversation()
    segments = [talk.segment("server", at * 10, b"x" * 10) for at in range(20)]
    segments = [*segments, talk.segment("client", 0, heard=200)]
    forged = talk.segment("client", -1, flags=SYN)
    rest = [talk.segment("client", 0, b"RETR\r\n", heard=200), talk.segment("server", 200, b"bye\r\n", heard=6)]
    assert seen([*segments, *rest], forged, len(segments)) == seen([*segments, *rest])


def test_a_repeated_reset_does_not_make_a_connection_last_longer() -> None:
    talk = Conversation()
    segments = session(talk)[:8]
    reset = talk.segment("client", 12, flags=RST)
    (once,), (twice,) = seen([*segments, reset]), seen([*segments, reset], reset, len(segments) + 1)
    assert once == twice
    assert once.streams[0][3]


def test_a_syn_that_was_captured_after_bytes_out_of_order_is_theirs() -> None:
    talk = Conversation()
    ordered = session(talk)
    late = [*ordered[4:6], ordered[6], ordered[3], ordered[1], *ordered[7:]]
    ((_, server), handshake, _) = seen(late)[0]
    assert server[0] == b"+ POP2\r\n#1\r\nbye\r\n"
    assert handshake[1]


def test_of_several_that_come_last_none_makes_a_connection_last_longer() -> None:
    talk = Conversation()
    segments = session(talk)
    stray = [talk.segment("client", 40, flags=RST), talk.segment("client", FAR, flags=FIN | ACK)]
    assert seen([*segments, *stray]) == seen(segments)


def test_an_answer_right_after_the_first_segment_of_a_capture_begins_nothing() -> None:
    talk = Conversation()
    segments = session(talk)[2:]
    assert seen(segments, talk.segment("client", 0, flags=SYN | ACK), 1) == seen(segments)
