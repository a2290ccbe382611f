"""``--stats``, ``--csv``, ``--parquet``, ``--timesketch``: the analysis, from the command line."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import pop2dissect
from pop2dissect.cli import ExitStatus, main
from pop2dissect.tables.schema import TABLES
from tests.support.parquet import read_table
from tests.support.truth import capture_path

INCIDENT = str(capture_path("incident_small"))


def test_files_are_those_that_the_library_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command puts rows aside while sessions pass; the library has all sessions at hand."""
    status = main([INCIDENT, "--csv", str(tmp_path / "c"), "--parquet", str(tmp_path / "p")])
    assert status == ExitStatus.DONE
    assert (
        f"10 tables as CSV in {tmp_path / 'c'}\n10 tables as Parquet in {tmp_path / 'p'}\n" in capsys.readouterr().out
    )
    tables = pop2dissect.read(INCIDENT).tables
    paths = [*tables.write_csv(tmp_path / "c2"), *tables.write_parquet(tmp_path / "p2")]
    for path in paths:
        other = tmp_path / path.parent.name[0] / path.name
        assert path.read_bytes() == other.read_bytes(), path.name
    assert len(paths) == 2 * len(TABLES)


@pytest.mark.parametrize("option", ["--csv", "--parquet", "--timesketch"])
def test_nothing_is_written_over(option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = tmp_path / {"--csv": "sessions.csv", "--parquet": "gaps.parquet", "--timesketch": "events"}[option]
    there.write_text("evidence")
    target = there if option == "--timesketch" else tmp_path
    assert main([INCIDENT, option, str(target)]) == ExitStatus.USAGE
    assert capsys.readouterr().err == f"pop2dissect: {there} already exists and is not overwritten\n"
    assert there.read_text() == "evidence"
    assert list(tmp_path.iterdir()) == [there]


def test_a_file_where_the_directory_should_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main([INCIDENT, "--csv", str(tmp_path / "file")]) == ExitStatus.USAGE
    assert "is not a directory" in capsys.readouterr().err


def test_only_what_was_asked_for(tmp_path: Path) -> None:
    assert main([INCIDENT, "--session", "41", "--csv", str(tmp_path), "--timesketch", str(tmp_path / "e")]) == 0
    with (tmp_path / "sessions.csv").open(newline="") as file:
        assert [row["session"] for row in csv.DictReader(file)] == ["41"]
    events = [json.loads(line) for line in (tmp_path / "e").read_text().splitlines()]
    assert {event.get("session", 41) for event in events} == {41}
    assert all(41 in event["sessions"] for event in events if "sessions" in event)


def test_passwords_are_masked_unless_asked_for(tmp_path: Path) -> None:
    sessions = pop2dissect.read(INCIDENT).sessions
    users = {session.user for session in sessions}
    secrets = {s.password for s in sessions if s.password and len(s.password) > 8} - users
    assert secrets
    for place, options in enumerate(([], ["--show-passwords"])):
        folder = tmp_path / str(place)
        assert main([INCIDENT, "--csv", str(folder), "--timesketch", str(tmp_path / f"e{place}"), *options]) == 0
        tables = "".join(path.read_text("utf-8") for path in folder.iterdir())
        events = (tmp_path / f"e{place}").read_text()
        for secret in secrets:
            assert (secret in tables) == (secret in events) == bool(options), secret


def test_events_are_those_of_the_timelines(tmp_path: Path) -> None:
    main([INCIDENT, "--timesketch", str(tmp_path / "events.jsonl")])
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text("ascii").splitlines()]
    capture = pop2dissect.read(INCIDENT)
    for session in capture.sessions:
        mine = [event for event in events if event.get("session") == session.id and "finding" not in event]
        timeline = capture.timeline(session)
        assert [event["nanoseconds"] for event in mine] == [time.value for time in timeline["time"].ffill()]
        assert [event["octets"] for event in mine] == timeline["octets"].tolist()
    found = [event for event in events if "finding" in event]
    timed = [finding for finding in capture.findings if finding.time is not None]
    assert len(found) == sum(len(session.findings) for session in capture.sessions) + len(timed)


def test_statistics(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stats", INCIDENT]) == 0
    out = capsys.readouterr().out
    truth = pop2dissect.read(INCIDENT).statistics()
    assert f"Sessions    {truth.total.sessions} (51 POP2, 3 SSH)" in out.splitlines()
    assert "pcap, Ethernet" in out
    assert main(["--stats", "--json", INCIDENT]) == ExitStatus.USAGE


def test_several_captures_and_none_with_sessions(tmp_path: Path) -> None:
    several = [str(capture_path(name)) for name in ("rfc937_normal", "popclient_keep_delete", "port_scans")]
    main([*several, "--parquet", str(tmp_path / "p")])
    pd.testing.assert_frame_equal(
        read_table(tmp_path / "p" / "exchanges.parquet"),
        pop2dissect.read(several).tables.exchanges,
        check_dtype=False,
        check_categorical=False,
    )


@pytest.mark.parametrize(
    ("options", "missing"), [(["--parquet", "x"], "pandas"), (["--csv", "x"], None), (["--stats"], None)]
)
def test_what_needs_which_library(options: list[str], missing: str | None, tmp_path: Path) -> None:
    code = f"""
import sys
for name in ("pandas", "numpy", "pyarrow", "matplotlib"):
    sys.modules[name] = None
from pop2dissect.cli import main
sys.exit(main([{INCIDENT!r}, *{options}]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    if missing is None:
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
    else:
        assert done.returncode == ExitStatus.USAGE
        assert done.stderr.count("\n") == 1
        assert f"this needs {missing}" in done.stderr
        assert "pip install 'pandas>=" in done.stderr
        assert not (tmp_path / "x").exists()
