"""Captures that lack a part: what was not captured is no proof of anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from pop2dissect.session import Session
from tests.findings.found import examine, findings_of, raised
from tests.support import wire
from tests.support.conversation import Packet
from tests.support.network import CLIENT, Network, fold, login, mail, read, read_all, refused


def net() -> Network:
    return Network().session(login(messages=3), *read_all(3, "ACKD"), fold("x", "#0 messages in /home/fred/x"))


def keep(packets: list[Packet], *, client: bool) -> list[Packet]:
    return [packet for packet in packets if (packet.source[0] == CLIENT) is client]


def with_packets(packets: list[Packet]) -> Network:
    made = Network()
    made.packets = packets
    return made


@pytest.mark.parametrize("client", [True, False])
def test_one_direction(client: bool, tmp_path: Path) -> None:
    assert raised(with_packets(keep(net().packets, client=client)), tmp_path) == set()


@pytest.mark.parametrize("client", [True, False])
def test_one_direction_of_a_guesser(client: bool, tmp_path: Path) -> None:
    made = Network()
    for number in range(9):
        made.session(refused(password=f"word-{number}"), after=4, end="server")
    found = raised(with_packets(keep(made.packets, client=client)), tmp_path)
    assert "auth.bruteforce" not in found
    assert "recon.banner_grab" not in found


@pytest.mark.parametrize("snap_length", [54, 60, 70, 80])
def test_snap_lengths(snap_length: int, tmp_path: Path) -> None:
    path = wire.save(tmp_path / "cut.pcap", net().packets, snap_length=snap_length)
    found = {finding.id for finding in findings_of(path)} - {"auth.cleartext"}
    assert found == set()


def test_begun_at_any_packet(tmp_path: Path) -> None:
    packets = net().packets
    for first in range(1, len(packets) - 1):
        assert raised(with_packets(packets[first:]), tmp_path) <= {"data.delete_uncommitted"}


def test_ended_at_any_packet(tmp_path: Path) -> None:
    packets = net().packets
    for last in range(4, len(packets)):
        assert raised(with_packets(packets[:last]), tmp_path) == set()


def test_any_packet_lost(tmp_path: Path) -> None:
    packets = net().packets
    for lost in range(len(packets)):
        found = raised(with_packets([*packets[:lost], *packets[lost + 1 :]]), tmp_path)
        assert found == set(), packets[lost]


def test_any_two_packets_lost(tmp_path: Path) -> None:
    packets = Network().session(login(messages=1), *read(mail()), end="quit").packets
    for lost in range(len(packets)):
        for other in range(lost):
            kept = [packet for place, packet in enumerate(packets) if place not in (lost, other)]
            assert raised(with_packets(kept), tmp_path) == set(), (packets[lost], packets[other])


def logged_in(packets: list[Packet], folder: Path) -> Session:
    (session,), _ = examine(wire.save(folder / "made.pcap", packets))
    return session


@pytest.mark.parametrize("lost", [1, 2, 5, 11])
@pytest.mark.parametrize("with_quit", [True, False])
def test_a_refusal_of_which_the_sign_is_lost_is_not_taken_for_a_welcome(
    lost: int, with_quit: bool, tmp_path: Path
) -> None:
    made = Network()
    talk = made.call().handshake().server(b"+ POP2 quarry server ready\r\n").client(b"HELO fred lantern-6\r\n")
    talk.server(b"- Bad login\r\n"[:lost]).server(b"- Bad login\r\n"[lost:])
    if with_quit:
        talk.client(b"QUIT\r\n")
    packets = talk.close("server").packets
    packets.remove(next(packet for packet in packets if packet.payload == b"- Bad login\r\n"[:lost]))
    assert logged_in(packets, tmp_path).login == "unknown"
