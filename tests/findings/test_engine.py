"""The engine: in any order, within bounds, and cheap."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from pop2dissect.api import iter_sessions, read
from pop2dissect.findings import engine
from pop2dissect.findings.engine import FindingsEngine
from pop2dissect.pipeline import Dissection
from pop2dissect.session import Finding
from tests.findings.found import examine, raised
from tests.support import wire
from tests.support.conversation import Conversation
from tests.support.network import Network, login, refused
from tests.support.work import PROPORTIONAL, growth


def test_the_order_of_the_sessions_does_not_matter(incident: Path) -> None:
    capture = read(incident)

    def found(order: list[int]) -> tuple[dict[int, list[Finding]], list[Finding]]:
        of_sessions = FindingsEngine()
        each = {place: of_sessions.examine(capture.sessions[place]) for place in order}
        return dict(sorted(each.items())), of_sessions.conclude(capture.probes)

    order = list(range(len(capture.sessions)))
    first = found(order)
    random.Random(109).shuffle(order)
    assert found(order) == first


def test_the_most_severe_come_first(incident: Path) -> None:
    capture = read(incident)
    for findings in [capture.findings, *(session.findings for session in capture.sessions)]:
        ranks = [("critical", "high", "medium", "low", "info").index(finding.severity) for finding in findings]
        assert ranks == sorted(ranks)


def test_what_lies_beyond_a_limit_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MAX_KEPT", 3)
    net = Network()
    for number in range(5):
        net.session(refused(f"user{number}", f"word-{number}"), after=1, end="server")
    with Dissection(wire.save(tmp_path / "x.pcap", net.packets)) as dissection:
        assert len(list(dissection)) == 5
        assert "findings that span sessions leave out 2 users who tried to log in, beyond the limit of 3" in (
            dissection.warnings
        )


def test_a_server_is_named_once_in_all_its_sessions(tmp_path: Path) -> None:
    net = Network()
    for _ in range(150):
        net.session(login(), greeting="+ POP2 quarry v4.46 server ready", after=1)
    _, found = examine(wire.save(tmp_path / "x.pcap", net.packets))
    (vulnerable,) = [finding for finding in found if finding.id == "service.vulnerable_banner"]
    assert "in 150 sessions" in vulnerable.detail
    assert len(vulnerable.sessions) == 100


def spoken(client: bytes | None, server: bytes | None) -> Network:
    talk = Conversation().handshake()
    if server is not None:
        talk.server(server)
    if client is not None:
        talk.client(client)
    return Network().take(talk.close("client"))


@pytest.mark.parametrize(
    ("client", "server", "name"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", b"", "HTTP"),
        (b"\x16\x03\x01\x00\x41\x01\x00\x00\x3d" + b"\x03" * 61, b"", "TLS"),
        (None, b"220 quarry ESMTP\r\n", "SMTP"),
        (b"a LOGIN x y\r\n", b"* OK quarry\r\n", "IMAP"),
        (b"\x05\x01\x00", b"\x05\x00", "SOCKS"),
        (b"\x01\x02\x03", b"\x04\x05\x06", "a protocol that is not known"),
    ],
)
def test_other_protocols_are_named(client: bytes | None, server: bytes | None, name: str, tmp_path: Path) -> None:
    _, found = examine(wire.save(tmp_path / "x.pcap", spoken(client, server or None).packets))
    (other,) = [finding for finding in found if finding.id == "service.other_protocol"]
    assert f"{name} is spoken" in other.detail


def test_the_end_of_a_session_alone_is_no_other_protocol(tmp_path: Path) -> None:
    packets = Network().session(("QUIT", "+ Bye"), end="server").packets
    at_quit = next(index for index, packet in enumerate(packets) if packet.payload.startswith(b"QUIT"))
    (session,), found = examine(wire.save(tmp_path / "end.pcap", packets[at_quit:]))
    assert session.protocol == "unknown"
    assert found == []


def test_what_was_not_captured_is_no_other_protocol(tmp_path: Path) -> None:
    packets = Network().session(login()).packets
    path = wire.save(tmp_path / "x.pcap", packets, snap_length=54)
    sessions, found = examine(path)
    assert [session.protocol for session in sessions] == ["none"]
    assert found == []


@pytest.mark.parametrize("protocol", ["+OK ready\r\n", "+ POP2 quarry\r\n"])
def test_the_ports_own_protocols_are_no_others(protocol: str, tmp_path: Path) -> None:
    assert "service.other_protocol" not in raised(Network().session(greeting=protocol.encode()), tmp_path)


def test_their_work_grows_with_the_sessions(tmp_path: Path) -> None:
    def work(count: int) -> Callable[[], object]:
        net = Network()
        for number in range(count):
            net.session(refused(f"user{number}", f"word-{number}") if number % 2 else login(), after=1)
        sessions = list(iter_sessions(wire.save(tmp_path / f"{count}.pcap", net.packets)))

        def find() -> None:
            findings = FindingsEngine()
            for session in sessions:
                findings.examine(session)
            findings.conclude([])

        return find

    assert growth(work, 40) < PROPORTIONAL
