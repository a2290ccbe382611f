"""Which connection a segment belongs to, and when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from pop2dissect.decode.segment import ACK, FIN, RST, SYN, Segment
from pop2dissect.limits import DEFAULT, Limits
from pop2dissect.tcp import Connection, Tracker
from tests.support.conversation import Conversation
from tests.tcp.build import track, whole

FEW = 1000


def handshake(talk: Conversation) -> list[Segment]:
    return [
        talk.segment("client", -1, flags=SYN),
        talk.segment("server", -1, flags=SYN | ACK),
        talk.segment("client", 0),
    ]


def tracked(segments: list[Segment]) -> Tracker:
    tracker = Tracker(frozenset({109}))
    assert list(tracker.connections(segments)) == []
    return tracker


def test_the_end_that_sends_the_syn_is_the_client() -> None:
    talk = Conversation()
    (connection,) = track([*handshake(talk), talk.segment("server", 0, b"+ POP2\r\n")])
    assert connection.client_key == talk.key("client")
    assert connection.handshake == (True, True, True)
    assert connection.packets == 4


def test_without_a_handshake_the_wanted_port_is_the_servers() -> None:
    talk = Conversation()
    (connection,) = track([talk.segment("server", 40, b"+ POP2\r\n")])
    assert connection.client_key == talk.key("client")
    assert connection.handshake == (False, False, False)


def test_a_syn_with_another_number_begins_a_new_connection_on_the_same_ports() -> None:
    frames = count(1)
    first, second = (
        Conversation(client_isn=1000, server_isn=5000, frames=frames),
        Conversation(client_isn=90000, server_isn=70000, frames=frames),
    )
    connections = track(
        [
            *handshake(first),
            first.segment("client", 0, b"one"),
            first.segment("client", 3, flags=ACK | FIN),
            first.segment("server", 0, flags=ACK | FIN, heard=4),
            *handshake(second),
            second.segment("client", 0, b"two"),
        ]
    )
    assert [whole(connection.streams[0]) for connection in connections if connection.streams] == [
        b"one",
        b"two",
    ]
    assert [connection.number for connection in connections] == [1, 2]


def test_an_answer_with_another_number_begins_one_too_if_its_syn_was_not_captured() -> None:
    frames = count(1)
    first, second = (
        Conversation(client_isn=1000, server_isn=5000, frames=frames),
        Conversation(client_isn=90000, server_isn=70000, frames=frames),
    )
    connections = track(
        [
            *handshake(first),
            first.segment("server", 0, b"one"),
            second.segment("server", -1, flags=SYN | ACK),
            second.segment("server", 0, b"two"),
        ]
    )
    assert [whole(connection.streams[1]) for connection in connections if connection.streams] == [
        b"one",
        b"two",
    ]


def test_a_repeated_syn_begins_nothing() -> None:
    talk = Conversation()
    (connection,) = track([talk.segment("client", -1, flags=SYN), *handshake(talk), talk.segment("client", 0, b"one")])
    assert connection.packets == 5


def test_a_second_answer_with_another_number_is_an_event() -> None:
    frames = count(1)
    talk, other = Conversation(frames=frames), Conversation(server_isn=123456, frames=frames)
    (connection,) = track(
        [*handshake(talk), other.segment("server", -1, flags=SYN | ACK), talk.segment("server", 0, b"+ POP2\r\n")]
    )
    assert connection.streams is not None
    assert whole(connection.streams[1]) == b"+ POP2\r\n"
    assert connection.events == ["a further SYN of the server with another initial sequence number (frame 4)"]


def test_a_syn_captured_after_what_follows_it_belongs_to_it() -> None:
    talk = Conversation()
    syn, answer, ack = handshake(talk)
    (connection,) = track([answer, ack, talk.segment("client", 0, b"one"), syn])
    assert connection.handshake == (True, True, True)
    assert connection.streams is not None
    assert whole(connection.streams[0]) == b"one"
    assert connection.streams[0].gaps == []


def test_a_reset_far_outside_of_the_window_closes_nothing() -> None:
    talk = Conversation()
    (connection,) = track(
        [
            *handshake(talk),
            talk.segment("client", 0, b"one"),
            talk.segment("server", 2**30, flags=RST),
            talk.segment("client", 3, b"two"),
        ]
    )
    assert connection.closed_at is None
    assert connection.events == ["a RST of the server far outside of the window, which was ignored (frame 5)"]


def test_a_closed_connection_is_given_out_after_a_while_and_not_before() -> None:
    frames = count(1)
    talk, other = Conversation(frames=frames), Conversation(("10.9.0.1", 40001), frames=frames)
    closing = [
        *handshake(talk),
        talk.segment("client", 0, b"one"),
        talk.segment("client", 6, flags=ACK | FIN),
        talk.segment("server", 0, flags=ACK | FIN, heard=7),
        talk.segment("client", 3, b"two"),
    ]
    later = other.segment("client", 0, b"x", time=closing[-1].time + DEFAULT.closed_seconds * 10**9 + 10**9)
    given: list[Connection] = []
    tracker = Tracker(frozenset({109}))

    def segments() -> Iterator[Segment]:
        yield from closing
        assert not given
        yield later
        yield other.segment("client", 1, b"y", time=later.time + 1)
        assert len(given) == 1

    for connection in tracker.connections(segments()):
        given += [connection]
    assert given[0].streams is not None
    assert whole(given[0].streams[0]) == b"onetwo"
    assert len(given) == 2


def test_connections_without_payload_are_counted_by_their_outcome() -> None:
    frames = count(1)
    answered, refused, silent, mute = (Conversation(("10.9.0.1", port), frames=frames) for port in (1, 2, 3, 4))
    tracker = tracked(
        [
            *handshake(answered),
            answered.segment("client", 0, flags=RST),
            refused.segment("client", -1, flags=SYN),
            refused.segment("server", -1, flags=RST | ACK),
            silent.segment("client", -1, flags=SYN),
            mute.segment("client", -1, flags=SYN),
        ]
    )
    (tally,) = tracker.probes.values()
    assert (tally.attempts, tally.answered, tally.refused, tally.unanswered) == (4, 1, 1, 2)
    assert tally.first_frame == 1


def test_numbers_follow_first_frames_and_leave_out_what_has_no_payload() -> None:
    frames = count(1)
    early, silent, late = (Conversation(("10.9.0.1", port), frames=frames) for port in (1, 2, 3))
    segments = [
        *handshake(early),
        *handshake(silent),
        *handshake(late),
        late.segment("client", 0, b"first to speak"),
        early.segment("client", 0, b"second"),
    ]
    connections = track(segments)
    assert [(connection.number, connection.client_key[-3]) for connection in connections] == [(1, 1), (2, 3)]


def test_a_flood_of_syns_keeps_a_bounded_number_of_connections() -> None:
    frames = count(1)
    flood = (
        Conversation(("10.9.0.1", number % 60000), client_isn=number, frames=frames).segment("client", -1, flags=SYN)
        for number in range(FEW * 3)
    )
    tracker = Tracker(frozenset({109}), limits=Limits(half_open=FEW))
    list(tracker.connections(flood))
    (tally,) = tracker.probes.values()
    assert tally.attempts == FEW * 3
    assert len(tracker._undecided) == 0
    (warning,) = tracker.warnings
    assert warning == (
        "2,000 connections without payload (the first began with frame 1) were counted as "
        "over because more than 1,000 were open (limit half_open)"
    )
