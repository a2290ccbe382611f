"""Start and end of a connection, by clocks that are set while it lasts."""

from __future__ import annotations

import pytest

from pop2dissect.tcp.clock import DISORDER, PATIENCE, Clock

SECOND = 10**9
HOUR = 3600 * SECOND


def clock(*times: int, answers: bool = True) -> Clock:
    made = Clock(times[0])
    for frame, time in enumerate(times[1:], 2):
        if 0 <= time - made.last <= made.patience:
            made.last = time
        else:
            made.step(time, frame, is_answer=answers)
    return made


def test_packets_out_of_order_are_no_jump() -> None:
    made = clock(50, 70, 20, 60, 60 + DISORDER, 60)
    assert (made.start, made.end, made.steps) == (20, 60 + DISORDER, [])


@pytest.mark.parametrize("by", [-HOUR, -2 * SECOND, HOUR])
def test_a_jump_does_not_count(by: int) -> None:
    made = clock(0, 5, by + 5, by + 9)
    assert (made.start, made.end) == (0, 9)
    assert [step[:] for step in made.steps] == [(3, by)]


def test_a_pause_that_nobody_disproves_is_a_pause() -> None:
    made = clock(0, HOUR, answers=False)
    assert (made.start, made.end, made.steps) == (0, HOUR, [])
    made = clock(0, PATIENCE)
    assert (made.end, made.steps) == (PATIENCE, [])


def test_two_sensors_in_turn() -> None:
    made = clock(0, -40 * SECOND, 5, 5 - 40 * SECOND, 9, answers=False)
    assert (made.start, made.end) == (0, 9)
    assert [step.frame for step in made.steps] == [2, 3, 4, 5]
