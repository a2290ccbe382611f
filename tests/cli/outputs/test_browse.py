"""``browse`` on a terminal of its own, with a capture that would like to control it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

from pop2dissect.cli import ExitStatus
from tests.support.conversation import Conversation
from tests.support.wire import save

HOSTILE = b"\x1b]0;owned\x07\x1b[31m[red]\xe2\x80\xae[@click=app.quit]x[/] \x9b2J"
"""A title, a colour, mark-up of Textual's, an override of the direction, and a control sequence of one byte."""
DEADLINE = 60
ANSWERED = 2
"""Seconds within which a key is taken to be answered, if it changes anything."""


def test_nothing_of_a_capture_controls_the_terminal(tmp_path: Path) -> None:
    talk = Conversation().handshake().server(b"+ POP2 " + HOSTILE + b"\r\n").client(b"HELO " + HOSTILE + b" secret\r\n")
    talk.server(b"#1 " + HOSTILE + b"\r\n").client(b"FOLD /etc/" + HOSTILE + b"\r\n").server(
        b"#0 " + HOSTILE + b"\r\n"
    ).close()
    capture = tmp_path / "[bold]\x1b]0;owned\x07.pcap"
    save(capture, talk.packets)
    ours, theirs = pty.openpty()
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "COLUMNS": "100",
        "LINES": "30",
        "TEXTUAL_ANIMATIONS": "none",
    }
    command = [sys.executable, "-m", "pop2dissect", "browse", "--quiet", str(capture)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        written = b""
        try:
            written += until(ours, b"What happened")
            for key in (b"\t", b"\r", b"\x1b[B", b"\x1b[B", b"\x1b[B", b"f", b"q", b"w", b"q", b"/", b"owned\r"):
                os.write(ours, key)
                select.select([ours], [], [], ANSWERED)
                written += until(ours)
            while process.poll() is None:
                os.write(ours, b"q")
                written += until(ours)
        finally:
            process.kill()
    os.close(ours)
    assert process.returncode == ExitStatus.DONE
    text = written.decode("utf-8", "replace")
    assert r"\x1b]0;owned\x07\x1b[31m[red]\u202e[@click=app.quit]x[/]" in text
    assert "secret" not in text
    for wanted in ("\x1b]0;", "owned\x07", "\u202e", "\x9b"):
        assert wanted not in text


def until(terminal: int, wanted: bytes = b"") -> bytes:
    """Read what is written until something is there, and then until nothing more comes."""
    written = b""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 0.2)
        if not ready and wanted in written:
            return written
        try:
            written += os.read(terminal, 1 << 16) if ready else b""
        except OSError:  # the other end is closed
            return written
    raise AssertionError(written[-2000:])
