"""The tables: their types whatever is in them, how they join, and what they keep to themselves."""

from __future__ import annotations

import gc
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import pop2dissect
from pop2dissect.api import Capture
from pop2dissect.session import PASSWORD_MASK, Finding
from pop2dissect.tables.columns import Column, Kind, Table
from pop2dissect.tables.frames import data_frame, dtype_of
from pop2dissect.tables.schema import TABLES
from pop2dissect.tables.tables import Tables, collect
from tests.support.conversation import Conversation
from tests.support.truth import ROOT, capture_names, capture_path, load_truth
from tests.support.wire import save
from tools.docs.tables import describe

FINDINGS = [
    Finding("auth.failed", "low", "a login was refused", "detail", 5, (3, 4, 7), ("T1110",), (2,)),
    Finding("recon.scan", "medium", "a scan", "detail", None, (), (), (2, 8)),
]


@pytest.fixture(scope="module")
def capture() -> Capture:
    return pop2dissect.read(capture_path("incident_small"))


def test_empty_tables_have_the_types_of_full_ones(capture: Capture) -> None:
    full = Tables(capture.sessions, capture.probes, FINDINGS)
    empty = Tables()
    for name, (table, _) in TABLES.items():
        assert len(empty[name]) == 0
        assert list(empty[name].columns) == list(full[name].columns)
        for column in table.columns:
            assert empty[name][column.name].dtype == full[name][column.name].dtype == dtype_of(column)
    assert len(full.findings) == 2 + sum(len(session.findings) for session in capture.sessions)


@pytest.mark.parametrize("name", capture_names())
def test_every_category_met_is_declared(name: str) -> None:
    """A category that is not declared would silently become NA."""
    tables = pop2dissect.read(capture_path(name), [109, 10109]).tables
    for table, (declared, rows) in TABLES.items():
        objects = list(rows(tables.source))
        for column in declared.columns:
            if column.kind is Kind.CATEGORY:
                met = {column.get(row) for row in objects} - {None}
                assert met <= set(column.categories), f"{table}.{column.name}"


def test_tables_are_a_mapping_and_name_the_captures(capture: Capture) -> None:
    tables = capture.tables
    assert list(dict(tables)) == list(tables) == [*TABLES, "servers", "clients", "users", "protocols", "commands"]
    assert "captures" in tables and "nothing" not in tables
    assert tables["users"] is tables.users
    assert tables.get("nothing") is None
    (row,) = tables.captures.to_dict("records")
    (info,), (digest,) = capture.captures, capture.sha256()
    assert (row["capture"], row["path"], row["sha256"], row["size"]) == (1, info.path, digest, info.size)
    assert (row["packets"], row["first_time"].value, row["truncated"]) == (info.packets, info.first_time, False)
    assert row["tool_version"] == pop2dissect.__version__


@pytest.mark.parametrize("made", ["parsed", "text", "of another zone and unit"])
def test_a_log_joins_by_address_and_time(capture: Capture, made: str) -> None:
    text = "when,ip,who\n2026-11-23T08:46:30Z,203.0.113.66,after\n2026-11-23T08:46:00Z,203.0.113.66,before\n"
    log = pd.read_csv(io.StringIO(text), parse_dates=[] if made == "text" else ["when"])
    after, before = pd.to_datetime(log["when"])
    if made == "of another zone and unit":
        log["when"] = log["when"].dt.tz_convert("Asia/Tokyo").dt.as_unit("s")
    sessions = capture.tables.sessions
    joined = capture.tables.with_log(log, when="when", by={"client_ip": "ip"})
    pd.testing.assert_frame_equal(joined[list(sessions)], sessions)
    expected = [
        "" if ip != "203.0.113.66" or time < before else "before" if time < after else "after"
        for ip, time in zip(sessions["client_ip"], sessions["start"], strict=True)
    ]
    assert joined["who"].fillna("").tolist() == expected
    assert set(expected) == {"", "before", "after"}
    with pytest.raises(pop2dissect.SettingError, match="no zone"):
        naive = log.assign(when=pd.to_datetime(log["when"]).dt.tz_localize(None))
        capture.tables.with_log(naive, when="when", by={"client_ip": "ip"})


def test_names_are_unique_and_keys_exist() -> None:
    for table, _ in TABLES.values():
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
        assert set(table.key) <= set(names)


def test_keys_are_unique_and_tables_join(capture: Capture) -> None:
    tables = capture.tables
    for name, (table, _) in TABLES.items():
        assert not tables[name].duplicated(list(table.key)).any(), name
    joined = tables.messages.merge(tables.exchanges, on=["session", "exchange"], validate="one_to_one")
    assert (joined["message_x"] == joined["message_y"]).all()
    assert (joined["command"] == "RETR").all()
    assert len(tables.mails.merge(tables.messages, on=["session", "message"])) == len(tables.messages)
    assert set(tables.exchanges["session"]) <= set(tables.sessions["session"])


def test_the_tables_say_what_the_servers_say() -> None:
    """Users, logins and messages against what the programs that made the captures logged."""
    for name in ("incident_small", "popclient_keep_delete", "wrong_password", "many_sessions"):
        tables = pop2dissect.read(capture_path(name)).tables
        truth = load_truth(name)["sessions"]
        by_port: dict[tuple[str, int], list[dict[str, Any]]] = {}  # ports come back
        for row in sorted(truth, key=lambda row: row["accepted_at"]):
            by_port.setdefault((row["client"]["addr"], row["client"]["port"]), []).append(row)
        for row in tables.sessions.to_dict("records"):
            waiting = by_port.get((row["client_ip"], row["client_port"]))
            if not waiting:
                continue  # another program's session
            true = waiting.pop(0)
            assert row["messages"] == len(true["messages"])
            assert row["deleted"] == sum(message["disposition"] == "ACKD" for message in true["messages"])
            if true.get("user") is not None:
                assert row["user"] == true["user"]
                assert (row["login"] == "accepted") == bool(true["login_ok"])
        # The server's process started, and ended without having said anything: a port scan.
        for true in (true for rest in by_port.values() for true in rest):
            assert not true["messages"]
            assert true.get("user") is None
        octets = sum(message["octets"] for row in truth for message in row["messages"])
        assert tables.messages["octets"].sum() == octets


def test_passwords_are_masked_unless_asked_for(capture: Capture, tmp_path: Path) -> None:
    passwords = {session.password for session in capture.sessions if session.password and len(session.password) > 8}
    secrets = {password for password in passwords if password not in {session.user for session in capture.sessions}}
    assert secrets
    masked, shown = capture.tables, capture.tables.with_passwords()
    for table in ("sessions", "exchanges"):
        for column in masked[table].select_dtypes("string"):
            text = " ".join(masked[table][column].dropna())
            assert not any(secret in text for secret in secrets), column
    assert set(masked.sessions["password"].dropna()) == {PASSWORD_MASK}
    assert secrets <= set(shown.sessions["password"].dropna())
    assert any(secret in line for line in shown.exchanges["line"].dropna() for secret in secrets)
    for path in masked.write_csv(tmp_path):
        text = path.read_text("utf-8")
        assert not any(secret in text for secret in secrets), path.name
    assert not any(
        secret in capture.timeline(session).to_string() for session in capture.sessions for secret in secrets
    )


def test_tables_are_made_once(capture: Capture) -> None:
    assert capture.tables is capture.tables
    assert capture.tables.sessions is capture.tables.sessions
    with pytest.raises(KeyError):
        capture.tables["nothing"]


def test_findings_have_their_session_or_none(capture: Capture) -> None:
    session = replace(capture.session(2), findings=FINDINGS[:1])
    findings = Tables([session], findings=FINDINGS[1:]).findings
    assert findings["session"].tolist() == [2, pd.NA]
    assert findings["finding"].tolist() == [1, 1]
    assert findings["sessions"].tolist() == ["2", "2 8"]
    assert findings["frames"].tolist() == ["3-4, 7", ""]
    assert findings["severity"].dtype.ordered  # type: ignore[union-attr]
    assert (findings["severity"] >= "medium").tolist() == [False, True]


def test_what_64_bits_cannot_hold_is_absent() -> None:
    values = [1, None, 2**63, -(2**70), -5]
    table: Table[int | None] = Table(
        "t",
        "",
        (),
        (
            Column("integer", Kind.INTEGER, "", lambda value: value),
            Column("time", Kind.TIME, "", lambda value: value),
            Column("duration", Kind.DURATION, "", lambda value: value),
        ),
    )
    frame = data_frame(table, values)
    assert frame["integer"].tolist() == [1, pd.NA, pd.NA, pd.NA, -5]
    assert frame["time"].isna().tolist() == frame["duration"].isna().tolist() == [False, True, True, True, False]
    assert frame["time"][0] == pd.Timestamp(1, unit="ns", tz="UTC")
    assert frame["duration"][4] == np.timedelta64(-5, "ns")


def test_gaps_and_late_segments_are_found() -> None:
    gaps = pop2dissect.read(capture_path("gaps_span_missed_3pct")).tables
    assert len(gaps.gaps) == gaps.sessions["gaps"].sum() > 5
    missing = (gaps.sessions["client_missing"] + gaps.sessions["server_missing"]).sum()
    assert gaps.gaps["octets"].sum() == missing
    reordered = pop2dissect.read(capture_path("impaired_reorder30_cli")).tables
    late = reordered.segments.groupby("session")["late"].sum()
    assert (late.to_numpy() == reordered.sessions["late_segments"].to_numpy()).all()
    assert late.sum() > 10


def test_the_description_is_current() -> None:
    page = (ROOT / "docs" / "tables.md").read_text("utf-8")
    assert page == describe(), "run: python -m tools.docs.tables > docs/tables.md"


def test_several_captures_keep_their_frames_apart() -> None:
    paths = [capture_path("rfc937_normal"), capture_path("popclient_keep_delete")]
    tables = pop2dissect.read(paths).tables
    assert set(tables.sessions["capture"]) == {1, 2}
    alone = pop2dissect.read(paths[1]).tables
    # Which capture comes first is decided by their times.
    second = tables.sessions[tables.sessions["capture"] == tables.sessions["capture"].iloc[-1]]
    assert second["first_frame"].tolist() == alone.sessions["first_frame"].tolist()
    cited = tables.messages["frames"][tables.messages["capture"] == 2]
    assert cited.str.startswith("2:").all()


def test_the_garbage_collector_is_left_as_it_was() -> None:
    before = gc.get_threshold()
    collect(pop2dissect.read(capture_path("incident_small")).sessions)
    assert gc.get_threshold() == before


def test_tables_of_passing_sessions_hide_what_the_others_hide(tmp_path: Path) -> None:
    mail = b"Subject: it is Sesame4711\r\n\r\nx\r\n"
    talk = Conversation(("10.9.0.1", 40000)).handshake().server(b"+ POP2 ready\r\n").client(b"HELO fred Sesame4711\r\n")
    talk.server(b"#1 messages, Sesame4711\r\n").client(b"READ 1\r\n").server(b"=%d\r\n" % len(mail))
    talk.client(b"RETR\r\n").server(mail).client(b"ACKS\r\n").server(b"=0\r\n").close("client")
    capture = pop2dissect.read(save(tmp_path / "again.pcap", talk.packets))
    names = [name for name, (table, _) in TABLES.items() if "session" in table.key and name != "findings"]
    frames = collect(capture.sessions, names)
    for name in names:
        pd.testing.assert_frame_equal(frames[name], capture.tables[name])
        assert "Sesame4711" not in frames[name].to_csv()
    assert frames["mails"]["subject"].tolist() == [f"it is {PASSWORD_MASK}"]
    assert "Sesame4711" in collect(capture.sessions, names, show_passwords=True)["mails"].to_csv()
