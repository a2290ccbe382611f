"""Many sessions: tables within time and memory. benchmarks/analysis.py does it with 100,000."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import pop2dissect
from pop2dissect import plots
from pop2dissect.pipeline import Dissection
from pop2dissect.tables.tables import COLLECTED, Tables, collect
from tests.support.truth import ROOT, capture_path
from tools.samples.many_users import sessions

COUNT = 3_000


def test_many_sessions_within_memory() -> None:
    """The benchmark judges the time, which a busy machine has less of."""
    command = [sys.executable, str(ROOT / "benchmarks" / "analysis.py"), str(COUNT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    rows, figures, *pictures = done.stdout.splitlines()
    assert rows.startswith(f"{COUNT:,} sessions, ")
    assert int(re.findall(r"(\d+) MB", figures)[0]) < 300
    assert len(pictures) == len(plots.__all__) - 1  # the ladder is of one session


@pytest.mark.parametrize("name", ["incident_small", "gaps_span_missed_3pct", "impaired_reorder30_cli"])
def test_tables_of_passing_sessions_are_those_of_kept_ones(name: str) -> None:
    """They pass in the order of their ends, and come out in that of their numbers."""
    with Dissection(capture_path(name)) as dissection:
        frames = collect(dissection)
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
