"""Timelines: in the order of the conversation, nothing left out, and as Timesketch wants them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

import pop2dissect
from pop2dissect.export.timesketch import event_line, finding_events, session_events
from pop2dissect.session import Finding
from pop2dissect.terminal.conversation import session_timeline
from pop2dissect.terminal.look import Look
from pop2dissect.terminal.style import plain
from pop2dissect.terminal.tree import session_tree
from tests.support.conversation import SECOND, Conversation, shift
from tests.support.truth import capture_names, capture_path
from tests.support.wire import save


@pytest.mark.parametrize("name", capture_names())
def test_everything_said_is_in_it_once(name: str) -> None:
    for session in pop2dissect.read(capture_path(name), [109, 10109]).sessions:
        entries = session.timeline()
        assert entries[0].event == "start"
        assert entries[-1].event == "end"
        commands = [entry for entry in entries if entry.event == "command"]
        assert [entry.frames for entry in commands] == [e.frames for e in session.exchanges if e.raw is not None]
        gaps = sum(entry.octets for entry in entries if entry.event == "gap")
        assert gaps == session.client_stream.missing + session.server_stream.missing
        if session.exchanges:
            replies = sum(len(exchange.replies) for exchange in session.exchanges)
            answers = [entry for entry in entries if entry.event in ("reply", "message")]
            assert len(answers) == replies
            sent = sum(entry.octets for entry in entries if entry.event in ("reply", "message"))
            assert sent <= session.server_stream.length


def test_as_a_table() -> None:
    capture = pop2dissect.read(capture_path("rfc937_normal"))
    session = capture.sessions[0]
    table = capture.timeline(session)
    assert table.equals(capture.timeline(session.id))
    assert list(table.columns) == ["time", "delta", "direction", "event", "state", "what", "octets", "frames"]
    assert table["delta"].sum().value == session.duration
    assert table["what"][2].startswith("HELO ")
    assert "********" in table["what"][2]
    assert "********" not in capture.timeline(1, show_passwords=True)["what"][2]
    with pytest.raises(KeyError):
        capture.timeline(2)


def test_events_for_timesketch() -> None:
    capture = pop2dissect.read(capture_path("not_pop2_on_109"))
    finding = Finding("x", "high", "title\x1b[31m", "detail", None, (1,), ("T1110",))
    capture.sessions[0].findings.append(finding)
    findings = sum(len(session.findings) for session in capture.sessions) + 1
    spanning = Finding("y", "low", "spans", "", capture.sessions[0].start, (2,))
    events = [event for session in capture.sessions for event in session_events(session)]
    lines = [event_line(event) for event in (*events, *finding_events([spanning]))]
    assert len(lines) == sum(len(session.timeline()) for session in capture.sessions) + findings
    assert "".join(lines).isascii()
    for line in lines:
        event = json.loads(line)
        assert {"message", "datetime", "timestamp_desc", "timestamp", "data_type"} <= event.keys()
        when = datetime.fromisoformat(event["datetime"])
        assert when.tzinfo is not None
        since = when - datetime(1970, 1, 1, tzinfo=UTC)
        assert since.days * 86_400 * 10**6 + since.seconds * 10**6 + since.microseconds == event["timestamp"]
        assert event["nanoseconds"] // 1000 == event["timestamp"]
        assert "\x1b" not in event["message"]


def test_of_a_mailbox_that_is_sent_as_a_whole_all_messages_are_named() -> None:
    sessions = pop2dissect.read(capture_path("rfc918_cases")).sessions
    session = next(session for session in sessions if len(session.messages) == 3)
    (entry,) = [entry for entry in session.timeline() if entry.event == "message"]
    assert entry.messages == tuple(session.messages)
    assert entry.what == "3 messages of mailbox, 896 bytes"
    for message in session.messages:
        assert f"S{session.id}-M{message.index}: " in "\n".join(session_timeline(session, Look(plain())))


def test_what_is_out_of_time_order_is_marked_wherever_a_session_is_told(tmp_path: Path) -> None:
    talk = Conversation().handshake().server(b"+ POP2 host\r\n").client(b"HELO a b\r\n").server(b"#1 message\r\n")
    before = len(talk.packets)
    talk.client(b"READ 1\r\n").client(b"FOLD x\r\n", crossing=True).server(b"=3 bytes\r\n").server(b"#2 more\r\n")
    whole = talk.client(b"QUIT\r\n").server(b"+ bye\r\n").close().packets
    packets = [*whole[:before], *shift(whole[before:], -3600 * SECOND)]
    mark = "out of time order: by its time stamp the client said it 59 min 59 s before"
    for moved in (whole, packets):
        capture = pop2dissect.read(save(tmp_path / f"{moved is whole}.pcap", moved))
        (session,) = capture.sessions
        told = {
            "text": "\n".join(session_timeline(session, Look(plain()))),
            "tree": "\n".join(session_tree(session, Look(plain()))),
            "JSON": capture.to_json(),
            "HTML": capture.report(tmp_path / f"{moved is whole}.html").read_text(),
            "notes": "\n".join(note for one in session.exchanges for note in one.notes),
        }
        assert {name: text.count(mark) for name, text in told.items()} == dict.fromkeys(told, moved is packets)
        assert all(one.latency is None or one.latency >= 0 for one in session.exchanges)
        assert session.duration < SECOND
