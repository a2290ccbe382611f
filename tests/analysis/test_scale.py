"""Many sessions: tables within time and memory. benchmarks/analysis.py does it with 100,000."""

from __future__ import annotations

import re
import subprocess
import sys
import time

import pytest

import pop2dissect
from notebooks.many_users import sessions
from pop2dissect.analysis import plots
from pop2dissect.analysis.tables import COLLECTED, Tables, collect
from tests.support.truth import ROOT, capture_path

COUNT = 10_000


def test_many_sessions_within_time_and_memory() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "analysis.py"), str(COUNT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    rows, figures, *pictures = done.stdout.splitlines()
    seconds, megabytes = (float(figure) for figure in re.findall(r"([\d.]+) (?:s|MB)\b", figures))
    assert rows.startswith(f"{COUNT:,} sessions, ")
    assert seconds < 1.5 * _slowness()
    assert megabytes < 300
    assert len(pictures) == len(plots.__all__) - 1  # the ladder is of one session
    assert all(float(line.split()[1]) < 5 for line in pictures)


def _slowness() -> float:
    """Tell how much slower this machine is than one for which the bound was set: it counts to 10 million in 0.5 s."""
    begin = time.process_time()
    number = 0
    while number < 10_000_000:
        number += 1
    return max(1.0, (time.process_time() - begin) / 0.5)


@pytest.mark.parametrize("name", ["incident_small", "gaps_span_missed_3pct", "impaired_reorder30_cli"])
def test_tables_of_passing_sessions_are_those_of_kept_ones(name: str) -> None:
    """They pass in the order of their ends, and come out in that of their numbers."""
    frames = collect(pop2dissect.iter_sessions(capture_path(name)))
    kept = Tables(pop2dissect.read(capture_path(name)).sessions)
    assert set(frames) == set(COLLECTED)
    for table, frame in frames.items():
        assert frame.equals(kept[table]), table
        assert frame.dtypes.equals(kept[table].dtypes)


def test_made_up_sessions_are_the_same_each_time() -> None:
    first, second = (collect(sessions(300)) for _ in range(2))
    for table, frame in first.items():
        assert frame.equals(second[table])
    assert len(first["sessions"]) == 300


def test_a_table_that_there_is_not() -> None:
    with pytest.raises(KeyError):
        collect([], ["nothing"])
