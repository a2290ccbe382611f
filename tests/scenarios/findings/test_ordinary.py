"""Ordinary traffic of all kinds of servers, clients and networks, which is nothing to look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.findings.found import raised, told
from tests.support import impairments
from tests.support.conversation import Packet
from tests.support.network import USERS, Network, Turn, fold, login, mail, read, read_all, refused


def one_way(net: Network, *, to_server: bool) -> Network:
    def is_kept(packet: Packet) -> bool:
        return (packet.destination[1] == 109) is to_server

    net.packets = [packet for packet in net.packets if is_kept(packet)]
    return net


KA9Q: list[Turn] = [
    ("HELO fred lantern-7", "#1 messages in this folder"),
    ("READ", f"={len(mail())} characters in Message #1"),
    ("RETR", mail()),
    ("ACKD", "=0 No more messages in this folder"),
]


@pytest.mark.parametrize(
    ("greeting", "turns"),
    [
        ("+ POP2 quarry", KA9Q),
        ("+ POP2 quarry", [("HELO fred lantern-7", "+ No mail, sorry")]),
        ("+OK POP2 Server (ready).", [("HELO fred lantern-7", "#0")]),
        ("+ POP2 [192.0.2.109] 2007f.75 server ready", [login(), *read(mail()), fold("x", "#0 messages in <none>")]),
        ("+ POP2 quarry", [login(), *read(mail(), acknowledge=None), ("NACK", "=9 characters in message 1")]),
    ],
)
def test_servers_in_their_own_words(greeting: str, turns: list[Turn], tmp_path: Path) -> None:
    assert raised(Network().session(*turns, greeting=greeting), tmp_path) == set()


@pytest.mark.parametrize(
    "words",
    [
        b"- Autologout; idle for too long\r\n",
        b"- Killed (lost mailbox lock)\r\n",
        b"- Killed (terminated)\r\n",
        b"- Killed (terminated)\r\n+ Sayonara\r\n",
    ],
)
def test_last_words(words: bytes, tmp_path: Path) -> None:
    assert raised(Network().session(login(), (None, words), end="server"), tmp_path) == set()


@pytest.mark.parametrize("words", [b"- no\r\n", b"+ Sayonara\r\n", b"- no\r\n+ Sayonara\r\n", b"#7 messages\r\n"])
def test_the_same_before_the_end_is_an_injection(words: bytes, tmp_path: Path) -> None:
    turns: list[Turn] = [login(), (None, words), *read(mail())]
    assert raised(Network().session(*turns), tmp_path) == {"protocol.reply_injection"}


@pytest.mark.parametrize("to_server", [True, False])
def test_many_servers_in_one_direction(to_server: bool, tmp_path: Path) -> None:
    net = Network()
    for number in range(13):
        net.session(login(), server=f"198.51.100.{number + 1}", after=1)
    assert raised(one_way(net, to_server=to_server), tmp_path) == set()


@pytest.mark.parametrize("to_server", [True, False])
@pytest.mark.parametrize("with_payload", [True, False])
def test_a_busy_second_in_one_direction(with_payload: bool, to_server: bool, tmp_path: Path) -> None:
    net = Network()
    for number in range(130):
        client = f"203.0.113.{number + 1}"
        if with_payload:
            net.session(login(), client=client, after=0.005)
        else:
            net.take(net.call(client, after=0.005).handshake().close("client"))
    assert "dos.syn_flood" not in raised(one_way(net, to_server=to_server), tmp_path)


def test_a_proxy_of_many_users_with_their_typos(tmp_path: Path) -> None:
    net = Network()
    for number in range(60):
        user, password = f"{USERS[number % 10]}{number // 10}", f"word-{number}"
        if number % 5:
            net.session(login(user, password), after=2)
        else:
            net.session(refused(user, password), after=2, end="server")
    assert raised(net, tmp_path) == {"auth.failed"}


def test_a_password_in_base64_is_in_clear_text(tmp_path: Path) -> None:
    turns: list[Turn] = [("AUTH LOGIN", "+ VXNlcjo="), ("ZnJlZA==", "+ UGFzczo="), ("c2VjcmV0", "+OK")]
    found = told(Network().session(*turns, greeting="+OK POP3 ready"), tmp_path)
    (cleartext,) = [finding for finding in found if finding.id == "auth.cleartext"]
    assert len(cleartext.frames) == 2  # the user and the password; AUTH itself holds neither
    turns = [("AUTH CRAM-MD5", "+ PDEyPg=="), ("ZnJlZCBhYmNk", "+OK")]
    found = told(Network().session(*turns, greeting="+OK POP3 ready"), tmp_path)
    assert "auth.cleartext" not in {finding.id for finding in found}


def test_duplicates_are_nothing(tmp_path: Path) -> None:
    packets = Network().session(login(), *read(mail())).packets
    net = Network()
    net.packets = [packet for packet in packets for _ in range(2)]
    assert raised(net, tmp_path) == set()


def test_a_server_that_takes_no_logins(tmp_path: Path) -> None:
    net = Network().session(greeting="- POP2 server disabled on this system", end="client")
    assert raised(net, tmp_path) == set()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "impair",
    [
        lambda packets, seed: impairments.lost(packets, seed, 0.2),
        lambda packets, seed: impairments.duplicated(packets, seed, 0.5),
        lambda packets, seed: impairments.reordered(packets, seed, 0.4),
        lambda packets, seed: impairments.split(packets, seed + 1),
        lambda packets, seed: impairments.overlapped(packets, seed, 0.5),
        lambda packets, seed: impairments.keep_alives(packets, seed, 0.5),
        lambda packets, seed: impairments.zero_windows(packets, seed, 0.5),
        lambda packets, seed: impairments.reordered(impairments.lost(packets, seed, 0.2), seed, 0.4),
    ],
    ids=["lost", "duplicated", "reordered", "split", "overlapped", "keep-alives", "zero windows", "lost and reordered"],
)
def test_bad_networks(impair: Callable[[list[Packet], int], list[Packet]], seed: int, tmp_path: Path) -> None:
    net = Network().session(
        login(messages=3), *read_all(3, "ACKD"), fold("x", "#1 messages in /home/fred/x"), *read(mail())
    )
    net.packets = impair(net.packets, seed)
    assert raised(net, tmp_path) == set()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("share", [0.03, 0.1, 0.3])
def test_bad_captures(share: float, seed: int, tmp_path: Path) -> None:
    net = Network().session(
        login(messages=3), *read_all(3, "ACKS"), fold("x", "#1 messages in /home/fred/x"), *read(mail())
    )
    net.packets = impairments.not_captured(net.packets, seed, share)
    assert raised(net, tmp_path) == set()
