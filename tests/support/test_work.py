"""The counter of work itself."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tests.support.work import PROPORTIONAL, growth, lines_run


def in_proportion(size: int) -> Callable[[], object]:
    return lambda: [number + 1 for number in range(size)]


def square(size: int) -> Callable[[], object]:
    return lambda: [first for first in range(size) for _ in range(size)]


def test_it_tells_a_square_from_what_is_in_proportion() -> None:
    assert growth(in_proportion, 100) < PROPORTIONAL < growth(square, 100)


def test_it_counts_the_same_each_time() -> None:
    assert lines_run(square(30)) == lines_run(square(30)) > 900


def test_who_traced_before_goes_on_tracing() -> None:
    before = sys.gettrace()
    lines_run(in_proportion(3))
    assert sys.gettrace() is before
