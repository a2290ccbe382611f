"""Statistics: against pandas, which adds up its own way, and at their edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pop2dissect
from pop2dissect.api import Capture
from pop2dissect.statistics.spread import quantile, spread
from pop2dissect.statistics.sums import NOBODY, Statistics
from pop2dissect.tables.analysis import statistics_table
from pop2dissect.tables.schema.groups import COMMANDS, GROUPS
from tests.support.truth import capture_path


@pytest.fixture(scope="module", params=["incident_small", "many_sessions", "impaired_reorder30_cli"])
def capture(request: pytest.FixtureRequest) -> Capture:
    return pop2dissect.read(capture_path(request.param))


def test_groups_are_what_pandas_makes_of_the_tables(capture: Capture) -> None:
    tables = capture.tables
    for name, by in (("clients", "client_ip"), ("users", "user"), ("protocols", "protocol")):
        ours = getattr(tables, name).set_index("name")
        groups = tables.sessions.fillna({"user": NOBODY}).groupby(by)
        assert len(ours) == len(groups)
        for group, rows in groups:
            row = ours.loc[group]
            assert row["sessions"] == len(rows)
            assert row["accepted"] == (rows["login"] == "accepted").sum()
            assert row["refused"] == (rows["login"] == "refused").sum()
            for ours_column, theirs in (
                ("messages", "messages"),
                ("kept", "kept"),
                ("deleted", "deleted"),
                ("committed", "committed"),
                ("message_octets", "message_octets"),
                ("client_octets", "client_octets"),
                ("server_octets", "server_octets"),
                ("gaps", "gaps"),
                ("late_segments", "late_segments"),
                ("violations", "violations"),
            ):
                assert row[ours_column] == rows[theirs].sum(), (group, ours_column)
            exchanges = tables.exchanges[tables.exchanges["session"].isin(rows["session"])]
            assert row["commands"] == exchanges["command"].notna().sum()
            latencies = exchanges["latency"].dropna()
            if len(latencies):
                assert row["latency_min"] == latencies.min()
                assert row["latency_max"] == latencies.max()
                assert abs(row["latency_median"].value - latencies.dt.total_seconds().median() * 1e9) < 10


def test_commands_are_what_pandas_makes_of_the_tables(capture: Capture) -> None:
    exchanges = capture.tables.exchanges
    ours = capture.tables.commands.set_index("command")
    assert ours["count"].to_dict() == exchanges["command"].value_counts().to_dict()
    for command, rows in exchanges.groupby("command"):
        row = ours.loc[command]
        assert row["errors"] == (rows["reply"] == "error").sum()
        assert row["unanswered"] == rows["reply"].isna().sum()
        assert row["octets"] == rows["server_octets"].sum()
        latencies = rows["latency"].dropna()
        if len(latencies):
            p95 = np.quantile([latency.value for latency in latencies], 0.95)
            assert abs(row["latency_p95"].value - p95) <= 1


def test_think_and_network_time_make_up_the_latency(capture: Capture) -> None:
    statistics = capture.statistics()
    think, network = statistics.think_times(), statistics.network_times()
    total = spread(statistics.total.latencies)
    assert think is not None
    assert network is not None
    assert total is not None
    assert think.minimum == 0
    shares = sum(min(values) * len(values) for values in statistics.pairs.values())
    assert think.total + shares == total.total
    assert network.count == len(statistics.pairs)


def test_sessions_at_once(capture: Capture) -> None:
    statistics = capture.statistics()
    steps = statistics.sessions_at_once()
    assert [step.time for step in steps] == sorted({step.time for step in steps})
    assert steps[-1].open == 0
    for step in steps[:: len(steps) // 20 + 1]:
        # Between one change and the next.
        later = step.time + 1
        assert step.open == sum(start < later <= end for start, end in statistics.intervals)
    most = max(sum(start <= time <= end for start, end in statistics.intervals) for time, _ in statistics.intervals)
    assert statistics.most_at_once() == most


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=50), st.integers(0, 20))
def test_quantiles(values: list[int], twentieth: int) -> None:
    ordered = sorted(values)
    ours = quantile(ordered, twentieth, 20)
    place = (len(ordered) - 1) * twentieth
    low, part = ordered[place // 20], place % 20
    high = ordered[min(place // 20 + 1, len(ordered) - 1)]
    assert abs((ours - low) * 20 - (high - low) * part) <= 10
    assert ordered[0] <= ours <= ordered[-1]


def test_nothing_at_all() -> None:
    statistics = Statistics.of([])
    assert statistics.sessions_at_once() == []
    assert spread([]) is None
    for name, table in (("servers", GROUPS), ("users", GROUPS), ("commands", COMMANDS)):
        frame = statistics_table(statistics, name)
        assert len(frame) == 0
        assert list(frame.columns) == [column.name for column in table.columns]
