"""What acknowledgements prove of a stream, and what takes it back."""

from __future__ import annotations

import pytest

from pop2dissect.tcp.acknowledgements import CONTRADICTIONS, Acknowledgements


def test_the_highest_counts() -> None:
    acks = Acknowledgements()
    for offset in (5, 3, 9, 9, 4):
        acks.take(offset, highest=10)
    assert acks.proven == 9


@pytest.mark.parametrize("highest", [0, 40])
def test_lower_ones_take_back_what_nobody_has_seen(highest: int) -> None:
    acks = Acknowledgements()
    acks.take(30, highest)
    acks.take(9000, highest)
    for _ in range(CONTRADICTIONS - 1):
        acks.take(31, highest)
        assert acks.proven == 9000
    acks.take(31, highest)
    assert acks.proven == max(30, highest)


def test_a_higher_one_in_between_starts_the_count_again() -> None:
    acks = Acknowledgements()
    acks.take(50, 0)
    for offset in (*[40] * (CONTRADICTIONS - 1), 60, *[40] * (CONTRADICTIONS - 1)):
        acks.take(offset, 0)
    assert acks.proven == 60
    acks.take(40, 0)
    assert acks.proven == 50
    for _ in range(CONTRADICTIONS - 1):
        acks.take(49, 0)
    assert acks.proven == 50


def test_lower_ones_say_nothing_against_what_was_captured() -> None:
    acks = Acknowledgements()
    acks.take(50, 50)
    for _ in range(9):
        acks.take(10, 50)
    assert acks.proven == 50


def test_they_move_with_the_stream() -> None:
    acks = Acknowledgements()
    acks.number = 7
    acks.take(5, 0)
    acks.take(9, 0)
    acks.move(-2)
    assert (acks.proven, repr(acks.number)) == (7, "None")
    for _ in range(CONTRADICTIONS):
        acks.take(1, 0)
    assert acks.proven == 3
    acks.raise_to(2)
    assert acks.proven == 3
    acks.raise_to(6)
    assert acks.proven == 6
    acks.forget()
    assert acks.proven == 0


@pytest.mark.parametrize(("proven", "seen", "length"), [(6, 5, 5), (6, 6, 6), (6, 4, 6), (5, 5, 5), (0, 0, 0)])
def test_one_number_more_than_was_seen_is_a_fin(proven: int, seen: int, length: int) -> None:
    acks = Acknowledgements()
    acks.take(proven, seen)
    assert acks.length(seen) == length


def test_one_number_more_than_was_acknowledged_before_is_a_fin_too() -> None:
    acks = Acknowledgements()
    acks.take(5, 2)
    acks.take(6, 2)
    assert acks.length(2) == 5


def test_what_a_fin_acknowledges_tells_that_one_more_is_a_fin() -> None:
    acks = Acknowledgements()
    acks.take(12, 0)
    acks.tell(17)
    acks.take(18, 0)
    assert acks.length(0) == 17
    acks.move(10)
    assert acks.length(0) == 27
