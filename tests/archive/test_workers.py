"""Worker processes: whatever ends one of them, the work is done, or it is said what was not."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from pop2dissect.archive.workers import Processes, as_done
from pop2dissect.errors import CaptureError, OutputError


def ends_once(path: Path) -> str:
    """End the process, as the system would, unless it was done already."""
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def ends_always() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fails() -> None:
    raise OutputError("the disk is full")


def test_a_task_is_done_again_where_its_worker_ends(tmp_path: Path) -> None:
    with Processes(2) as workers:
        tasks = [(tmp_path / str(number),) for number in range(3)]
        assert sorted(as_done(workers, ends_once, tasks)) == [(0, "done"), (1, "done"), (2, "done")]


def test_a_task_that_always_ends_its_worker_is_given_up() -> None:
    with Processes(2) as workers:
        ((_, outcome),) = as_done(workers, ends_always, [()])
        assert isinstance(outcome, CaptureError)
        assert str(outcome) == "the process that read it was ended by SIGKILL, 3 times"
        with pytest.raises(OutputError, match="the disk is full"):
            list(as_done(workers, fails, [()]))
        assert list(as_done(workers, os.getpgid, [(0,)] * 40)) != []


def test_nothing_is_left_when_it_is_closed_in_the_middle() -> None:
    before = threading.active_count()
    with Processes(2) as workers:
        futures = [workers.submit(signal.pause) for _ in range(5)]
    assert all(future.done() for future in futures)
    assert threading.active_count() == before
