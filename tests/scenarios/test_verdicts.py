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


def deleting(chance: random.Random) -> Conversation:
    """Return a session whose messages are all marked as deleted, up to just before its QUIT."""
    count = chance.randrange(1, 5)
    talk = Conversation(seed=chance.randrange(1000)).handshake().server(b"+ POP2 host server ready\r\n")
    talk.client(b"HELO fred secret\r\n").server(b"#%d messages in /var/mail/fred\r\n" % count)
    mails = [MAIL % (b"m" * chance.randrange(1, 3000)) for _ in range(count)]
    talk.client(b"READ 1\r\n").server(b"=%d characters in message 1\r\n" % len(mails[0]))
    for number, mail in enumerate(mails, 1):
        talk.client(b"RETR\r\n").server(mail).client(b"ACKD\r\n")
        following = mails[number] if number < count else b""
        talk.server(b"=%d characters in message %d\r\n" % (len(following), number + 1))
    return talk


def read(tmp_path: Path, packets: list[Packet]) -> Session:
    (session,) = pop2dissect.read(save(tmp_path / "x.pcap", packets)).sessions
    return session


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


@pytest.mark.parametrize("seed", range(7))
@pytest.mark.parametrize("ending", ENDINGS)
def test_no_deletion_is_called_committed(ending: str, seed: int, tmp_path: Path) -> None:
    talk = deleting(random.Random(f"{ending} {seed}"))
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
        talk.server(b"- cannot expunge\r\n").close("server")
    packets = talk.packets
    if ending == "lost":  # the QUIT itself
        del packets[before:]
    elif ending == "client only":
        packets = [packet for packet in packets if packet.source == talk.address("client")]
    session = read(tmp_path, packets)
    assert session.messages or ending == "client only"
    assert not any(message.committed for message in session.messages)
    for message in session.messages:
        if message.released.ground is Ground.SHOWN and message.disposition == "deleted":
            assert ending in ("refused", "no quit")


@pytest.mark.parametrize("seed", range(13))
@pytest.mark.parametrize("kind", ["pipelined", "cut", "contradicted", "half a line"])
def test_no_login_is_called_accepted(kind: str, seed: int, tmp_path: Path) -> None:
    chance = random.Random(f"{kind} {seed}")
    talk = Conversation(seed=seed).handshake().server(b"+ POP2 host server ready\r\n")
    rest = b"".join(chance.choices([b"READ 1\r\n", b"RETR\r\n", b"ACKD\r\n", b"FOLD x\r\n"], k=chance.randrange(1, 6)))
    if kind == "pipelined":
        talk.client(b"HELO fred secret\r\n" + rest + b"QUIT\r\n")
    elif kind == "cut":
        talk.client(b"HELO fred secret\r\n")
        if chance.random() < 0.5:
            talk.acknowledge("server")
    elif kind == "contradicted":
        talk.client(b"HELO fred secret\r\n").server(b"+ %b\r\n" % chance.choice([b"wait", b"checking", b"OK soon"]))
        talk.server(b"- Bad login\r\n").client(rest)
    else:
        talk.client(b"HELO fred secret").server(b"- Autologout; idle for too long\r\n").close("server")
    packets = talk.packets
    if kind in ("pipelined", "cut") and chance.random() < 0.5:
        packets = [packet for packet in packets if packet.source == talk.address("client")]
    session = read(tmp_path, packets)
    assert session.login == {"contradicted": "refused", "half a line": "none"}.get(kind, "unknown")
