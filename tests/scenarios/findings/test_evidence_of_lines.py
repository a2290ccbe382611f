"""Which line a protocol violation is in is known, and not guessed; and every way to log in is an attempt."""

from __future__ import annotations

from pathlib import Path

from tests.findings.found import examine
from tests.support.conversation import Conversation
from tests.support.wire import save


def test_octets_that_are_not_ascii_in_a_command_and_in_its_reply(tmp_path: Path) -> None:
    talk = Conversation().handshake().server(b"+ POP2 host ready\r\n").client(b"HELO fred secret\r\n")
    talk.server(b"#0 messages in /var/mail/fred\r\n").client(b"FOLD entw\xfcrfe\r\n").server(
        b"#0 messages in entw\xfcrfe\r\n"
    )
    talk.client(b"QUIT\r\n").server(b"+ Sayonara\r\n").close()
    packets = talk.packets
    frames = {number for number, packet in enumerate(packets, 1) if b"\xfc" in packet.payload}
    (session,), found = examine(save(tmp_path / "x.pcap", packets))
    fold = next(exchange for exchange in session.exchanges if exchange.command == "FOLD")
    assert [(one.id, one.side) for one in fold.departures] == [
        ("protocol.non_ascii", "client"),
        ("protocol.non_ascii", "server"),
    ]
    (finding,) = [one for one in found if one.id == "protocol.non_ascii"]
    assert set(map(int, finding.frames)) == frames
    assert len(frames) == 2


def refused(command: bytes, user: bytes, port: int = 40000) -> Conversation:
    talk = Conversation(("10.9.0.1", port)).handshake().server(b"+OK POP3 ready <1.2@host.example>\r\n")
    if command == b"PASS":
        talk.client(b"USER " + user + b"\r\n").server(b"+OK\r\n").client(b"PASS wrong\r\n")
    else:
        talk.client(b"APOP " + user + b" " + b"%032x" % port + b"\r\n")
    return talk.server(b"-ERR bad login\r\n").client(b"QUIT\r\n").server(b"+OK\r\n").close()


def test_a_refused_digest_is_a_refused_login(tmp_path: Path) -> None:
    """As a refused password is."""
    found = {}
    for command in (b"PASS", b"APOP"):
        path = save(tmp_path / f"{command.decode()}.pcap", refused(command, b"fred").packets)
        (session,), findings = examine(path)
        assert (session.user, session.login) == ("fred", "refused")
        found[command] = {finding.id for finding in findings}
    assert "auth.failed" in found[b"PASS"]
    assert "auth.failed" in found[b"APOP"]


def test_guessing_by_digests_is_guessing(tmp_path: Path) -> None:
    talks = [refused(b"APOP", b"fred", 40000 + number) for number in range(8)]
    packets = [packet for talk in talks for packet in talk.packets]
    _, findings = examine(save(tmp_path / "x.pcap", packets))
    assert "auth.bruteforce" in {finding.id for finding in findings}
