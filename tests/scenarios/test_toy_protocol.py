"""A protocol that nothing else knows, added by one object and one registration, is known to all the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import pop2dissect
from pop2dissect import protocols
from pop2dissect.cli import main
from pop2dissect.protocols.base import (
    Command,
    CommandLine,
    CommandRule,
    Interpretation,
    MessageData,
    Protocol,
    ReplyEvent,
    ReplyKind,
    ReplyLine,
    Turn,
    Words,
    signatures,
)
from pop2dissect.protocols.lines import LineReader
from pop2dissect.session import Ground, Login, Message, Verdict
from pop2dissect.tcp.stream import Stream
from tests.support.conversation import Conversation
from tests.support.wire import save

PASSWORD = "sesame-4711"
LETTER = b"Subject: a letter\r\n\r\nin a pigeonhole\r\n"


def dissect(client: Stream, server: Stream, from_start: bool) -> Iterator[Turn]:
    """OPEN name password; TAKE, which is answered by ``* length`` and as many octets; BYE."""
    said, answered = LineReader(client), LineReader(server)
    at = position = 0
    greeting = answered.read(0)
    if greeting is not None:
        position = greeting.end
        line = ReplyLine(0, greeting.end, greeting.raw, ReplyKind.GREETING, None, greeting.raw.decode(), 0)
        yield Turn(None, (line,), "AUTH", "AUTH", "?", None, None, (), ())
    while (line_said := said.read(at)) is not None:
        at = line_said.end
        word, *rest = line_said.raw.split(b" ", 2)
        secret = (len(line_said.raw) - len(rest[1]), len(line_said.raw)) if word == b"OPEN" and len(rest) > 1 else None
        command = Command(word.decode(), tuple(rest), secret=secret)
        replies: list[ReplyEvent] = []
        answer = answered.read(position)
        if answer is not None:
            position = answer.end
            length = int(answer.raw[2:]) if answer.raw.startswith(b"* ") else None
            kind = ReplyKind.OK if answer.raw.startswith(b"*") else ReplyKind.ERROR
            replies.append(ReplyLine(answer.start, answer.end, answer.raw, kind, length, answer.raw.decode(), 0))
            if length:
                replies.append(MessageData(position, position + length, length, 0))
                position += length
        event = CommandLine(line_said.start, line_said.end, line_said.raw, command, 0)
        yield Turn(event, tuple(replies), "AUTH", "AUTH", "?", None, None, (), ())


def interpret(turns: Sequence[Turn], client: Stream, server: Stream) -> Interpretation:
    logins: list[Login] = []
    messages: list[Message] = []
    for index, turn in enumerate(turns):
        if turn.keyword == "OPEN" and turn.command is not None:
            user, password = (argument.decode() for argument in turn.command.command.arguments)
            logins.append(Login(index, "OPEN", user, password, Verdict("accepted", Ground.SHOWN)))
        messages += [
            Message(
                exchange=index,
                number=1,
                declared_octets=data.announced,
                start=data.start,
                end=data.end,
                disposed=Verdict("kept", Ground.SHOWN),
                released=Verdict(False, Ground.SHOWN),
                stream=server,
            )
            for data in turn.replies
            if isinstance(data, MessageData)
        ]
    return Interpretation(tuple(logins), tuple(messages))


PIGEON = Protocol(
    "PIGEON",
    server_signatures=signatures((rb"\* coo", "the server's greeting")),
    commands=(
        CommandRule("OPEN", rb"[ \t]+\S"),
        CommandRule("TAKE", harmless=rb"[ \t]*"),
        CommandRule("BYE", harmless=rb"[ \t]*"),
    ),
    dissect=dissect,
    interpret=interpret,
    initial_state="AUTH",
    words=Words(rules="the rules of the loft"),
    is_subject=True,
)


@pytest.fixture
def capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(protocols, "PROTOCOLS", (*protocols.PROTOCOLS, PIGEON))
    talk = Conversation().handshake().server(b"* coo\r\n").client(f"OPEN wilma {PASSWORD}\r\n".encode())
    talk.server(b"* come in\r\n".replace(b"* come in", b"*")).client(b"TAKE\r\n")
    talk.server(b"* %d\r\n%b" % (len(LETTER), LETTER)).client(b"BYE\r\n").server(b"*\r\n").close()
    return save(tmp_path / "loft.pcap", talk.packets)


def test_it_is_identified_and_dissected(capture: Path) -> None:
    (session,) = pop2dissect.read(capture).sessions
    assert (session.protocol, session.user, session.login) == ("PIGEON", "wilma", "accepted")
    assert [exchange.command for exchange in session.exchanges] == [None, "OPEN", "TAKE", "BYE"]
    (message,) = session.messages
    assert message.content() == LETTER
    assert message.complete


def test_it_is_found_on_any_port(capture: Path) -> None:
    found = pop2dissect.read(capture, ports=[4711], any_port=True)
    assert [session.protocol for session in found.sessions] == ["PIGEON"]


def test_it_is_tabulated(capture: Path) -> None:
    pytest.importorskip("pandas")
    tables = pop2dissect.read(capture).tables
    assert list(tables.sessions.protocol) == ["PIGEON"]
    assert list(tables.messages["number"]) == [1]


@pytest.mark.parametrize("options", [[], ["-V"], ["--json"], ["--stats"], ["--follow", "1"]])
def test_its_password_is_masked(options: list[str], capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*options, str(capture)]) == 0
    said = capsys.readouterr().out
    assert PASSWORD not in said
    if "--json" in options:
        assert json.loads(said)["summary"]["protocols"] == {"PIGEON": 1}


def test_it_is_reported(capture: Path, tmp_path: Path) -> None:
    assert main(["--report", str(tmp_path / "r.html"), str(capture)]) == 0
    page = (tmp_path / "r.html").read_text()
    assert "the rules of the loft" in page
    assert "wilma" in page
    assert PASSWORD not in page
