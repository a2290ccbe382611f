"""Line ends and leading octets as the field sends them change nothing of what a session says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pop2dissect
from tests.support.conversation import Conversation
from tests.support.wire import save

MAIL = b"From: a@example.test\r\nSubject: x\r\n\r\nhello\r\n"
POP2 = [
    (b"", b"+ POP2 Server Ready\r\n"),
    (b"HELO fred secret\r\n", b"#1 messages in /var/mail/fred\r\n"),
    (b"READ 1\r\n", b"=%d characters in message 1\r\n" % len(MAIL)),
    (b"RETR\r\n", MAIL),
    (b"ACKD\r\n", b"=0 No more messages\r\n"),
    (b"QUIT\r\n", b"+ Bye\r\n"),
]
POP3 = [
    (b"", b"+OK POP3 ready\r\n"),
    (b"USER fred\r\n", b"+OK\r\n"),
    (b"PASS secret\r\n", b"+OK logged in\r\n"),
    (b"RETR 1\r\n", b"+OK %d octets\r\n%b.\r\n" % (len(MAIL), MAIL)),
    (b"DELE 1\r\n", b"+OK\r\n"),
    (b"QUIT\r\n", b"+OK Bye\r\n"),
]
ENDS = {
    "CR CR LF": b"\r\r\n",
    "CR CR CR LF": b"\r\r\r\n",
    "CR NUL LF": b"\r\0\n",
    "CR LF NUL": b"\r\n\0",
    "LF CR": b"\n\r",
    "LF": b"\n",
}
LEADING = {
    "telnet": b"\xff\xfb\x1f\xff\xfd\x03",
    "telnet, subnegotiation": b"\xff\xfa\x18\0xterm\xff\xf0\xff\xf1",
    "mark": b"\xef\xbb\xbf",
    "NUL": b"\0\0",
}


def told(talk: Conversation, path: Path) -> dict[str, Any]:
    [session] = pop2dissect.read(save(path, talk.close("server").packets), ports=[109]).sessions
    return {
        "protocol": session.protocol,
        "login": (session.user, session.password, session.login),
        "commands": [exchange.command for exchange in session.exchanges],
        "replies": [[reply.kind for reply in exchange.replies] for exchange in session.exchanges],
        "messages": [(one.sha256, one.disposition, one.committed) for one in session.messages],
        "ending": session.ending,
    }


def spoken(script: list[tuple[bytes, bytes]], client: bytes = b"\r\n", server: bytes = b"\r\n") -> Conversation:
    talk = Conversation().handshake()
    for said, answer in script:
        if said:
            talk.client(said.replace(b"\r\n", client))
        talk.server(answer if MAIL in answer else answer.replace(b"\r\n", server))
    return talk


@pytest.mark.parametrize("script", [POP2, POP3], ids=["POP2", "POP3"])
@pytest.mark.parametrize("end", ENDS)
def test_line_ends(script: list[tuple[bytes, bytes]], end: str, tmp_path: Path) -> None:
    clean = told(spoken(script), tmp_path / "clean.pcap")
    assert clean["login"] == ("fred", "secret", "accepted")
    assert told(spoken(script, client=ENDS[end]), tmp_path / "client.pcap") == clean
    if end in ("CR CR LF", "CR NUL LF", "LF"):
        assert told(spoken(script, server=ENDS[end]), tmp_path / "server.pcap") == clean


@pytest.mark.parametrize("script", [POP2, POP3], ids=["POP2", "POP3"])
@pytest.mark.parametrize("octets", LEADING.values(), ids=list(LEADING))
def test_leading_octets(script: list[tuple[bytes, bytes]], octets: bytes, tmp_path: Path) -> None:
    """Before any one of the commands."""
    clean = told(spoken(script), tmp_path / "clean.pcap")
    for place in range(1, len(script)):
        said = [(octets + line if number == place else line, answer) for number, (line, answer) in enumerate(script)]
        assert told(spoken(said), tmp_path / f"{place}.pcap") == clean, place


def test_they_are_said(tmp_path: Path) -> None:
    said = [(line.replace(b"READ", b"\xff\xfb\x1fREAD").replace(b"QUIT\r", b"QUIT\r\r"), reply) for line, reply in POP2]
    [session] = pop2dissect.read(save(tmp_path / "x.pcap", spoken(said).close("server").packets)).sessions
    notes = {exchange.command: exchange.notes for exchange in session.exchanges}
    assert notes["READ"] == ("3 octets before it: telnet negotiation",)
    assert notes["QUIT"] == ("the line ends with CR CR LF",)


@pytest.mark.parametrize("greeting", [b"220 pop.example POP2 server ready\r\n", b"* OK ready\r\n", b"hello\r\n"])
def test_a_server_that_greets_as_another_is_known_by_its_answers(greeting: bytes, tmp_path: Path) -> None:
    clean = told(spoken(POP2), tmp_path / "clean.pcap")
    found = told(spoken([(b"", greeting), *POP2[1:]]), tmp_path / "x.pcap")
    for fact in ("protocol", "login", "commands", "messages", "ending"):
        assert found[fact] == clean[fact]
