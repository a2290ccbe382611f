"""How many processes pay."""

from __future__ import annotations

import os

from pop2dissect.capture.fast import scanner

_OCTETS = 1 << 28 if scanner is not None else 1 << 26
"""Octets that a process must have to read before it is worth starting: a fifth of a second or more of work."""


def hands_for(jobs: int | None, files: int, octets: int) -> int:
    """Return how many processes are to read so many files, with so many octets in all; None: as many as pay."""
    if jobs is None:
        jobs = min(processors(), octets // _OCTETS)
    return max(1, min(jobs, files))


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
