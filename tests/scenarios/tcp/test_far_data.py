"""Payload that lies where the stream never was: no program can have read it, so it is left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import pop2dissect
from pop2dissect.session import Session
from tests.scenarios.test_verdicts import conversation
from tests.support.conversation import Packet
from tests.support.wire import save

WORDS = b"FORGED QUIT\r\n"
FAR = {"ahead": 300_000_000, "behind": -300_000_000, "across": 1 << 31}


def spoken(*, closes: bool = True) -> list[Packet]:
    talk = conversation("POP2", 7)
    talk.client(b"HELO fred secret\r\n").server(b"#1 messages\r\n")
    for _ in range(3):
        talk.client(b"READ 1\r\n").server(b"=0 characters\r\n")
    talk.client(b"QUIT\r\n").server(b"+ bye\r\n")
    return (talk.close() if closes else talk).packets


def forged(packets: list[Packet], at: int, by: int) -> list[Packet]:
    """Return the packets with a copy of one, of other words and with a number that is so much higher, behind it."""
    packet = packets[at]
    copy = replace(packet, payload=WORDS, seq=(packet.seq + by) & 0xFFFFFFFF, time=packet.time + 1000)
    return [*packets[: at + 1], copy, *packets[at + 1 :]]


def told(session: Session) -> tuple[object, ...]:
    """Return what a forged packet must not change."""
    streams = session.client_stream, session.server_stream
    return (
        [(stream.octets, stream.missing, stream.sha256(), stream.finished) for stream in streams],
        [(exchange.shown_line(), [reply.line for reply in exchange.replies]) for exchange in session.exchanges],
        session.user,
        session.login,
        session.ending,
        [message.disposition for message in session.messages],
    )


@pytest.mark.parametrize("starts", [0, 5], ids=["whole", "without the handshake"])
@pytest.mark.parametrize("closes", [True, False])
@pytest.mark.parametrize("by", FAR.values(), ids=FAR)
def test_what_lies_far_away_is_no_part_of_the_stream(tmp_path: Path, by: int, closes: bool, starts: int) -> None:
    packets = spoken(closes=closes)[starts:]
    (right,) = pop2dissect.read(save(tmp_path / "right.pcap", packets)).sessions
    for at in (index for index, packet in enumerate(packets) if packet.payload):
        capture = pop2dissect.read(save(tmp_path / "forged.pcap", forged(packets, at, by)))
        (session,) = capture.sessions
        assert told(session) == told(right), at
        assert any("far outside of the stream" in event for event in session.events)


@pytest.mark.parametrize("by", [100, 100_000, 1_000_000])
def test_what_lies_behind_a_fin_that_was_acknowledged_was_never_sent(tmp_path: Path, by: int) -> None:
    packets = spoken()
    (right,) = pop2dissect.read(save(tmp_path / "right.pcap", packets)).sessions
    for at in (index for index, packet in enumerate(packets) if packet.payload):
        (session,) = pop2dissect.read(save(tmp_path / "forged.pcap", forged(packets, at, by + 2000))).sessions
        assert told(session) == told(right), at
        assert any("after its FIN" in event for event in session.events)


@pytest.mark.parametrize("by", FAR.values(), ids=FAR)
@pytest.mark.parametrize("who", ["client", "server"])
def test_a_first_packet_from_nowhere_does_not_say_where_a_stream_is(tmp_path: Path, who: str, by: int) -> None:
    packets = spoken()[4:]  # without the handshake and the greeting
    (right,) = pop2dissect.read(save(tmp_path / "right.pcap", packets)).sessions
    port = right.client.port if who == "client" else right.server.port
    first = next(packet for packet in packets if packet.source[1] == port and packet.payload)
    copy = replace(first, payload=WORDS, seq=(first.seq + by) & 0xFFFFFFFF, time=packets[0].time - 1000)
    (session,) = pop2dissect.read(save(tmp_path / "forged.pcap", [copy, *packets])).sessions
    assert told(session) == told(right)


@pytest.mark.parametrize("answered", [True, False], ids=["acknowledged", "ends there"])
def test_what_follows_a_long_loss_counts(tmp_path: Path, answered: bool) -> None:
    lost = 20 << 20
    packets = spoken()
    server = packets[1].source
    last = next(packet for packet in packets if packet.payload == b"+ bye\r\n")
    behind = packets.index(last)

    def later(packet: Packet) -> Packet:
        field = "seq" if packet.source == server else "ack"
        return replace(packet, **{field: (getattr(packet, field) + lost) & 0xFFFFFFFF})

    rest = [later(packet) for packet in packets[behind:] if answered or packet.source == server]
    (session,) = pop2dissect.read(save(tmp_path / "lost.pcap", [*packets[:behind], *rest])).sessions
    assert session.server_stream.missing == lost
    assert session.server_stream.finished
    assert session.server_stream.read(session.server_stream.length - 7, session.server_stream.length) == b"+ bye\r\n"
