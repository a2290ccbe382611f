"""Generated conversations in which the capture does not show that a deletion took effect, or that a login succeeded."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import pop2dissect
from pop2dissect.session import Ground, Session
from tests.support.conversation import Conversation, Packet
from tests.support.wire import save

MAIL = b"Subject: x\r\n\r\n%b\r\n"
PORTS = {"POP2": 109, "POP3": 110}


def conversation(protocol: str, seed: int) -> Conversation:
    """Return a conversation up to the greeting."""
    talk = Conversation(server=("10.9.0.2", PORTS[protocol]), seed=seed).handshake()
    return talk.server(b"+ POP2 host server ready\r\n" if protocol == "POP2" else b"+OK POP3 host server ready\r\n")


def deleting(protocol: str, chance: random.Random) -> Conversation:
    """Return a session whose messages are all marked as deleted, up to just before its QUIT."""
    count = chance.randrange(1, 5)
    talk = conversation(protocol, chance.randrange(1000))
    if protocol == "POP3":
        talk.client(b"USER fred\r\n").server(b"+OK\r\n").client(b"PASS secret\r\n").server(b"+OK in\r\n")
        for number in range(1, count + 1):
            if chance.random() < 0.7:
                mail = MAIL % (b"m" * chance.randrange(1, 3000))
                talk.client(b"RETR %d\r\n" % number).server(b"+OK %d octets\r\n" % len(mail) + mail + b".\r\n")
            talk.client(b"DELE %d\r\n" % number).server(b"+OK deleted\r\n")
        return talk
    talk.client(b"HELO fred secret\r\n").server(b"#%d messages in /var/mail/fred\r\n" % count)
    mails = [MAIL % (b"m" * chance.randrange(1, 3000)) for _ in range(count)]
    talk.client(b"READ 1\r\n").server(b"=%d characters in message 1\r\n" % len(mails[0]))
    for number, mail in enumerate(mails, 1):
        talk.client(b"RETR\r\n").server(mail).client(b"ACKD\r\n")
        following = mails[number] if number < count else b""
        talk.server(b"=%d characters in message %d\r\n" % (len(following), number + 1))
    return talk


def read(tmp_path: Path, packets: list[Packet]) -> Session:
    (session,) = pop2dissect.read(save(tmp_path / "x.pcap", packets), PORTS.values()).sessions
    return session


LOGINS = {
    "POP2": (
        b"HELO fred secret\r\n",
        [b"READ 1\r\n", b"RETR\r\n", b"ACKD\r\n", b"FOLD x\r\n"],
        b"+ %b\r\n",
        b"- Bad login\r\n",
    ),
    "POP3": (
        b"PASS secret\r\n",
        [b"STAT\r\n", b"RETR 1\r\n", b"DELE 1\r\n", b"UIDL\r\n"],
        b"+OK %b\r\n",
        b"-ERR Bad login\r\n",
    ),
}
"""The line that logs in, lines that may follow, an answer that is not the last, and a refusal."""

ENDINGS = (
    "cut",
    "lost",
    "reset",
    "acknowledged and reset",
    "acknowledged and closed",
    "refused",
    "no quit",
    "client only",
)


@pytest.mark.parametrize("protocol", PORTS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_no_deletion_is_called_committed(ending: str, protocol: str, tmp_path: Path) -> None:
    for seed in range(7):
        talk = deleting(protocol, random.Random(f"{ending} {seed}"))
        before = len(talk.packets)
        if ending == "no quit":
            talk.close()
        else:
            talk.client(b"QUIT\r\n")
        if ending.startswith("acknowledged"):
            talk.acknowledge("server")
        if ending.endswith("reset"):
            talk.reset("server")
        elif ending.endswith("closed"):
            talk.close("server")
        elif ending == "refused":
            talk.server(b"- cannot expunge\r\n" if protocol == "POP2" else b"-ERR cannot expunge\r\n").close("server")
        packets = talk.packets
        if ending == "lost":  # the QUIT itself
            del packets[before:]
        elif ending == "client only":
            packets = [packet for packet in packets if packet.source == talk.address("client")]
        session = read(tmp_path, packets)
        assert session.messages or session.deletions or ending == "client only"
        assert not any(message.committed for message in session.messages)
        assert not any(deletion.released.value for deletion in session.deletions)
        for message in session.messages:
            if message.released.ground is Ground.SHOWN and message.disposition == "deleted":
                assert ending in ("refused", "no quit")


@pytest.mark.parametrize("protocol", PORTS)
@pytest.mark.parametrize("kind", ["pipelined", "cut", "contradicted", "half a line"])
def test_no_login_is_called_accepted(kind: str, protocol: str, tmp_path: Path) -> None:
    login, lines, wait, no = LOGINS[protocol]
    for seed in range(13):
        chance = random.Random(f"{kind} {seed}")
        talk = conversation(protocol, seed)
        if protocol == "POP3":
            talk.client(b"USER fred\r\n").server(b"+OK\r\n")
        rest = b"".join(chance.choices(lines, k=chance.randrange(1, 6)))
        if kind == "pipelined":
            talk.client(login + rest + b"QUIT\r\n")
        elif kind == "cut":
            talk.client(login)
            if chance.random() < 0.5:
                talk.acknowledge("server")
        elif kind == "contradicted":
            talk.client(login).server(wait % chance.choice([b"wait", b"checking", b"OK soon"])).server(no).client(rest)
        else:
            talk.client(login.rstrip()).server(no).close("server")
        packets = talk.packets
        if kind in ("pipelined", "cut") and chance.random() < 0.5:
            packets = [packet for packet in packets if packet.source == talk.address("client")]
        session = read(tmp_path, packets)
        # By RFC 1939 a server of POP3 that says +OK has accepted: with -ERR after it, it has said both.
        contradicted = "refused" if protocol == "POP2" else "unknown"
        assert session.login == {"contradicted": contradicted, "half a line": "none"}.get(kind, "unknown"), seed
