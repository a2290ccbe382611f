"""What is ambiguous, forged or unusual is said, with its frames, and does no harm to the streams."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from pop2dissect.capture.record import FRAME_BITS
from pop2dissect.decode.problems import WRONG_TCP_CHECKSUM
from pop2dissect.decode.segment import ACK, FIN, RST, SYN, URG, Segment
from pop2dissect.limits import Limits
from pop2dissect.tcp import Connection, Tracker
from pop2dissect.tcp.events import Events
from pop2dissect.tcp.stream import Conflict, Gap
from tests.support.conversation import Conversation
from tests.tcp.build import track, whole
from tests.tcp.test_tracker import handshake

SECOND = 10**9


def both(connection: Connection) -> tuple[bytes, bytes]:
    assert connection.streams is not None
    return whole(connection.streams[0]), whole(connection.streams[1])


def only(segments: list[Segment], policy: str = "first") -> Connection:
    (connection,) = track(segments, policy)
    return connection


def test_events_name_frames_and_count_the_rest() -> None:
    events = Events(2)
    for frame in range(1, 9):
        events.add("this", frame)
    events.add("that", 4)
    events.add("those", 5)
    events.add("these", 6)
    assert events.sentences() == [
        "this (frames 1, 2, 3, 4, 5 and 3 more)",
        "that (frame 4)",
        "further kinds of events, which are not listed (frame 5)",
    ]


def test_events_name_the_capture_of_a_frame() -> None:
    events = Events(9)
    events.add("this", 1)
    events.add("this", (1 << FRAME_BITS) + 7)
    events.add("that", (2 << FRAME_BITS) + 3)
    assert events.sentences() == ["this (frames 1 and 2:7)", "that (frame 3:3)"]


def test_the_client_decides_which_of_two_answers_counts() -> None:
    frames = count(1)
    talk, other = Conversation(frames=frames), Conversation(server_isn=2**31 + 77, frames=frames)
    rest = [
        talk.segment("client", 0),
        talk.segment("server", 0, b"+ POP2\r\n"),
        talk.segment("client", 0, b"QUIT\r\n", heard=8),
    ]
    first, second = talk.segment("server", -1, flags=SYN | ACK), other.segment("server", -1, flags=SYN | ACK)
    for answers in ([first, second], [second, first]):
        connection = only([talk.segment("client", -1, flags=SYN), *answers, *rest])
        assert both(connection) == (b"QUIT\r\n", b"+ POP2\r\n")
        assert "a further SYN of the server" in connection.events[0]
        assert connection.streams is not None
        assert connection.streams[1].gaps == []


def test_payload_of_a_further_syn_is_not_taken() -> None:
    frames = count(1)
    talk, other = Conversation(frames=frames), Conversation(server_isn=9000, frames=frames)
    connection = only(
        [*handshake(talk), other.segment("server", -1, b"forged", flags=SYN | ACK), talk.segment("server", 0, b"right")]
    )
    assert both(connection) == (b"", b"right")


def test_a_forged_syn_in_the_middle_takes_no_segment_away() -> None:
    frames = count(1)
    talk, forged = Conversation(frames=frames), Conversation(client_isn=3 * 2**30, frames=frames)
    connection = only(
        [
            *handshake(talk),
            talk.segment("server", 0, b"+ POP2\r\n"),
            forged.segment("client", -1, flags=SYN),
            talk.segment("client", 0, b"HELO a b\r\n", heard=8),
            talk.segment("server", 8, b"#1\r\n", heard=10),
        ]
    )
    assert both(connection) == (b"HELO a b\r\n", b"+ POP2\r\n#1\r\n")
    assert connection.events == [
        "a SYN of the client with another initial sequence number on an open connection (frame 5)"
    ]


def test_late_segments_of_a_connection_go_to_it_and_not_to_its_successor() -> None:
    frames = count(1)
    old, new = Conversation(frames=frames), Conversation(client_isn=200_000, server_isn=900_000, frames=frames)
    connections = track(
        [
            *handshake(old),
            old.segment("client", 0, b"one"),
            old.segment("client", 6, flags=ACK | FIN),
            old.segment("server", 0, flags=ACK | FIN, heard=7),
            *handshake(new),
            old.segment("client", 3, b"two"),
            new.segment("client", 0, b"three"),
            old.segment("server", 0, flags=ACK | FIN, heard=7),
            new.segment("server", 0, b"four", heard=5),
        ]
    )
    assert [both(connection) for connection in connections] == [(b"onetwo", b""), (b"three", b"four")]
    assert [connection.packets for connection in connections] == [8, 5]


def test_another_connection_after_a_closed_one_whose_syn_was_not_captured() -> None:
    frames = count(1)
    old, new = Conversation(frames=frames), Conversation(client_isn=2**31, server_isn=2**30, frames=frames)
    connections = track(
        [
            *handshake(old),
            old.segment("client", 0, b"one"),
            old.segment("client", 3, flags=ACK | FIN),
            old.segment("server", 0, flags=ACK | FIN, heard=4),
            new.segment("client", 0, b"two"),
            new.segment("server", 0, b"three", heard=3),
        ]
    )
    assert [both(connection) for connection in connections] == [(b"one", b""), (b"two", b"three")]
    assert [connection.handshake[0] for connection in connections] == [True, False]


def test_copies_that_come_long_after_the_end_begin_nothing() -> None:
    talk = Conversation()
    tracker = Tracker(frozenset({109}))
    segments = [
        *handshake(talk),
        talk.segment("client", 0, b"one"),
        talk.segment("client", 3, flags=ACK | FIN),
        talk.segment("server", 0, flags=ACK | FIN, heard=4),
        Conversation(("10.9.0.1", 41000)).segment("client", -1, flags=SYN, time=60 * SECOND),
        talk.segment("client", 0, b"one", time=61 * SECOND),
        talk.segment("client", 3, flags=ACK | FIN, time=62 * SECOND),
        talk.segment("server", 5000, flags=RST, time=63 * SECOND),
    ]
    (connection,) = tracker.connections(segments)
    assert both(connection) == (b"one", b"")
    assert [tally.attempts for tally in tracker.probes.values()] == [1]
    assert tracker.warnings == [
        "3 segments (the first is frame 7) came long after their connection was closed, "
        "and only repeat what it had carried (3 octets): they were left out"
    ]


def test_what_goes_on_long_after_the_end_is_not_lost() -> None:
    talk = Conversation()
    connections = track(
        [
            *handshake(talk),
            talk.segment("client", 0, b"one"),
            talk.segment("server", 0, flags=RST | ACK, heard=3),
            Conversation(("10.9.0.1", 41000)).segment("client", -1, flags=SYN, time=1600 * SECOND),
            talk.segment("client", 3, b"two", time=1601 * SECOND),
        ]
    )
    assert [both(connection)[0] for connection in connections] == [b"one", b"two"]


def test_data_after_a_reset_or_a_fin_is_kept_and_said() -> None:
    talk = Conversation()
    connection = only(
        [
            *handshake(talk),
            talk.segment("client", 0, b"one"),
            talk.segment("server", 0, flags=RST | ACK, heard=3),
            talk.segment("client", 3, b"two"),
            talk.segment("client", 6, flags=ACK | FIN),
            talk.segment("client", 6, b"three"),
        ]
    )
    assert both(connection) == (b"onetwothree", b"")
    assert connection.events == [
        "a FIN of the client that the conversation does not bear out, and was not counted (frame 7)",
        "data of the client after a RST (frames 6 and 8)",
    ]


def test_data_after_a_fin_that_was_acknowledged_is_kept_and_said() -> None:
    talk = Conversation()
    connection = only(
        [
            *handshake(talk),
            talk.segment("client", 0, b"one", flags=ACK | FIN),
            talk.segment("server", 0, heard=4),
            talk.segment("client", 3, b"two"),
        ]
    )
    assert both(connection) == (b"onetwo", b"")
    assert connection.events == ["data after the FIN of the client (frame 6)"]
    assert connection.streams is not None
    assert connection.streams[0].finished


def test_octets_in_a_reset_are_said_and_no_part_of_the_stream() -> None:
    talk = Conversation()
    connection = only(
        [*handshake(talk), talk.segment("client", 0, b"one"), talk.segment("server", 0, b"cause", flags=RST)]
    )
    assert both(connection) == (b"one", b"")
    assert connection.events == ["a RST of the server that carries octets, which no program will have read (frame 5)"]


def test_a_reset_that_answers_no_syn_is_ignored() -> None:
    talk = Conversation()
    connection = only(
        [
            talk.segment("client", -1, flags=SYN),
            talk.segment("server", 0, flags=RST | ACK, heard=500),
            talk.segment("server", -1, flags=SYN | ACK),
            talk.segment("client", 0, b"one"),
        ]
    )
    assert connection.events == ["a RST that does not answer the SYN, and was ignored (frame 2)"]
    assert connection.closed_at is None


def test_payload_in_the_syn_and_urgent_data_are_said() -> None:
    talk = Conversation()
    connection = only(
        [talk.segment("client", -1, b"HELO", flags=SYN), talk.segment("client", 4, b" a!", flags=ACK | URG, urgent=3)]
    )
    assert both(connection) == (b"HELO a!", b"")
    assert connection.events == [
        "payload in the SYN of the client (as TCP Fast Open has it, RFC 7413) (frame 1)",
        "urgent data of the client (frame 2)",
    ]


def test_two_ends_of_a_stream() -> None:
    talk = Conversation()
    connection = only(
        [
            *handshake(talk),
            talk.segment("client", 0, b"one", flags=ACK | FIN),
            talk.segment("client", 9, flags=ACK | FIN),
        ]
    )
    assert connection.events == [
        "a FIN of the client that the conversation does not bear out, and was not counted (frame 5)"
    ]
    assert connection.streams is not None
    assert connection.streams[0].gaps == []


def test_an_acknowledgement_that_later_ones_contradict_proves_nothing() -> None:
    talk = Conversation()
    segments = [
        *handshake(talk),
        talk.segment("client", 0, b"one"),
        talk.segment("server", 0, heard=3),
        talk.segment("server", 0, heard=9000),  # forged
        *(talk.segment("server", number, b"x", heard=3 + (number & 1)) for number in range(4)),
    ]
    connection = only(segments)
    assert connection.streams is not None
    assert connection.streams[0].gaps == []
    connection = only(segments[:6])
    assert connection.streams is not None
    assert connection.streams[0].gaps == [Gap(3, 8997, "not captured")]


def test_simultaneous_open() -> None:
    talk = Conversation()
    connection = only(
        [
            talk.segment("client", -1, flags=SYN),
            talk.segment("server", -1, flags=SYN),
            talk.segment("client", -1, flags=SYN | ACK),
            talk.segment("server", -1, flags=SYN | ACK),
            talk.segment("client", 0, b"one"),
            talk.segment("server", 0, b"two", heard=3),
        ]
    )
    assert both(connection) == (b"one", b"two")
    assert connection.events == []


def wrong(segment: Segment) -> Segment:
    return segment._replace(doubts=(WRONG_TCP_CHECKSUM,))


def test_a_copy_with_a_wrong_checksum_does_not_count_against_a_right_one() -> None:
    talk = Conversation()
    segments = [
        *handshake(talk),
        wrong(talk.segment("client", 0, b"forged")),
        talk.segment("client", 0, b"honest"),
        talk.segment("client", 6, b"more"),
    ]
    for policy in ("first", "last"):
        connection = only(segments, policy)
        assert connection.streams is not None
        assert whole(connection.streams[0]) == b"honestmore"
        assert connection.streams[0].conflicts == [Conflict(0, 6, 5, b"honest", 4, b"forged")]
        assert connection.events == [f"{WRONG_TCP_CHECKSUM} (frame 4)"]


def test_where_most_checksums_are_wrong_it_is_the_adapter() -> None:
    talk = Conversation()
    connection = only(
        [*handshake(talk), wrong(talk.segment("client", 0, b"one")), wrong(talk.segment("client", 3, b"two"))]
    )
    assert both(connection) == (b"onetwo", b"")


def test_beyond_the_segments_of_a_stream_it_is_said_what_is_left_out() -> None:
    talk = Conversation()
    tracker = Tracker(frozenset({109}), limits=Limits(stream_segments=3))
    segments = [*handshake(talk), *(talk.segment("client", number, b"x") for number in range(5))]
    (connection,) = tracker.connections(segments)
    assert connection.streams is not None
    assert both(connection) == (b"xxx", b"")
    assert connection.streams[0].gaps == [Gap(3, 2, "not captured")]
    assert connection.events == [
        "payload of the client that was left out, because its stream has reached the limit stream_segments of 3 "
        "(frames 7 and 8)"
    ]


def test_beyond_the_octets_held_in_memory_too() -> None:
    talk = Conversation()
    tracker = Tracker(frozenset({109}), limits=Limits(stream_octets=7))
    (connection,) = tracker.connections([talk.segment("server", 3 * number, b"xyz") for number in range(4)])
    assert both(connection) == (b"", b"xyzxyz")
    assert "limit stream_octets of 7 (frames 3 and 4)" in connection.events[0]


def test_more_conflicts_than_are_listed() -> None:
    talk = Conversation()
    tracker = Tracker(frozenset({109}), limits=Limits(conflicts=2))
    segments = [
        *handshake(talk),
        talk.segment("client", 0, b"abcd"),
        *(talk.segment("client", n, b"!") for n in range(4)),
    ]
    (connection,) = tracker.connections(segments)
    assert connection.streams is not None
    assert len(connection.streams[0].conflicts) == 2
    assert "as many conflicts between copies of the client's octets as are listed" in connection.events[0]


def test_a_keep_alive_with_garbage_is_said_and_left_out() -> None:
    talk = Conversation()
    segments = [
        *handshake(talk),
        talk.segment("client", 0, b"abc"),
        talk.segment("server", 0, heard=3),
        talk.segment("client", 2, b"c"),
        talk.segment("client", 2, b"\0"),
        talk.segment("client", 3, b"def"),
    ]
    for policy in ("first", "last"):
        connection = only(segments, policy)
        assert both(connection) == (b"abcdef", b"")
        assert connection.streams is not None
        assert connection.streams[0].conflicts == []
        assert connection.events == ["a keep-alive of the client with an octet of garbage (frame 7)"]


def test_one_octet_captured_after_its_acknowledgement_is_data() -> None:
    talk = Conversation()
    segments = [
        *handshake(talk),
        talk.segment("server", 0, heard=1),
        talk.segment("client", 0, b"a"),
        talk.segment("client", 0, b"x"),
    ]
    assert both(only(segments)) == (b"a", b"")


def test_a_stray_segment_before_the_answer_to_a_syn_changes_nothing() -> None:
    for distance in (1, 77, 2**30, 2**31 - 5, 2**31, 2**32 - 9):
        frames = count(1)
        talk = Conversation(frames=frames)
        stray = Conversation(server_isn=(talk.isn("server") + distance) % 2**32, frames=frames)
        connection = only(
            [
                talk.segment("client", -1, flags=SYN),
                stray.segment("server", 0),
                talk.segment("server", -1, flags=SYN | ACK),
                talk.segment("client", 0),
                talk.segment("server", 0, b"s"),
                talk.segment("client", 0, b"c", heard=1),
                talk.segment("server", 1, b"t", heard=1),
            ]
        )
        assert both(connection) == (b"c", b"st"), distance
        assert connection.handshake == (True, True, True)


def test_silent_connections_are_over_where_that_is_asked_for() -> None:
    frames = count(1)
    talk, other = Conversation(frames=frames), Conversation(("10.9.0.1", 41000), frames=frames)

    def segments() -> Iterator[Segment]:
        yield talk.segment("client", 0, b"one", time=0)
        yield from (other.segment("client", n, b"x", time=n * 10 * SECOND) for n in range(1, 20))
        assert given == [b"one"]
        yield talk.segment("client", 3, b"two", time=200 * SECOND)

    given: list[bytes] = []
    for connection in Tracker(frozenset({109}), limits=Limits(idle_seconds=60)).connections(segments()):
        given.append(both(connection)[0])
        if given == [b"one"]:
            assert connection.events == ["more than 60 s without a segment after it (limit idle_seconds) (frame 1)"]
    assert sorted(given) == [b"one", b"two", b"x" * 19]


def test_an_acknowledged_fin_is_no_octet_also_after_octets_that_were_not_captured() -> None:
    talk = Conversation()
    connection = only(
        [*handshake(talk), talk.segment("server", 0, b"x", heard=5), talk.segment("server", 1, b"y", heard=6)]
    )
    assert connection.streams is not None
    assert connection.streams[0].gaps == [Gap(0, 5, "not captured")]


def test_an_acknowledgement_is_judged_by_its_distance_from_what_was_seen() -> None:
    talk = Conversation()
    many = 30 << 20  # more than unseen_octets
    connection = only(
        [*handshake(talk), talk.segment("client", 0, b"abc", length=many), talk.segment("server", 0, b"x", heard=many)]
    )
    assert connection.streams is not None
    assert connection.streams[1].spans[0].acknowledged == many
    assert connection.streams[0].gaps == [Gap(3, many - 3, "cut by the snap length")]


def test_begin_and_end_are_the_earliest_and_the_latest_time() -> None:
    talk = Conversation()
    times = [50, 70, 20, 60]
    connection = only([talk.segment("client", n, b"x", time=time) for n, time in enumerate(times)])
    assert (connection.start, connection.end) == (20, 70)


def test_a_syn_of_a_new_attempt_without_payload_before_it_is_a_probe_more() -> None:
    frames = count(1)
    tracker = Tracker(frozenset({109}))
    attempts = [
        Conversation(client_isn=number << 20, frames=frames).segment("client", -1, flags=SYN) for number in (1, 2, 3)
    ]
    assert list(tracker.connections(attempts)) == []
    assert [tally.attempts for tally in tracker.probes.values()] == [3]


def test_whose_segment_it_is_also_shows_in_what_it_acknowledges() -> None:
    frames = count(1)
    old, new = Conversation(frames=frames), Conversation(client_isn=2**31, server_isn=2**30, frames=frames)
    connections = track(
        [
            *handshake(old),
            old.segment("client", 0, b"one"),
            new.segment("client", -1, flags=SYN),  # the answer to it was not captured
            old.segment("server", 0, b"late", heard=3),
            new.segment("server", 0, b"new"),
            new.segment("client", 0, b"two", heard=3),
        ]
    )
    assert [both(connection) for connection in connections] == [(b"one", b"late"), (b"two", b"new")]


def test_each_closed_connection_has_its_own_time() -> None:
    frames = count(1)
    start = 477_586_800 * SECOND
    first, second, other = (Conversation(("10.9.0.1", port), frames=frames) for port in (40000, 40001, 40002))

    def closing(talk: Conversation, time: int) -> list[Segment]:
        made = [
            *handshake(talk),
            talk.segment("client", 0, b"one"),
            talk.segment("client", 6, flags=ACK | FIN),
            talk.segment("server", 0, flags=ACK | FIN, heard=7),
        ]
        return [segment._replace(time=time) for segment in made]

    segments = [
        *closing(first, start),
        *closing(second, start + 8 * SECOND),
        other.segment("client", 0, b"x", time=start + 11 * SECOND),
        second.segment("client", 3, b"two", time=start + 12 * SECOND),
    ]
    given = {connection.client_key[-3]: both(connection)[0] for connection in track(segments)}
    assert given == {0x40: b"one", 0x41: b"onetwo", 0x42: b"x"}
