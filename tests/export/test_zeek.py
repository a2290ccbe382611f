"""The logs are those that Zeek's readers expect, and say what the sessions say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import pop2dissect
from pop2dissect.cli import main
from pop2dissect.export.zeek import MAILS, SESSIONS, Field, Log, uid
from tests.support.truth import capture_path


def rows(path: Path) -> list[dict[str, str]]:
    """Read a TSV log as its head says."""
    lines = path.read_bytes().decode().split("\n")
    assert lines[0] == "#separator \\x09" and lines[-1] == ""
    head = {name: rest for name, *rest in (line[1:].split("\t") for line in lines[1:-1] if line.startswith("#"))}
    assert (head["set_separator"], head["empty_field"], head["unset_field"]) == ([","], ["(empty)"], ["-"])
    assert head["path"] == [path.stem]
    assert len(head["types"]) == len(head["fields"])
    return [dict(zip(head["fields"], line.split("\t"), strict=True)) for line in lines[:-1] if not line.startswith("#")]


@pytest.mark.parametrize("name", ["incident_small", "popclient_keep_delete"])
def test_the_logs_say_what_the_sessions_say(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    assert main(["--quiet", "--zeek-logs", str(folder), str(capture_path(name))]) == 0
    capture = pop2dissect.read(capture_path(name))
    sessions, mails = rows(folder / "pop.log"), rows(folder / "pop_mail.log")
    assert len({row["uid"] for row in sessions}) == len(sessions)
    assert all(re.fullmatch("C[0-9A-Za-z]{10,17}", row["uid"]) for row in sessions)
    for row, session in zip(sessions, capture, strict=True):
        assert (row["uid"], row["community_id"]) == (uid(session), session.community_id)
        assert (row["id.orig_h"], row["id.orig_p"]) == (session.client.ip, str(session.client.port))
        assert row["ts"] == f"{session.start // 10**9}.{session.start % 10**9 // 1000:06}"
        assert row["user"] == ("-" if session.user is None else session.user)
        assert row["login"] == session.login
        assert row["findings"].split(",") == ([one.id for one in session.findings] or ["(empty)"])
    by_uid = {row["uid"]: row for row in sessions}
    assert [row["sha256"] for row in mails] == [message.sha256 for one in capture for message in one.messages]
    assert all(by_uid[row["uid"]]["session"] == row["session"] for row in mails)
    for log, tsv in (("pop", sessions), ("pop_mail", mails)):
        objects = [json.loads(line) for line in (folder / f"{log}.json").read_text("ascii").splitlines()]
        for one, row in zip(objects, tsv, strict=True):
            assert {name for name, value in row.items() if value != "-"} == set(one)
            assert f"{one['ts']:.6f}" == row["ts"]
            assert (one["uid"], one["id.resp_p"]) == (row["uid"], int(row["id.resp_p"]))


def test_nothing_from_the_wire_is_taken_for_a_separator_or_for_nothing() -> None:
    log: Log[object] = Log(
        "x", (Field("text", "string", lambda row: row), Field("list", "vector[string]", lambda row: [row, row]))
    )
    said = {
        "a\tb\nc": "a\\x09b\\x0ac",
        "-": "\\x2d",
        "(empty)": "\\x28empty)",
        "a\\b": "a\\\\b",
        "": "(empty)",
        "\x1b[\u202e": "\\x1b[\\xe2\\x80\\xae",
        "müßig": "müßig",
    }
    for text, cell in said.items():
        assert log.tsv(text) == f"{cell}\t{cell},{cell}\n"
    assert log.tsv("a,b") == "a,b\ta\\x2cb,a\\x2cb\n"
    assert log.json("\x1b") == '{"text":"\\\\x1b","list":["\\\\x1b","\\\\x1b"]}\n'


def test_fields_have_names_of_their_own() -> None:
    for log in (SESSIONS, MAILS):
        names = [field.name for field in log.fields]
        assert len(set(names)) == len(names)
