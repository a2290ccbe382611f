"""The index of what was captured of a stream."""

from __future__ import annotations

import pytest

from pop2dissect.decode.problems import WRONG_TCP_CHECKSUM
from pop2dissect.decode.segment import Segment
from pop2dissect.limits import Limits
from pop2dissect.tcp.pieces import Pieces
from pop2dissect.tcp.reassembly import Cut
from tests.support.conversation import Conversation

LIMITS = Limits(stream_segments=3, stream_octets=10)


def entered(*payloads: tuple[int, bytes], limits: Limits = LIMITS) -> Pieces:
    pieces = Pieces(limits)
    talk = Conversation()
    for offset, payload in payloads:
        pieces.enter(talk.segment("client", offset, payload), offset, None)
    return pieces


def doubted(segment: Segment) -> Segment:
    return segment._replace(doubts=(WRONG_TCP_CHECKSUM,))


def test_in_order_each_starts_where_the_one_before_it_ends() -> None:
    pieces = entered((0, b"one"), (3, b"two"))
    assert (pieces.ordered, pieces.highest, pieces.first()) == (True, 6, 0)
    pieces = entered((0, b"one"), (4, b"two"), (2, b"x"))
    assert (pieces.ordered, pieces.highest, pieces.first()) == (False, 7, 0)
    assert entered((-4, b"x"), (-9, b"y")).first() == -9
    assert entered().first() == 0


def test_the_short_way_takes_only_what_no_limit_concerns() -> None:
    pieces = Pieces(LIMITS)
    mapped = memoryview(b"abcdef")
    assert not pieces.append(1, 2, b"abcdef", 0, 6, None)
    assert [pieces.append(frame, 7, mapped, 1, 2, 5) for frame in range(4)] == [True, True, True, False]  # type: ignore[arg-type]
    assert pieces.highest == 6
    assert pieces.spans[2][:5] == (4, 2, 2, 7, 5)


def test_the_limit_that_is_reached_is_named() -> None:
    pieces = Pieces(LIMITS)
    assert pieces.full(b"", 10) is None
    assert pieces.full(memoryview(b""), 10) is None  # type: ignore[arg-type]
    assert pieces.full(b"", 1) == "stream_octets"
    assert entered((0, b"a"), (1, b"b"), (2, b"c")).full(memoryview(b""), 1) == "stream_segments"  # type: ignore[arg-type]


def test_what_the_snap_length_cut_is_known_to_have_existed() -> None:
    talk = Conversation()
    pieces = Pieces(LIMITS)
    pieces.enter(talk.segment("client", 0, b"ab", length=5), 0, None)
    pieces.enter(talk.segment("client", 5, b"", length=5), 5, None)
    assert pieces.cuts == [Cut(2, 3), Cut(5, 5)]
    assert (len(pieces.spans), pieces.highest, pieces.ordered, pieces.last_byte()) == (1, 10, False, None)


def test_the_byte_before_the_next_one() -> None:
    assert entered((0, b"abc")).last_byte() == ord("c")
    assert entered((0, b"abc"), (0, b"x")).last_byte() is None
    assert entered().last_byte() is None


@pytest.mark.parametrize(("left_out", "believed"), [(0, True), (1, False)])
def test_wrong_checksums_are_believed_where_they_are_half(left_out: int, believed: bool) -> None:
    talk = Conversation()
    pieces = Pieces(Limits())
    first, second = doubted(talk.segment("client", 3, b"two")), talk.segment("client", 0, b"one")
    pieces.enter(first, 3, None)
    pieces.enter(second, 0, None)
    pieces.judge_checksums(left_out)
    assert [span.frame for span in pieces.spans] == ([1, 2] if believed else [2])
    assert [span.frame for span in pieces.doubted] == ([] if believed else [1])


def test_all_of_it_moves() -> None:
    talk = Conversation()
    pieces = Pieces(Limits())
    pieces.enter(talk.segment("client", 5, b"ab", length=4), 5, 100)
    pieces.enter(doubted(talk.segment("client", 9, b"c")), 9, None)
    pieces.move(-5)
    pieces.move_acknowledged(7)
    assert [(span.offset, span.acknowledged) for span in (*pieces.spans, *pieces.doubted)] == [(0, 107), (4, None)]
    assert (pieces.cuts, pieces.highest, pieces.first()) == ([Cut(2, 2)], 5, 0)


def test_what_lies_before_the_start_is_left_out() -> None:
    pieces = entered((-4, b"abcd"), (-2, b"xyz"), (1, b"!"))
    pieces.drop_before_start()
    assert [(span.offset, bytes(span.data[span.start : span.start + span.length])) for span in pieces.spans] == [
        (0, b"z"),
        (1, b"!"),
    ]


@pytest.mark.parametrize(
    ("payloads", "head"),
    [
        ([(0, b"+ PO"), (4, b"P2\r\n")], b"+ POP2\r\n"),
        ([(4, b"P2\r\n"), (0, b"+ PO")], b"+ POP2\r\n"),
        ([(0, b"+ PO"), (2, b"POP2")], b"+ POP2"),
        ([(0, b"+ POP2"), (2, b"P")], b"+ POP2"),
        ([(0, b"+ PO"), (5, b"2\r\n")], b"+ PO"),
        ([(1, b" POP2")], b""),
        ([], b""),
    ],
)
def test_the_head_ends_where_a_byte_is_missing(payloads: list[tuple[int, bytes]], head: bytes) -> None:
    assert entered(*payloads).head(100, from_start=True) == head


def test_the_head_of_a_stream_whose_start_was_not_captured() -> None:
    pieces = entered((7, b"cd"), (5, b"ab"), (9, b"ef"))
    assert pieces.head(100, from_start=False) == b"abcdef"
    assert pieces.head(3, from_start=False) == b"abcd"
    assert pieces.head(4, from_start=False) == b"abcd"
