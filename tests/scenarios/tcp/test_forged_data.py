"""Forged bytes in a conversation: both copies are told, and no verdict rests on a line of which two copies differ."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

import pop2dissect
from pop2dissect.session import Session
from tests.scenarios.test_verdicts import LOGINS, PORTS, conversation, deleting
from tests.support.conversation import Packet
from tests.support.wire import save

ACCEPTED = {"POP2": b"#9 messages\r\n", "POP3": b"+OK logged in\r\n"}


def forge(packets: list[Packet], payload: bytes, other: bytes, *, early: bool) -> list[Packet]:
    """Return the packets with another version of one, just before it or just after it."""
    at = next(index for index, packet in enumerate(packets) if packet.payload == payload)
    copy = replace(packets[at], payload=other, time=packets[at].time + (-1000 if early else 1000))
    place = at if early else at + 1
    return [*packets[:place], copy, *packets[place:]]


def read(packets: list[Packet], folder: Path) -> list[Session]:
    """Return the one session by either policy, which must tell of the two copies and miss nothing."""
    found = []
    for policy in ("first", "last"):
        capture = pop2dissect.read(save(folder / f"{policy}.pcap", packets), PORTS.values(), overlap=policy)
        capture.annotate(folder / f"{policy}.pcapng")
        (session,) = capture.sessions
        streams = session.client_stream, session.server_stream
        assert [stream.missing for stream in streams] == [0, 0]
        assert sum(len(stream.conflicts) for stream in streams) == 1
        found.append(session)
    return found


@pytest.mark.parametrize("protocol", PORTS)
@pytest.mark.parametrize("early", [True, False])
def test_of_two_answers_to_a_login_none_is_believed(protocol: str, early: bool, tmp_path: Path) -> None:
    login, _, _, refusal = LOGINS[protocol]
    talk = conversation(protocol, 1)
    if protocol == "POP3":
        talk.client(b"USER fred\r\n").server(b"+OK\r\n")
    packets = talk.client(login).server(refusal).close("server").packets
    forged = ACCEPTED[protocol].ljust(len(refusal) - 2, b".")[: len(refusal) - 2] + b"\r\n"
    for session in read(forge(packets, refusal, forged, early=early), tmp_path):
        assert session.login == "unknown"
        assert "copies" in session.login_verdict.because


@pytest.mark.parametrize("protocol", PORTS)
@pytest.mark.parametrize("early", [True, False])
def test_of_two_words_about_a_deletion_none_is_believed(protocol: str, early: bool, tmp_path: Path) -> None:
    mark, other = {"POP2": (b"ACKD\r\n", b"ACKS\r\n"), "POP3": (b"DELE 1\r\n", b"NOOP x\r\n")}[protocol]
    talk = deleting(protocol, random.Random(3))
    answer = b"+ bye\r\n" if protocol == "POP2" else b"+OK bye\r\n"
    packets = talk.client(b"QUIT\r\n").server(answer).close().packets
    whole = pop2dissect.read(save(tmp_path / "whole.pcap", packets), PORTS.values()).sessions[0]
    assert whole.messages[0].disposition == "deleted"
    for session in read(forge(packets, mark, other, early=early), tmp_path):
        assert session.login == "accepted"
        assert session.messages[0].disposition == "unknown"
        assert session.messages[0].committed is None


@pytest.mark.parametrize("protocol", PORTS)
@pytest.mark.parametrize("early", [True, False])
def test_of_two_answers_to_quit_none_is_believed(protocol: str, early: bool, tmp_path: Path) -> None:
    refusal, forged = (b"- no\r\n", b"+ ok\r\n") if protocol == "POP2" else (b"-ERR full\r\n", b"+OK gone!\r\n")
    packets = deleting(protocol, random.Random(5)).client(b"QUIT\r\n").server(refusal).close("server").packets
    for session in read(forge(packets, refusal, forged, early=early), tmp_path):
        assert session.messages
        assert [message.committed for message in session.messages] == [None] * len(session.messages)


def test_a_copy_after_the_acknowledgement_of_the_first_one_changes_nothing(tmp_path: Path) -> None:
    talk = deleting("POP2", random.Random(3)).client(b"QUIT\r\n").server(b"+ bye\r\n").close()
    packets = talk.packets
    at = next(index for index, packet in enumerate(packets) if packet.payload == b"ACKD\r\n")
    late = replace(packets[at], payload=b"ACKS\r\n", time=packets[-1].time + 1000)
    (session,) = pop2dissect.read(save(tmp_path / "late.pcap", [*packets, late])).sessions
    assert session.client_stream.conflicts
    assert (session.messages[0].disposition, session.messages[0].committed) == ("deleted", True)
