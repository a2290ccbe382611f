"""Who reads captures: this process, others on this machine, or a cluster. It changes nothing of the result."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from pop2dissect.archive.workers import Alone, Processes, Workers
from pop2dissect.capture.fast import scanner

WORTH_A_PROCESS = 1 << 28 if scanner is not None else 1 << 26
"""Octets that a process must have to read before it is worth starting: a fifth of a second or more of work."""


def worthwhile(files: int, octets: int) -> int:
    """Return how many processes pay for so many files with so many octets in all."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(processors, files, octets // WORTH_A_PROCESS))


@contextmanager
def hands(jobs: int | None, files: int, octets: int) -> Iterator[Workers]:
    """Have so many workers in here; None stands for as many as pay."""
    count = min(jobs or worthwhile(files, octets), max(files, 1))
    if count == 1:
        yield Alone()
    else:
        with Processes(count) as processes:
            yield processes
