"""POP2 on any port is found, and nothing else is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

import pop2dissect
from pop2dissect import anyport
from pop2dissect.anyport import greets_as_wanted
from pop2dissect.decode import Decoder
from pop2dissect.tcp import Tracker, tracker
from tests.support.conversation import SECOND, START, Conversation, merge
from tests.support.truth import capture_names, capture_path
from tests.support.wire import save

ELSEWHERE = {
    "inetd_port_10109": [("10.109.0.2:10109", "POP2")],
    "not_pop2_on_109": [("[fd00:109::2]:2109", "POP3")],
}
"""What speaks a post office protocol on another port than 109."""


@pytest.mark.parametrize("name", capture_names())
def test_what_is_found_on_the_port_is_found_all_the_same(name: str) -> None:
    plain = pop2dissect.read(capture_path(name))
    anywhere = pop2dissect.read(capture_path(name), any_port=True)
    assert anywhere.probes == plain.probes
    found = [session for session in anywhere.sessions if session.server.port == 109]
    assert [session.first_frame for session in found] == [session.first_frame for session in plain.sessions]
    elsewhere = [session for session in anywhere.sessions if session.server.port != 109]
    assert [(str(session.server), session.protocol) for session in elsewhere] == ELSEWHERE.get(name, [])
    assert [session.id for session in anywhere.sessions] == list(range(1, len(anywhere.sessions) + 1))


def conversation(port: int, start: int = 0, client: int = 40000) -> Conversation:
    return Conversation(("10.9.0.1", client), ("10.9.0.2", port), start=START + start).handshake()


def pop2(port: int, start: int = 0, client: int = 40000) -> Conversation:
    talk = conversation(port, start, client).server(b"+ PO").server(b"P2 host\r\n")
    return talk.client(b"HELO a b\r\n").server(b"#0 none\r\n").client(b"QUIT\r\n").server(b"+ bye\r\n").close("server")


def test_greetings_elsewhere_are_numbered_in_order_of_first_frames(tmp_path: Path) -> None:
    step = SECOND // 20
    http = conversation(80, 0, 41000).client(b"GET / HTTP/1.0\r\n\r\n").server(b"HTTP/1.0 200 OK\r\n\r\n")
    http.client(b"GET /2 HTTP/1.0\r\n\r\n").server(b"+ POP2 is what this page is about\r\n").close()
    pop3 = conversation(110, step, 41001).server(b"+OK\r\n").client(b"USER x\r\n").server(b"+OK\r\n")
    pop3.client(b"STAT\r\n").close()
    pop1 = conversation(4109, 2 * step, 41002).server(b"+OK\r\n").client(b"USER x\r\n").server(b"+OK\r\n")
    pop1.client(b"PASS y\r\n").server(b"+OK\r\n").client(b"RDEL z\r\n").server(b"#0\r\n").close()
    silent = conversation(25, 3 * step, 41003).close()
    again = pop2(80, SECOND, 41000)  # the ports of the first
    talks = (http, pop3, pop1, silent, pop2(2109, 4 * step, 41004), pop2(109, 5 * step, 41005), again)
    packets = merge(*(talk.packets for talk in talks))
    found = pop2dissect.read(save(tmp_path / "all.pcap", packets), any_port=True)
    assert [(one.id, one.server.port, one.protocol) for one in found.sessions] == [
        (1, 110, "POP3"),
        (2, 4109, "POP (RFC 918)"),
        (3, 2109, "POP2"),
        (4, 109, "POP2"),
        (5, 80, "POP2"),
    ]
    assert found.probes == []
    assert found.settings.any_port


def test_what_is_something_else_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker, "MAX_GIVEN_UP", 3)
    talks = []
    for number in range(20):
        talk = conversation(80, number * SECOND, 42000 + number).client(b"GET / HTTP/1.0\r\n\r\n")
        talks.append(talk.server(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 90000))
    flood = conversation(9, 0, 43000)
    for _ in range(20):
        flood.client(b"x" * 1000)
    path = save(tmp_path / "web.pcap", merge(flood.packets, *(talk.packets for talk in talks)))
    tracking = Tracker(frozenset({109}), interest=greets_as_wanted)
    decoder = Decoder(None)
    most = 0

    def segments() -> object:
        nonlocal most
        with pop2dissect.capture.CaptureReader([str(path)]) as reader:
            for record in reader:
                segment = decoder.decode(record)
                if segment is not None:
                    yield segment
                    kept = {id(flow.sender): flow.sender for flow in tracking._flows.by_key.values()}
                    most = max(most, sum(len(sender.pieces.spans) for sender in kept.values()))

    assert list(tracking.connections(segments())) == []  # type: ignore[arg-type]
    assert most <= 12
    assert len(tracking._given_up) <= 2 * 3 + 2
    assert not tracking._flows.by_key


def test_what_is_left_out_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pop3(port: int, number: int) -> Conversation:
        talk = conversation(port, number * SECOND, 44000 + number).server(b"+OK POP3 <1@host>\r\n")
        return talk.client(b"USER x\r\n").server(b"+OK\r\n").close()

    talks = [pop3(110, 0), pop3(110, 1), pop3(4110, 2), pop2(109, 3 * SECOND)]
    path = save(tmp_path / "all.pcap", merge(*(talk.packets for talk in talks)))
    (said,) = pop2dissect.read(path).warnings
    assert said == (
        "mail may be fetched on ports that were not looked at: 2 connections on port 110 (the first began with "
        "frame 1), 1 connection on port 4110 (the first began with frame 19); --port 110 --port 4110 looks there, "
        "--any-port wherever a post office protocol is spoken"
    )
    assert pop2dissect.read(path, ports={109, 110, 4110}).warnings == []
    assert pop2dissect.read(path, any_port=True).warnings == []
    assert [one.server.port for one in pop2dissect.read(path).sessions] == [109]
    monkeypatch.setattr(anyport, "SMALL", 10)
    (of_large,) = pop2dissect.read(path).warnings
    assert "2 connections on port 110" in of_large
    assert "4110" not in of_large
