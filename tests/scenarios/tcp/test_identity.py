"""Which connection a packet belongs to, where addresses and ports do not say, and which end is the client."""

from __future__ import annotations

from pathlib import Path

import pytest

import pop2dissect
from pop2dissect.session import Session
from tests.scenarios.tcp.test_forged import recorded
from tests.scenarios.tcp.test_two_taps import SECOND, moved
from tests.support.conversation import Conversation
from tests.support.truth import ROOT, capture_path
from tests.support.wire import save

CASES = ROOT / "tests/data/cases"


def sessions(name: str) -> list[Session]:
    return pop2dissect.read(CASES / f"{name}.pcap").sessions


def fates(session: Session) -> list[tuple[int, str, bool | None]]:
    return [(one.octets, one.disposition, one.committed) for one in session.messages]


@pytest.mark.parametrize("name", ["a2_forged_syn_mid", "b1_split_handshake"])
def test_a_forged_syn_and_a_handshake_of_four_packets(name: str) -> None:
    (session,) = sessions(name)
    assert (str(session.client), str(session.server)) == ("192.0.2.10:40000", "192.0.2.109:109")
    assert (session.user, session.login, session.ending) == ("bob", "accepted", "quit")
    assert [fate[:2] for fate in fates(session)] == [(154, "kept")]


@pytest.mark.parametrize("name", ["client_fin_exact", "client_syn_minus1", "client_syn_random"])
def test_what_the_conversation_contradicts_changes_nothing(name: str) -> None:
    (session,) = sessions(name)
    assert [fate[:2] for fate in fates(session)] == [(104, "deleted")] * 2
    assert session.ending == "quit"
    assert session.client_stream.missing == session.server_stream.missing == 0
    assert session.events


def test_two_networks_with_the_same_addresses() -> None:
    one, other = sorted(sessions("a3_two_vlans_same_tuple"), key=lambda session: session.user or "")
    assert (one.user, other.user) == ("bob", "eve")
    assert [fate[:2] for session in (one, other) for fate in fates(session)] == [(154, "kept"), (185, "deleted")]


def test_the_same_numbers_a_second_later_are_another_session() -> None:
    assert [one.disposition for session in sessions("k1_same_isn_second_session") for one in session.messages] == [
        "kept",
        "deleted",
    ]


def test_octets_of_a_reset_are_in_no_message() -> None:
    (session,) = sessions("l1_rst_with_text")
    assert [one.octets for one in session.messages] == [154]
    assert any("RST" in event and "octets" in event for event in session.events)


@pytest.mark.parametrize("swapped", [False, True])
def test_of_two_ends_on_the_wanted_port_the_one_that_replies_is_the_server(tmp_path: Path, swapped: bool) -> None:
    ends = ("10.9.0.1", 109), ("10.9.0.2", 109)
    talk = Conversation(*(ends[::-1] if swapped else ends)).server(b"+ POP2 host\r\n").client(b"HELO a b\r\n")
    talk.server(b"#1 message\r\n").client(b"QUIT\r\n").server(b"+ bye\r\n")
    (session,) = pop2dissect.read(save(tmp_path / "both.pcap", talk.packets)).sessions
    assert session.server.ip == ("10.9.0.1" if swapped else "10.9.0.2")
    assert (session.user, session.login) == ("a", "accepted")


@pytest.mark.parametrize("jump", [-3600 * SECOND, 3600 * SECOND])
def test_a_clock_that_was_set_is_said_and_does_not_count(jump: int, tmp_path: Path) -> None:
    capture = recorded("rfc937_normal")
    plain = pop2dissect.read(capture_path("rfc937_normal")).sessions[0]
    for at in range(5, len(capture.records)):
        path = tmp_path / "jump.pcap"
        records = [*capture.records[:at], *(moved(record, jump) for record in capture.records[at:])]
        path.write_bytes(capture.header + b"".join(records))
        (session,) = pop2dissect.read(path).sessions
        latencies = [one.latency for one in session.exchanges if one.latency is not None]
        assert all(0 <= latency < 3600 * SECOND for latency in latencies), at
        marked = [note for one in session.exchanges for note in one.notes if "out of time order" in note]
        said_later = any(segment is not None and segment.length for segment in capture.segments[at:])
        assert bool(marked) is (jump < 0 and said_later), at
        if jump < 0 or session.events:
            assert any("jump" in event for event in session.events), at
            assert abs(session.duration - plain.duration) < plain.duration, at
