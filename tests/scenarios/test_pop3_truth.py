"""What is said of recorded POP3 captures equals what the two ends recorded of themselves."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import pop2dissect
from pop2dissect.cli import main
from pop2dissect.session import Session
from pop2dissect.text.values import frame_list
from tests.html.pages import ReadPage, make_report

FOLDER = Path(__file__).parents[1] / "data" / "captures-pop3"
NAMES = sorted(path.name.removesuffix(".truth.json.gz") for path in FOLDER.glob("*.truth.json.gz"))

Pair = tuple[dict[str, Any], Session]


def load(name: str) -> dict[str, Any]:
    """Return what both ends of a recording recorded of themselves."""
    truth: dict[str, Any] = json.loads(gzip.decompress((FOLDER / f"{name}.truth.json.gz").read_bytes()))
    return truth


@cache
def pairs(name: str) -> list[Pair]:
    """Return each session of the truth with the one that was found between the same ports, in order."""
    truth = load(name)
    (path,) = (one for one in FOLDER.glob(f"{name}.pcap*"))
    found: dict[tuple[str, int], list[Session]] = defaultdict(list)
    for session in pop2dissect.read(path, (*truth["ports"], 110)).sessions:
        found[session.client.ip, session.client.port].append(session)
    result = []
    for expected in truth["sessions"]:
        ours = found[expected["client"]["addr"], expected["client"]["port"]]
        if ours:
            expected["partial"] = bool(truth.get("partial_capture"))
            result.append((expected, ours.pop(0)))
    assert result
    return result


def whole(name: str) -> Iterator[Pair]:
    """Yield those of which the capture shows all, and which are POP3 to the end."""
    for expected, session in pairs(name):
        wire = expected["wire_check"] or {}
        shown = all((wire.get(side) or {}).get("equals") for side in ("c2s", "s2c"))
        if shown and not expected["partial"] and any(turn["kind"] == "greeting" for turn in expected["turns"]):
            yield expected, session


def text(recorded: str | None) -> str | None:
    if recorded is None:
        return None
    try:
        return recorded.encode("latin-1").decode()
    except UnicodeDecodeError:
        return recorded


@pytest.mark.parametrize("name", NAMES)
def test_messages_have_the_octets_that_the_server_sent(name: str) -> None:
    for expected, session in whole(name):
        wanted = [
            (one["number"], one["octets"], one["sha256"])
            for one in expected["messages"]
            if one["complete"] and (one["by"] == "RETR" or len(one["by"].split()[1]) >= 6) and one["number"] is not None
        ]
        have = [(one.number, one.octets, one.sha256) for one in session.messages if one.complete]
        assert [one for one in have if one in wanted] == wanted
        assert len(have) - len(wanted) in range(2)  # RETR +1 names no number


@pytest.mark.parametrize("name", NAMES)
def test_no_message_is_called_complete_that_no_end_had(name: str) -> None:
    for expected, session in pairs(name):
        known = {one["sha256"] for one in expected["messages"]}
        assert {one.sha256 for one in session.messages if one.complete} <= known


@pytest.mark.parametrize("name", NAMES)
def test_dispositions(name: str) -> None:
    for expected, session in whole(name):
        truth = {one["number"]: one for one in expected["messages"] if one["number"] is not None}
        for message in session.messages:
            one = truth.get(message.number)
            if one is not None and message.complete:
                assert message.disposition == one["disposition"]
                assert bool(message.committed) == bool(one["committed"])
                assert message.identifier == one["uidl"] or one["uidl"] is None


@pytest.mark.parametrize("name", NAMES)
def test_logins(name: str) -> None:
    for expected, session in whole(name):
        attempts = expected["attempts"]
        if not attempts or expected.get("ambiguous_pairing"):
            continue
        if not all(one.get("cancelled") or one["result"] == "unanswered" for one in attempts):
            assert session.login == expected["login"]
        if expected["c2s"].get("server_is_prefix"):
            continue
        answered = [one for one in attempts if one["result"] != "unanswered"]
        ours = [one for one in session.logins if one.outcome in ("accepted", "refused")]
        if len(answered) == len(attempts):
            assert [one.outcome for one in ours] == [one["result"] for one in answered]
            for mine, theirs in zip(ours, answered, strict=True):
                assert mine.user == text(theirs["user"]) or theirs.get("cancelled")
            assert session.user == text(expected["user"])
        for mine, theirs in zip(ours, answered, strict=False):
            if theirs.get("token"):
                assert mine.response == theirs["token"]
            elif theirs["password"] is not None and len(ours) == len(answered):
                assert (mine.password or "").strip() == text(theirs["password"].strip())


@pytest.mark.parametrize("name", NAMES)
def test_commands(name: str) -> None:
    for expected, session in whole(name):
        if expected.get("not_pop3") or expected["c2s"].get("server_is_prefix"):
            continue
        turns = [one for one in expected["turns"] if one["command"] is not None]
        behind = ((expected.get("stls") or {}).get("plaintext_behind") or "").count("\n")
        said = [one.raw for one in session.exchanges if one.raw is not None]
        lines = [one["command"].encode("latin-1").rstrip(b"\r\n") for one in turns]
        assert said[: len(said) - behind] == lines or (behind == 0 and [one.rstrip(b"\r") for one in said] == lines)


@pytest.mark.parametrize("name", NAMES)
def test_programs_are_named_right_or_not_at_all(name: str) -> None:
    for expected, session in pairs(name):
        for ours, truth in (
            (session.server_software, expected["server_software"]),
            (session.client_software, expected["client_software"]),
        ):
            if ours is not None and truth is not None:
                assert ours.product.split()[0].lower() in str(truth).lower()


@pytest.mark.parametrize("name", NAMES)
def test_exported_mail_is_what_had_been_put_into_the_mailbox(name: str, tmp_path: Path) -> None:
    """Byte for byte; a server that adds something to a message adds it for the client too, and says so in the truth."""
    truth = load(name)
    (path,) = (one for one in FOLDER.glob(f"{name}.pcap*"))
    ports = [f"--port={port}" for port in {*truth["ports"], 110}]
    assert main(["--quiet", *ports, "--export-mail", str(tmp_path / "mail"), str(path)]) == 0
    files = json.loads((tmp_path / "mail" / "manifest.json").read_text())["files"]
    written = Counter(hashlib.sha256((tmp_path / "mail" / one["file"]).read_bytes()).hexdigest() for one in files)
    assert written == Counter(one["sha256"] for one in files)
    put_there = {one["sha256"]: one["fixture"] for session in truth["sessions"] for one in session["messages"]}
    complete = [one for one in files if one["status"] == "complete"]
    assert {one["sha256"] for one in complete} <= set(put_there)
    assert all(one["frames"] for one in files)
    if not truth.get("partial_capture"):
        fetched = [
            one["sha256"]
            for session in truth["sessions"]
            for one in session["messages"]
            if one["fixture"] and one["complete"] and one["by"] == "RETR"
        ]
        assert not Counter(fetched) - Counter(one["sha256"] for one in complete)


def test_the_report_names_the_frames_of_each_message(tmp_path: Path) -> None:
    page = ReadPage(make_report(tmp_path, FOLDER / "fetch_keep_poplib.pcap", "--port", "110"))
    (session,) = pop2dissect.read(FOLDER / "fetch_keep_poplib.pcap", {110}).sessions
    truth = {one["number"]: one for one in pairs("fetch_keep_poplib")[0][0]["messages"] if one["by"] == "RETR"}
    assert len(session.messages) == len(truth) == 8
    for message in session.messages:
        assert truth[message.number]["sha256"] in page.text
        assert frame_list(message.frames) in page.text
    assert "A POP3 message ends with a line that holds one dot" in page.text


def test_every_way_out_takes_every_recording(tmp_path: Path) -> None:
    """In one run: each line that any of the servers and clients said is laid out in each way."""
    large = ("impaired", "sessions_50", "derived", "curl")
    paths = sorted(str(path) for path in FOLDER.glob("*.pcap*") if not path.name.startswith(large))
    ports = {str(port) for name in NAMES for port in (110, *load(name)["ports"])}
    out = {
        option: str(tmp_path / option.strip("-")) for option in ("--report", "--csv", "--annotate", "--export-streams")
    }
    options = [word for pair in out.items() for word in pair]
    assert main(["--quiet", *(f"--port={port}" for port in sorted(ports)), *options, *paths]) == 0
    text = ReadPage(Path(out["--report"])).text
    assert "[IN-USE] Mailbox in use" in text
    assert all(Path(path).exists() for path in out.values())
