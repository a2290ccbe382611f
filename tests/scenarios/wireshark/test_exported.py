"""Each exported object is a message that the server sent, and none is false."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.scenarios.wireshark.conftest import BIG, any_path
from tests.support.conversation import Conversation
from tests.support.truth import capture_names, capture_path, load_truth
from tests.support.wire import save
from tests.wireshark.joined import join
from tests.wireshark.plugin_support import digest, export_mail

OUT_OF_ORDER = ("-o", "tcp.reassemble_out_of_order:TRUE")
GREETING = b"+ POP2 dog-house.example server ready\r\n"
INNER = b"From: b@dog-house.example\r\nSubject: tea\r\n\r\nAt four.\r\n"
OUTER = (
    b'From: a@dog-house.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n'
    b"--x\r\nContent-Type: message/rfc822\r\n\r\n" + INNER + b"\r\n--x--\r\n"
)
LONG = b"From: a@dog-house.example\r\n\r\n" + b"".join(b"Line %04d of the mail.\r\n" % line for line in range(200))


@pytest.fixture(scope="module")
def recorded(tshark: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return all recorded captures put into one, but for the largest."""
    path = tmp_path_factory.mktemp("recorded") / "joined.pcapng"
    join({name: any_path(name) for name in capture_names() if name != BIG}, path)
    return path


def is_attached(mail: bytes, outer: bytes) -> bool:
    """Whether a mail is a part of another, of type message/rfc822."""
    head = rb"(?i)\r\ncontent-type: *message/rfc822[^\n]*\n([^\r\n]+\r\n)*\r\n"
    return re.search(head + b"(?-i:%s)" % re.escape(mail) + rb"\r\n--", outer) is not None


@pytest.mark.parametrize("options", [(), OUT_OF_ORDER], ids=["default", "out-of-order"])
def test_each_object_of_the_recorded_captures_was_sent(
    options: tuple[str, ...], recorded: Path, tmp_path: Path
) -> None:
    exported = export_mail(recorded, tmp_path / "mail", *options) + export_mail(capture_path(BIG), tmp_path / "big")
    sent = {
        message["sha256"]
        for name in capture_names()
        for session in load_truth(name)["sessions"]
        for message in session["messages"]
    }
    others = [mail for mail in exported if digest(mail) not in sent]
    whole = {mail for mail in exported if digest(mail) in sent}
    assert len(whole) > 100
    # Wireshark's dissector of mail exports what is attached to a mail as well.
    assert [mail for mail in others if not any(is_attached(mail, outer) for outer in whole)] == []


def conversation(port: int, lines: list[tuple[str, bytes]]) -> Conversation:
    talk = Conversation(server=("192.0.2.1", port)).handshake()
    for side, line in lines:
        talk.say("client" if side == "c" else "server", line)
    return talk.close()


def pop2(mail: bytes) -> list[tuple[str, bytes]]:
    return [
        *(("s", GREETING), ("c", b"HELO smith secret\r\n"), ("s", b"#1 messages\r\n")),
        *(("c", b"READ 1\r\n"), ("s", b"=%d characters\r\n" % len(mail)), ("c", b"RETR\r\n"), ("s", mail)),
        *(("c", b"ACKS\r\n"), ("s", b"=0 no more\r\n"), ("c", b"QUIT\r\n"), ("s", b"+ bye\r\n")),
    ]


def smtp(mail: bytes) -> list[tuple[str, bytes]]:
    return [
        *(("s", b"220 dog-house.example ESMTP\r\n"), ("c", b"HELO c.example\r\n"), ("s", b"250 hello\r\n")),
        *(("c", b"MAIL FROM:<a@dog-house.example>\r\n"), ("s", b"250 ok\r\n")),
        *(("c", b"RCPT TO:<b@dog-house.example>\r\n"), ("s", b"250 ok\r\n")),
        *(("c", b"DATA\r\n"), ("s", b"354 go on\r\n"), ("c", mail + b".\r\n"), ("s", b"250 ok\r\n")),
        *(("c", b"QUIT\r\n"), ("s", b"221 bye\r\n")),
    ]


def test_what_is_attached_is_exported_as_from_smtp(tshark: str, tmp_path: Path) -> None:
    by_pop2 = save(tmp_path / "pop2.pcap", conversation(109, pop2(OUTER)).packets)
    by_smtp = save(tmp_path / "smtp.pcap", conversation(25, smtp(OUTER)).packets)
    found = sorted(export_mail(by_pop2, tmp_path / "first"))
    assert found == sorted([OUTER, INNER])
    assert sorted(export_mail(by_smtp, tmp_path / "second")) == found


@pytest.mark.parametrize("comes", ["before", "after"])
@pytest.mark.parametrize("changed", [False, True], ids=["same", "other"])
def test_a_mail_of_two_versions_is_not_exported(comes: str, changed: bool, tshark: str, tmp_path: Path) -> None:
    packets = conversation(109, pop2(LONG)).packets
    index = next(at for at, packet in enumerate(packets) if b"Line 0010" in packet.payload)
    original = packets[index]
    other = replace(original, payload=original.payload.replace(b"Line 0010", b"Wine 0010" if changed else b"Line 0010"))
    packets[index : index + 1] = [other, original] if comes == "before" else [original, other]
    assert packets[index + 2].payload  # the message goes on
    exported = export_mail(save(tmp_path / "talk.pcap", packets), tmp_path / "mail")
    assert exported == ([] if changed else [LONG])
