"""Servers that are killed while they send a message, and what they say then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import pop2dissect
from tests.findings.found import told
from tests.support.network import Network, Turn, login, mail
from tests.support.wire import save

HALF = mail()[:-15]
KILLED = b"- Killed (terminated)\r\n"
GREETING_POP3 = "+OK POP3 ready"


def cut(net: Network, said: bytes = b"", *, times: int = 1, end: str = "server", client: str = "192.0.2.10") -> Network:
    turns: list[Turn] = [login(), ("READ 1", f"={len(mail())} characters in message 1"), ("RETR", HALF + said)]
    for _ in range(times):
        net.session(*turns, end=end, client=client)  # type: ignore[arg-type]
    return net


@pytest.mark.parametrize(
    "said",
    [
        KILLED,
        KILLED + b"+ Sayonara\r\n",
        b"- Killed (lost mailbox lock)\r\n",
        b"- Autologout; idle for too long\r\n",
        b"- Mailbox expunged from under me!\r\n+ Sayonara\r\n",
        b"+ Sayonara\r\n",
    ],
)
def test_last_words_are_no_mail_and_marked(said: bytes, tmp_path: Path) -> None:
    capture = pop2dissect.read(save(tmp_path / "made.pcap", cut(Network(), said, times=5).packets))
    for session in capture:
        (message,) = session.messages
        assert message.content() == HALF
        assert not message.complete
        words = " ".join(said.decode().split())
        assert [note for note in message.notes if note.endswith(f"no part of the message: {words}")]
        assert [reply.line for reply in session.exchanges[-1].replies[1:]] == said.decode().splitlines()
        assert "protocol.length_mismatch" not in {one.id for one in session.findings}
        assert "protocol.reply_injection" not in {one.id for one in session.findings}
    (died,) = [one for one in capture.findings if one.id == "service.died"]
    assert (died.server, died.client, died.user, len(died.sessions)) == ("192.0.2.109:109", "192.0.2.10", "fred", 5)
    exported = capture.export_mail(tmp_path / "mail")
    entries = json.loads((exported / "manifest.json").read_text())["files"]
    assert len(entries) == 5
    assert all("took its leave" in " ".join(entry["notes"]) for entry in entries)
    assert all((exported / entry["file"]).read_bytes() == HALF for entry in entries)


def test_of_a_mail_that_is_whole_nothing_is_taken(tmp_path: Path) -> None:
    letter = mail(text=b"The log says:\r\n" + KILLED)
    turns: list[Turn] = [login(), ("READ 1", f"={len(letter)} characters in message 1"), ("RETR", letter)]
    capture = pop2dissect.read(save(tmp_path / "made.pcap", Network().session(*turns, end="server").packets))
    (message,) = capture.sessions[0].messages
    assert message.content() == letter
    assert not [note for note in message.notes if "leave" in note]


@pytest.mark.parametrize("said", [b"- my list\r\n", b"+ and more\r\n"])
def test_of_a_mail_that_was_cut_its_own_lines_are_left(said: bytes, tmp_path: Path) -> None:
    capture = pop2dissect.read(save(tmp_path / "made.pcap", cut(Network(), said).packets))
    assert capture.sessions[0].messages[0].content() == HALF + said


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"half a line\r\n-ERR Server shutting down.\r\n", b"-ERR Server shutting down.\r\n"),
        (b"half a li-ERR Autologout; idle\r\n", b"-ERR Autologout; idle\r\n"),
        (b"half a line\r\n", b""),
    ],
)
def test_last_words_after_which_no_dot_comes(said: bytes, words: bytes, tmp_path: Path) -> None:
    turns: list[Turn] = [("USER fred", "+OK"), ("PASS lantern-7", "+OK"), ("RETR 1", b"+OK 900 octets\r\n" + said)]
    net = Network()
    for _ in range(3):
        net.session(*turns, greeting=GREETING_POP3, end="server")
    capture = pop2dissect.read(save(tmp_path / "made.pcap", net.packets))
    for session in capture:
        assert session.messages[0].content() == said.removesuffix(words)
        said_last = [reply.line for reply in session.exchanges[-1].replies if reply.kind == "error"]
        assert said_last == words.decode().splitlines()
    assert "service.died" in {one.id for one in capture.findings}


@pytest.mark.parametrize(("end", "died"), [("server", True), ("crash", True), ("client", False), ("reset", False)])
def test_who_ended_it(end: str, died: bool, tmp_path: Path) -> None:
    found = told(cut(Network(), times=5, end=end), tmp_path)
    assert ("service.died" in {one.id for one in found}) is died


def test_twice_is_not_again_and_again(tmp_path: Path) -> None:
    assert "service.died" not in {one.id for one in told(cut(Network(), KILLED, times=2), tmp_path)}
