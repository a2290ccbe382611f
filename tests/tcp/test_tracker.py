"""Which connection a segment belongs to, and when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from pop2dissect.decode.segment import ACK, FIN, RST, SYN, Segment
from pop2dissect.limits import DEFAULT, Limits
from pop2dissect.tcp import Connection, Tracker
from tests.tcp.build import Talk, track, whole

FEW = 1000


def handshake(talk: Talk) -> list[Segment]:
    return [
        talk.segment("c", -1, flags=SYN),
        talk.segment("s", -1, flags=SYN | ACK),
        talk.segment("c", 0),
    ]


def tracked(segments: list[Segment]) -> Tracker:
    tracker = Tracker(frozenset({109}))
    assert list(tracker.connections(segments)) == []
    return tracker


def test_the_end_that_sends_the_syn_is_the_client() -> None:
    talk = Talk()
    (connection,) = track([*handshake(talk), talk.segment("s", 0, b"+ POP2\r\n")])
    assert connection.client_key == talk.forward
    assert connection.handshake == (True, True, True)
    assert connection.packets == 4


def test_without_a_handshake_the_wanted_port_is_the_servers() -> None:
    talk = Talk()
    (connection,) = track([talk.segment("s", 40, b"+ POP2\r\n")])
    assert connection.client_key == talk.forward
    assert connection.handshake == (False, False, False)


def test_a_syn_with_another_number_begins_a_new_connection_on_the_same_ports() -> None:
    frames = count(1)
    first, second = Talk(1000, 5000, frames=frames), Talk(90000, 70000, frames=frames)
    connections = track(
        [
            *handshake(first),
            first.segment("c", 0, b"one"),
            first.segment("c", 3, flags=ACK | FIN),
            first.segment("s", 0, flags=ACK | FIN, heard=4),
            *handshake(second),
            second.segment("c", 0, b"two"),
        ]
    )
    assert [whole(connection.streams[0]) for connection in connections if connection.streams] == [
        b"one",
        b"two",
    ]
    assert [connection.number for connection in connections] == [1, 2]


def test_an_answer_with_another_number_begins_one_too_if_its_syn_was_not_captured() -> None:
    frames = count(1)
    first, second = Talk(1000, 5000, frames=frames), Talk(90000, 70000, frames=frames)
    connections = track(
        [
            *handshake(first),
            first.segment("s", 0, b"one"),
            second.segment("s", -1, flags=SYN | ACK),
            second.segment("s", 0, b"two"),
        ]
    )
    assert [whole(connection.streams[1]) for connection in connections if connection.streams] == [
        b"one",
        b"two",
    ]


def test_a_repeated_syn_begins_nothing() -> None:
    talk = Talk()
    (connection,) = track([talk.segment("c", -1, flags=SYN), *handshake(talk), talk.segment("c", 0, b"one")])
    assert connection.packets == 5


def test_a_second_answer_with_another_number_is_an_event() -> None:
    frames = count(1)
    talk, other = Talk(frames=frames), Talk(server_isn=123456, frames=frames)
    (connection,) = track(
        [*handshake(talk), other.segment("s", -1, flags=SYN | ACK), talk.segment("s", 0, b"+ POP2\r\n")]
    )
    assert connection.streams is not None
    assert whole(connection.streams[1]) == b"+ POP2\r\n"
    assert connection.events == ["a further SYN of the server with another initial sequence number (frame 4)"]


def test_a_syn_captured_after_what_follows_it_belongs_to_it() -> None:
    talk = Talk()
    syn, answer, ack = handshake(talk)
    (connection,) = track([answer, ack, talk.segment("c", 0, b"one"), syn])
    assert connection.handshake == (True, True, True)
    assert connection.streams is not None
    assert whole(connection.streams[0]) == b"one"
    assert connection.streams[0].gaps == []


def test_a_reset_far_outside_of_the_window_closes_nothing() -> None:
    talk = Talk()
    (connection,) = track(
        [
            *handshake(talk),
            talk.segment("c", 0, b"one"),
            talk.segment("s", 2**30, flags=RST),
            talk.segment("c", 3, b"two"),
        ]
    )
    assert connection.closed_at is None
    assert connection.events == ["a RST of the server far outside of the window, which was ignored (frame 5)"]


def test_a_closed_connection_is_given_out_after_a_while_and_not_before() -> None:
    frames = count(1)
    talk, other = Talk(frames=frames), Talk(port=40001, frames=frames)
    closing = [
        *handshake(talk),
        talk.segment("c", 0, b"one"),
        talk.segment("c", 6, flags=ACK | FIN),
        talk.segment("s", 0, flags=ACK | FIN, heard=7),
        talk.segment("c", 3, b"two"),
    ]
    later = other.segment("c", 0, b"x", time=closing[-1].time + DEFAULT.closed_seconds * 10**9 + 10**9)
    given: list[Connection] = []
    tracker = Tracker(frozenset({109}))

    def segments() -> Iterator[Segment]:
        yield from closing
        assert not given
        yield later
        yield other.segment("c", 1, b"y", time=later.time + 1)
        assert len(given) == 1

    for connection in tracker.connections(segments()):
        given += [connection]
    assert given[0].streams is not None
    assert whole(given[0].streams[0]) == b"onetwo"
    assert len(given) == 2


def test_connections_without_payload_are_counted_by_their_outcome() -> None:
    frames = count(1)
    answered, refused, silent, mute = (Talk(port=port, frames=frames) for port in (1, 2, 3, 4))
    tracker = tracked(
        [
            *handshake(answered),
            answered.segment("c", 0, flags=RST),
            refused.segment("c", -1, flags=SYN),
            refused.segment("s", -1, flags=RST | ACK),
            silent.segment("c", -1, flags=SYN),
            mute.segment("c", -1, flags=SYN),
        ]
    )
    (tally,) = tracker.probes.values()
    assert (tally.attempts, tally.answered, tally.refused, tally.unanswered) == (4, 1, 1, 2)
    assert tally.first_frame == 1


def test_numbers_follow_first_frames_and_leave_out_what_has_no_payload() -> None:
    frames = count(1)
    early, silent, late = (Talk(port=port, frames=frames) for port in (1, 2, 3))
    segments = [
        *handshake(early),
        *handshake(silent),
        *handshake(late),
        late.segment("c", 0, b"first to speak"),
        early.segment("c", 0, b"second"),
    ]
    connections = track(segments)
    assert [(connection.number, connection.client_key[-3]) for connection in connections] == [(1, 1), (2, 3)]


def test_a_flood_of_syns_keeps_a_bounded_number_of_connections() -> None:
    frames = count(1)
    flood = (
        Talk(client_isn=number, port=number % 60000, frames=frames).segment("c", -1, flags=SYN)
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
