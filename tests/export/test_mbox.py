"""The mailbox file, as another program reads it."""

from __future__ import annotations

import mailbox
import re
from pathlib import Path

import pop2dissect
from pop2dissect.export.mbox import mbox_of
from pop2dissect.text.rendering import Rendering
from tests.export.exports import export
from tests.support.conversation import Conversation
from tests.support.truth import capture_path
from tests.support.wire import save

ADDED = ("X-Pop2dissect-Source", "X-Pop2dissect-Status", "X-Pop2dissect-SHA256")


def test_another_program_finds_the_same_messages(tmp_path: Path) -> None:
    path = capture_path("fetchmail_fold")
    export("--export-mbox", tmp_path / "x.mbox", path)
    messages = [message for session in pop2dissect.read(path).sessions for message in session.messages]
    box = mailbox.mbox(tmp_path / "x.mbox", create=False)
    assert len(box) == len(messages)
    for found, message in zip(box, messages, strict=True):
        assert found["X-Pop2dissect-SHA256"] == message.sha256
        assert found["X-Pop2dissect-Status"] == "complete"
        raw = box.get_bytes(box.keys()[messages.index(message)])
        own = b"".join(line for line in raw.splitlines(keepends=True) if not line.startswith(b"X-Pop2dissect-"))
        unquoted = re.sub(rb"^>(>*From )", rb"\1", own, flags=re.MULTILINE)
        assert unquoted.rstrip(b"\n") == message.content().replace(b"\r\n", b"\n").rstrip(b"\n")


def test_lines_that_look_like_the_next_message_are_quoted(tmp_path: Path) -> None:
    mail = b"From: a\r\n\r\nFrom here\r\n>From there\r\n>>From afar\r\nno From\r\nlast"
    talk = (
        Conversation()
        .handshake()
        .server(b"+ POP2 x\r\n")
        .client(b"HELO a b\r\n")
        .server(b"#1 m\r\n")
        .client(b"READ\r\n")
        .server(b"=%d\r\n" % len(mail))
        .client(b"RETR\r\n")
        .server(mail)
        .client(b"ACKS\r\n")
        .server(b"=0\r\n")
        .close()
    )
    save(tmp_path / "x.pcap", talk.packets)
    (session,) = pop2dissect.read(tmp_path / "x.pcap").sessions
    box = mbox_of(session, Rendering())
    assert box.startswith(b"From MAILER-DAEMON Mon Feb 18 15:00:00 1985\n")
    assert box.endswith(b"\n\n>From here\n>>From there\n>>>From afar\nno From\nlast\n\n")
