"""Captures after what users of other tools reported: the one session in each is found, whole."""

from __future__ import annotations

from pathlib import Path

import pytest

import pop2dissect

CASES = Path(__file__).parents[2] / "data" / "cases"


@pytest.mark.parametrize("name", ["e1_usec_overflow", "f1_macsec_integrity_only", "f4_tzsp", "f7_lisp", "f9_wccp_gre"])
def test_the_session_is_found(name: str) -> None:
    capture = pop2dissect.read(CASES / f"{name}.pcap")
    (info,) = capture.captures
    (session,) = capture.sessions
    (message,) = session.messages
    assert (info.packets, info.format, info.truncated) == (28, "pcap", False)
    assert (session.protocol, session.user, session.login, session.ending) == ("POP2", "bob", "accepted", "quit")
    assert (session.client.ip, session.client.port, session.server.ip) == ("192.0.2.10", 40000, "192.0.2.109")
    assert (message.octets, message.complete, message.sha256[:8]) == (154, True, "9eb1f085")
    assert session.server_stream.octets == 269
