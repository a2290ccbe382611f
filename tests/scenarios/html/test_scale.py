"""Many sessions: 2,000 would be under 30 MB, of any size of message. (benchmarks/growth.py makes 2,000.)"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.generate import write_again
from pop2dissect.html.octets import BUDGET
from tests.html.pages import ReadPage, make_report
from tests.support.conversation import Conversation
from tests.support.truth import capture_path, load_truth
from tests.support.wire import save

COPIES = 2


def test_hundreds_of_sessions(tmp_path: Path) -> None:
    report = make_report(tmp_path, write_again(tmp_path / "many.pcap", capture_path("many_sessions"), COPIES))
    sessions = report.read_text(encoding="utf-8").count('<section class="session')
    assert sessions == COPIES * load_truth("many_sessions")["session_count"]
    assert report.stat().st_size / sessions * 2000 < 30_000_000


def test_large_messages_are_cut_where_all_would_be_too_much(tmp_path: Path) -> None:
    page = ReadPage(make_report(tmp_path, capture_path("big_messages")))
    truth = load_truth("big_messages")["sessions"]
    octets = sum(session["s2c"]["written_by_server"]["octets"] for session in truth)
    carried = sum(len(session.octets("s")) for session in page.sessions.values())
    assert carried == octets  # 5 MB are not too much for two sessions


def test_a_long_conversation_of_another_protocol_keeps_to_the_budget(tmp_path: Path) -> None:
    conversation = Conversation(mss=60_000).handshake().server(b"SSH-2.0-x\r\n").client(b"SSH-2.0-y\r\n")
    for _ in range(200):
        conversation.server(bytes(100_000)).client(b"more")
    capture = save(tmp_path / "ssh.pcap", conversation.close().packets)
    report = make_report(tmp_path, capture)
    assert capture.stat().st_size > BUDGET
    assert sum(len(session.octets("s")) for session in ReadPage(report).sessions.values()) <= BUDGET
    assert "the page carries at most 65,536 bytes" in ReadPage(report).text


MEMORY = 240 << 20
"""Octets of memory of its own that making a report may take here, maps of files not counted: less than the mail."""

_WITHIN = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_DATA, ({MEMORY}, {MEMORY}))
from pop2dissect.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_memory_does_not_grow_with_the_messages(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    mail = b"Subject: large\r\n\r\n" + b"The quick brown fox jumps over the lazy dog, which does not mind.\r\n" * 60_000
    conversation = Conversation(mss=60_000).handshake().server(b"+ POP2 x\r\n").client(b"HELO a b\r\n")
    conversation.server(b"#65\r\n").client(b"READ 1\r\n").server(b"=%d\r\n" % len(mail))
    for _ in range(65):
        conversation.client(b"RETR\r\n").server(mail).client(b"ACKS\r\n").server(b"=%d\r\n" % len(mail))
    capture = save(tmp_path / "large.pcap", conversation.client(b"QUIT\r\n").server(b"+ bye\r\n").close().packets)
    assert capture.stat().st_size > MEMORY
    command = [sys.executable, "-c", _WITHIN, "--quiet", "--report", str(tmp_path / "r.html"), str(capture)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "65 messages of" in done.stdout
