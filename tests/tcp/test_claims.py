"""Which FIN and which RST stand."""

from __future__ import annotations

import pytest

from pop2dissect.tcp.claims import MAX_FINS, Claims


def claims(*fins: int, acknowledged: int | None = None, reset: tuple[int, int] | None = None) -> Claims:
    made = Claims()
    for frame, offset in enumerate(fins, 1):
        made.add_fin(offset, frame)
    made.acknowledged = acknowledged
    if reset is not None:
        made.add_reset(reset[0], 9, reset[1])
    return made


@pytest.mark.parametrize(
    ("fins", "acknowledged", "highest", "proven", "stands"),
    [
        ((), None, 5, 5, None),
        ((5,), None, 5, 5, 5),
        ((5,), None, 5, 0, 5),
        ((5,), None, 6, 0, None),  # its sender went on
        ((5,), None, 5, 6, None),  # the peer had more
        ((5,), 5, 8, 5, 5),  # what follows it was not taken
        ((5,), 5, 8, 8, None),  # it was
        ((9, 5), None, 5, 5, 5),
        ((9, 5), 5, 5, 5, 5),
        ((9,), None, 5, 5, 9),
    ],
)
def test_a_fin_stands_where_nothing_is_behind_it(
    fins: tuple[int, ...], acknowledged: int | None, highest: int, proven: int, stands: int | None
) -> None:
    assert claims(*fins, acknowledged=acknowledged).fin(highest, proven) == stands


def test_the_sender_contradicts_only_what_was_not_acknowledged() -> None:
    made = claims(5, 7, acknowledged=5)
    assert [made.contradict_fin(offset) for offset in (5, 6, 7, 7)] == [None, None, 2, None]
    assert made.fins == {5: 1}


def test_only_so_many_fins_are_weighed() -> None:
    assert len(claims(*range(100)).fins) == MAX_FINS


@pytest.mark.parametrize(
    ("end", "acknowledges", "contradicts"),
    [(5, False, False), (5, True, True), (8, False, False), (9, False, True), (4, False, False)],
)
def test_an_end_that_goes_on_has_sent_no_reset(end: int, acknowledges: bool, contradicts: bool) -> None:
    assert claims(reset=(8, 5)).sent(end, acknowledges=acknowledges) is contradicts


@pytest.mark.parametrize(
    ("offset", "highest", "proven", "misplaced"),
    [(5, 5, 0, False), (6, 5, 0, False), (7, 5, 0, True), (2, 5, 2, False), (3, 5, 2, False), (4, 5, 2, True)],
)
def test_a_reset_has_the_number_where_the_stream_ends(offset: int, highest: int, proven: int, misplaced: bool) -> None:
    assert claims(reset=(offset, highest)).is_reset_misplaced(highest, proven) is misplaced


def test_bytes_captured_after_a_reset_must_reach_just_to_it() -> None:
    made = claims(reset=(9, 5))
    assert not made.sent(8, acknowledges=False)
    assert made.is_reset_misplaced(8 - 1, 5)
    assert not made.is_reset_misplaced(9, 5)


def test_they_move_with_the_stream() -> None:
    made = claims(5, acknowledged=5, reset=(6, 5))
    made.move(10)
    assert (made.fins, made.acknowledged) == ({15: 1}, 15)
    assert made.reset is not None
    assert made.reset[:3] == (16, 9, 15)
    assert made.any
    assert not Claims().any
