"""The captures of RFC 918: what is found in them is what was said."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import pop2dissect
from pop2dissect.session import Session
from tests.support.truth import FOLDERS, capture_path, load_truth
from tools.samples.rfc918 import CASES, NORMAL, Dialogue, make

DIALOGUES = [("rfc918_normal", 0, NORMAL), *(("rfc918_cases", index, case) for index, case in enumerate(CASES))]


@cache
def read(name: str) -> pop2dissect.Capture:
    return pop2dissect.read(capture_path(name))


def find(name: str, index: int) -> Session:
    return read(name).sessions[index]


def test_made_again_they_are_the_same(tmp_path: Path) -> None:
    for path in make(tmp_path):
        assert path.read_bytes() == (FOLDERS[0] / path.name).read_bytes(), f"run tools/samples/rfc918.py: {path.name}"


@pytest.mark.parametrize(("name", "index", "dialogue"), DIALOGUES, ids=[case.what for _, _, case in DIALOGUES])
def test_sessions_are_what_was_said(name: str, index: int, dialogue: Dialogue) -> None:
    session = find(name, index)
    expected = load_truth(name)["sessions"][index]
    assert session.protocol == expected["protocol"]
    assert (session.user, session.password, session.login) == (
        expected["user"],
        expected["password"],
        expected["login"],
    )
    assert session.state == expected["state"]
    assert session.ending == "quit"
    assert {violation for exchange in session.exchanges for violation in exchange.violations} == set(
        expected["violations"]
    )
    assert len(session.exchanges) == len(expected["turns"])
    for exchange, turn in zip(session.exchanges, expected["turns"], strict=True):
        command = turn["command"]
        assert (exchange.raw + b"\r\n").decode() == command if exchange.raw is not None else command is None
        lines = [reply for reply in exchange.replies if reply.kind != "data"]
        data = [reply for reply in exchange.replies if reply.kind == "data"]
        assert [reply.line for reply in lines] == turn["replies"]
        assert sum(reply.value or 0 for reply in data) == turn["data_octets"]
    assert session.client_software is None
    assert session.server_software is None


@pytest.mark.parametrize(("name", "index", "dialogue"), DIALOGUES, ids=[case.what for _, _, case in DIALOGUES])
def test_messages_are_those_of_the_mailbox(name: str, index: int, dialogue: Dialogue) -> None:
    session = find(name, index)
    expected = load_truth(name)["sessions"][index]["messages"]
    names = ("number", "folder", "declared", "octets", "sha256", "disposition", "committed")
    assert [
        (one.number, one.mailbox, one.declared_octets, one.octets, one.sha256, one.disposition, one.committed)
        for one in session.messages
    ] == [tuple(one[name] for name in names) for one in expected]
    assert all(message.complete for message in session.messages)


def test_a_message_knows_its_subject_and_that_it_could_not_be_deleted() -> None:
    session = find("rfc918_cases", 3)
    assert [str(message.mail.subject) for message in session.messages] == [
        "The new protocol",
        "Diagrams",
        "Three messages",
    ]
    assert all("the server could not delete the mail" in message.notes for message in session.messages)


def test_passwords_are_masked() -> None:
    for name, index, _ in DIALOGUES:
        for exchange in find(name, index).exchanges:
            assert "passwor" not in (exchange.shown_line() or "")
            assert not any("passwor" in argument for argument in exchange.shown_arguments())
            assert "passwor" not in repr(exchange)
