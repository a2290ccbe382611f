"""How much work the program does, counted in lines of Python that run: the same however busy the machine is.

Work inside of C code (regular expressions, ``bytes.find``) is not counted; ``benchmarks/growth.py`` measures the
processor time, which has it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

PROPORTIONAL = 2.5
"""What twice the input may cost at most, where once is 1: a fixed part makes it less than 2, a square 4."""


def lines_run(work: Callable[[], object]) -> int:
    """Return how many lines of Python run in this thread while ``work`` does its own."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()  # that of a measurement of coverage
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def growth(work: Callable[[int], Callable[[], object]], size: int) -> float:
    """Return how many times the lines run for an input of twice the size.

    ``work`` is given a size and returns what is to be done with an input of it: making the input is not counted.
    """
    return lines_run(work(2 * size)) / lines_run(work(size))
