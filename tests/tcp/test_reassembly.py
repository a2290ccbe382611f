"""Any order, duplication and split of the same octets gives the same stream; what differs is kept and said."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.decode.segment import ACK, FIN, SYN, URG
from pop2dissect.limits import DEFAULT
from pop2dissect.tcp.reassembly import CUT_BY_SNAP_LENGTH, NOT_CAPTURED, Cut, build_stream
from pop2dissect.tcp.stream import Conflict, Gap, Span, Stream
from tests.support.conversation import Conversation
from tests.tcp.build import streams, track, whole

TEXT = bytes(range(256)) * 3


def span(offset: int, octets: bytes, frame: int = 0) -> Span:
    return Span(offset, len(octets), frame, frame, None, octets, 0)


@st.composite
def impaired(draw: st.DrawFn) -> tuple[bytes, int, list[tuple[int, bytes]]]:
    """Octets, an initial sequence number, and pieces that cover them all in any order, some more than once."""
    octets = draw(st.binary(min_size=1, max_size=200))
    cuts = sorted({0, len(octets), *draw(st.lists(st.integers(0, len(octets)), max_size=20))})
    pieces = [(first, octets[first:last]) for first, last in itertools.pairwise(cuts)]
    for _ in range(draw(st.integers(0, 10))):
        first = draw(st.integers(0, len(octets) - 1))
        last = draw(st.integers(first + 1, len(octets)))
        pieces.append((first, octets[first:last]))
    return octets, draw(st.integers(0, 2**32 - 1)), draw(st.permutations(pieces))


@given(impaired(), st.sampled_from(["first", "last"]))
def test_any_order_split_and_duplication_is_the_same_as_in_order(
    case: tuple[bytes, int, list[tuple[int, bytes]]], policy: str
) -> None:
    octets, isn, pieces = case
    talk = Conversation(client_isn=isn)
    segments = [
        talk.segment("client", -1, flags=SYN),
        *(talk.segment("client", offset, part) for offset, part in pieces),
    ]
    client, _ = streams(segments, policy)
    assert whole(client) == octets
    assert client.gaps == []
    assert client.conflicts == []
    assert [one.end for one in client.spans[:-1]] == [other.offset for other in client.spans[1:]]


@given(impaired())
def test_without_handshake_the_earliest_octet_is_the_first(
    case: tuple[bytes, int, list[tuple[int, bytes]]],
) -> None:
    octets, isn, pieces = case
    talk = Conversation(client_isn=isn)
    client, _ = streams([talk.segment("client", offset, part) for offset, part in pieces])
    assert whole(client) == octets


@given(st.data())
def test_each_octet_comes_from_the_frame_that_its_span_names(data: st.DataObject) -> None:
    octets, _, pieces = data.draw(impaired())
    stream = build_stream([span(offset, part, frame) for frame, (offset, part) in enumerate(pieces)], ordered=False)
    for one in stream.spans:
        offset, part = pieces[one.frame]
        assert part[one.offset - offset : one.end - offset] == octets[one.offset : one.end]


@given(
    st.lists(st.tuples(st.integers(0, 40), st.binary(min_size=1, max_size=12)), min_size=1, max_size=12),
    st.sampled_from(["first", "last"]),
)
def test_overlaps_follow_the_policy_octet_by_octet(pieces: list[tuple[int, bytes]], policy: str) -> None:
    expected: dict[int, int] = {}
    for offset, part in pieces:
        for at, octet in enumerate(part, offset):
            if policy == "last" or at not in expected:
                expected[at] = octet
    stream = build_stream(
        [span(offset, part, frame) for frame, (offset, part) in enumerate(pieces)],
        ordered=False,
        policy="last" if policy == "last" else "first",
    )
    assert {at: stream.octet_at(at)[0] for at in range(stream.length) if stream.octet_at(at)} == expected
    copies = {(at, octet) for offset, part in pieces for at, octet in enumerate(part, offset)}
    differ = {at for at, octet in copies if expected[at] != octet}
    reported = {at for conflict in stream.conflicts for at in range(conflict.offset, conflict.offset + conflict.length)}
    assert differ <= reported
    assert all(set(range(one.offset, one.offset + one.length)) & differ for one in stream.conflicts)


def test_a_conflict_keeps_both_versions_and_their_frames() -> None:
    stream = build_stream([span(0, b"HELO anna x", 3), span(5, b"mary", 8)], ordered=False)
    assert stream.conflicts == [Conflict(5, 4, 3, b"anna", 8, b"mary")]
    assert stream.read(0, 11) == b"HELO anna x"
    stream = build_stream([span(0, b"HELO anna x", 3), span(5, b"mary", 8)], ordered=False, policy="last")
    assert stream.conflicts == [Conflict(5, 4, 8, b"mary", 3, b"anna")]
    assert stream.read(0, 11) == b"HELO mary x"


def test_a_hole_between_spans_is_a_gap() -> None:
    talk = Conversation()
    segments = [
        talk.segment("client", -1, flags=SYN),
        talk.segment("client", 0, b"abc"),
        talk.segment("client", 10, b"xyz"),
    ]
    client, _ = streams(segments)
    assert client.gaps == [Gap(3, 7, NOT_CAPTURED)]
    assert (client.length, client.octets, client.missing) == (13, 6, 7)
    assert whole(client) == b"abcxyz"


def test_what_the_peer_acknowledged_existed() -> None:
    talk = Conversation()
    client, server = streams(
        [
            talk.segment("client", -1, flags=SYN),
            talk.segment("server", -1, flags=SYN | ACK),
            talk.segment("client", 0, b"abc", heard=46),
        ]
    )
    assert client.gaps == []
    assert server.gaps == [Gap(0, 46, NOT_CAPTURED)]


def test_an_acknowledged_fin_that_was_not_captured_is_no_octet() -> None:
    talk = Conversation()
    client, _ = streams(
        [
            talk.segment("client", -1, flags=SYN),
            talk.segment("client", 0, b"abc"),
            talk.segment("server", 0, heard=4),
        ]
    )
    assert client.gaps == []


def test_a_stray_acknowledgement_number_proves_nothing() -> None:
    talk = Conversation()
    client, _ = streams(
        [
            talk.segment("client", -1, flags=SYN),
            talk.segment("client", 0, b"abc"),
            talk.segment("server", 0, heard=DEFAULT.unseen_octets + 100),
        ]
    )
    assert client.gaps == []


def test_the_snap_length_is_told_apart_from_loss() -> None:
    talk = Conversation()
    client, _ = streams(
        [
            talk.segment("client", -1, flags=SYN),
            talk.segment("client", 0, b"abc", length=10),
            talk.segment("client", 20, b"xyz"),
        ]
    )
    assert client.gaps == [Gap(3, 7, CUT_BY_SNAP_LENGTH), Gap(10, 10, NOT_CAPTURED)]


def test_a_whole_retransmission_fills_what_the_snap_length_cut() -> None:
    stream = build_stream([span(0, b"abc"), span(0, b"abcdef")], ordered=False, cuts=[Cut(3, 3)])
    assert stream.gaps == []
    assert stream.read(0, 6) == b"abcdef"


def test_payload_in_the_syn_counts() -> None:
    talk = Conversation()
    client, _ = streams([talk.segment("client", -1, b"HELO", flags=SYN), talk.segment("client", 4, b" a b\r\n")])
    assert whole(client) == b"HELO a b\r\n"


def test_a_keep_alive_octet_is_no_part_of_the_stream() -> None:
    talk = Conversation()
    client, _ = streams(
        [
            talk.segment("client", -1, flags=SYN),
            talk.segment("client", 0, b"abc"),
            talk.segment("server", 0, heard=3),
            talk.segment("client", 2, b"\0"),
            talk.segment("client", 3, b"def"),
        ]
    )
    assert whole(client) == b"abcdef"
    assert client.conflicts == []


def test_a_zero_window_probe_is_the_first_octet_of_what_follows() -> None:
    talk = Conversation()
    client, _ = streams(
        [talk.segment("client", -1, flags=SYN), talk.segment("client", 0, b"d"), talk.segment("client", 0, b"def")]
    )
    assert whole(client) == b"def"
    assert client.conflicts == []


def test_a_segment_far_outside_of_the_stream_is_left_out_and_said() -> None:
    talk = Conversation()
    segments = [
        talk.segment("client", -1, flags=SYN),
        talk.segment("client", 0, b"abc"),
        talk.segment("client", -500, b"forged"),
        talk.segment("client", 2**30 + 10, b"forged"),
    ]
    (connection,) = track(segments)
    assert connection.streams is not None
    assert whole(connection.streams[0]) == b"abc"
    assert connection.events == [
        "payload of the client that lies far outside of the stream, and was left out (frames 3 and 4)"
    ]


def test_an_octet_before_the_first_is_cut_off() -> None:
    talk = Conversation()
    client, _ = streams(
        [talk.segment("client", -1, flags=SYN), talk.segment("client", -2, b"xxabc"), talk.segment("client", 3, b"d")]
    )
    assert whole(client) == b"abcd"
    assert [(span.offset, span.length) for span in client.spans] == [(0, 3), (3, 1)]


def test_fin_does_not_end_buffering() -> None:
    talk = Conversation()
    client, _ = streams(
        [
            talk.segment("client", -1, flags=SYN),
            talk.segment("client", 3, b"def", flags=ACK | FIN),
            talk.segment("client", 0, b"abc"),
        ]
    )
    assert whole(client) == b"abcdef"
    assert client.finished


def test_the_stream_ends_where_the_fin_says() -> None:
    talk = Conversation()
    client, _ = streams(
        [
            talk.segment("client", -1, flags=SYN),
            talk.segment("client", 0, b"abc"),
            talk.segment("client", 9, flags=ACK | FIN),
        ]
    )
    assert client.gaps == [Gap(3, 6, NOT_CAPTURED)]


@pytest.mark.parametrize("captured_first", ["FIN", "acknowledgement"])
def test_an_acknowledgement_of_the_fin_proves_no_octet_in_whatever_order_they_were_captured(
    captured_first: str,
) -> None:
    talk = Conversation()
    last = [talk.segment("client", 3, flags=ACK | FIN), talk.segment("server", 0, heard=4)]
    if captured_first != "FIN":
        last.reverse()
    client, _ = streams([talk.segment("client", -1, flags=SYN), talk.segment("client", 0, b"abc"), *last])
    assert client.gaps == []
    assert client.length == 3


def test_urgent_octets_are_marked() -> None:
    talk = Conversation()
    client, _ = streams(
        [
            talk.segment("client", -1, flags=SYN),
            talk.segment("client", 0, b"abc"),
            talk.segment("client", 3, b"!", flags=ACK | URG, urgent=1),
        ]
    )
    assert client.urgent == (3,)


def test_a_capture_that_starts_in_the_middle_knows_what_was_sent_before_its_first_octet() -> None:
    talk = Conversation()
    _, server = streams([talk.segment("client", 50, heard=100), talk.segment("server", 400, b"abc", heard=50)])
    assert server.gaps == [Gap(0, 300, NOT_CAPTURED)]


def test_a_first_segment_that_may_be_a_keep_alive_proves_no_gap() -> None:
    talk = Conversation()
    client, _ = streams([talk.segment("client", 49), talk.segment("client", 50, b"abc")])
    assert client.gaps == []


@pytest.mark.parametrize("policy", ["first", "last"])
def test_a_million_overlaps_take_linear_time(policy: str) -> None:
    chance = random.Random(1)
    pieces = [span(offset, TEXT[:9], frame) for frame, offset in enumerate(chance.sample(range(60000), 50000))]
    stream = build_stream(pieces, ordered=False, policy="last" if policy == "last" else "first")
    assert stream.length > 59000
    assert len(stream.conflicts) <= 1000


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), max_size=12), st.integers(-3, 90), st.integers(-3, 90))
def test_missing_bytes_are_counted_as_one_by_one(holes: list[tuple[int, int]], start: int, end: int) -> None:
    gaps, at = [], 0
    for before, length in holes:
        gaps.append(Gap(at + before, length, NOT_CAPTURED))
        at += before + length
    lost = {offset for gap in gaps for offset in range(gap.offset, gap.offset + gap.length)}
    assert Stream([], gaps).missing_between(start, end) == len(lost & set(range(start, end)))
