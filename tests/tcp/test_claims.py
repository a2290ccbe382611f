"""Which FIN and which RST stand."""

from __future__ import annotations

import pytest

from pop2dissect.tcp.claims import MAX_FINS, MAX_RESETS, Claims


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
    assert claims(reset=(8, 5)).sent(end, acknowledges=acknowledges) == [9] * contradicts


@pytest.mark.parametrize(
    ("offset", "highest", "proven", "misplaced"),
    [(5, 5, 0, False), (6, 5, 0, False), (7, 5, 0, True), (2, 5, 2, False), (3, 5, 2, False), (4, 5, 2, True)],
)
def test_a_reset_has_the_number_where_the_stream_ends(offset: int, highest: int, proven: int, misplaced: bool) -> None:
    assert claims(reset=(offset, highest)).misplaced(highest, proven, None) == [9] * misplaced


def test_bytes_captured_after_a_reset_must_reach_just_to_it() -> None:
    for highest, misplaced in ((8 - 1, [9]), (9, [])):
        made = claims(reset=(9, 5))
        assert not made.sent(8, acknowledges=False)
        assert made.misplaced(highest, 5, None) == misplaced


@pytest.mark.parametrize(
    ("proven", "frame", "misplaced"), [(9, 10, [9]), (9, 8, []), (9, None, []), (7, 10, [9]), (6, 10, []), (5, 10, [])]
)
def test_what_the_peer_had_of_it_later_is_no_end(proven: int, frame: int | None, misplaced: list[int]) -> None:
    assert claims(reset=(5, 5)).misplaced(5, proven, frame) == misplaced


def test_a_reset_at_another_place_does_not_replace_one() -> None:
    made = claims(reset=(5, 5))
    for frame in range(10, 50):
        made.add_reset(frame, frame, 5)
    assert len(made.resets) == MAX_RESETS
    made = claims(reset=(5, 5))
    made.add_reset(90, 10, 5)
    made.add_reset(5, 11, 5)
    assert made.misplaced(5, 5, None) == [10]
    assert [reset.frame for reset in made.resets] == [9]


def test_they_move_with_the_stream() -> None:
    made = claims(5, acknowledged=5, reset=(6, 5))
    made.move(10)
    assert (made.fins, made.acknowledged) == ({15: 1}, 15)
    assert made.reset is not None
    assert made.reset[:3] == (16, 9, 15)
    assert made.any
    assert not Claims().any


def test_after_bytes_that_came_later_a_reset_is_no_answer_to_what_was_asked_for() -> None:
    made = claims(reset=(9, 5))
    assert not made.sent(7, acknowledges=False)
    assert made.misplaced(7, 9, None) == [9]
