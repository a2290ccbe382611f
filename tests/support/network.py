"""Networks made up for tests and samples: sessions of POP2, one after another, as commands and what they are answered.

Network().session(login(), fold("/etc/passwd", "#0 messages"), after=60)
"""

from __future__ import annotations

from typing import Literal, Self, TypeAlias

from tests.support.conversation import MILLISECOND, START, Conversation, Packet

CLIENT = "192.0.2.10"
SERVER = "192.0.2.109"
GREETING = "+ POP2 dog-house.example 2007f.75 server ready"
SAYONARA = "+ Sayonara"
BAD_LOGIN = b"- Bad login\r\n+ Sayonara\r\n"

Said: TypeAlias = "str | bytes | None"
"""A line without its end, or octets as they are, or nothing."""
Turn: TypeAlias = tuple[Said, Said]
"""What the client says, and what the server answers."""
Ending: TypeAlias = Literal["quit", "client", "server", "reset", "crash", "open"]


def octets(said: Said) -> bytes:
    """Return what was said as it goes over the wire."""
    if said is None:
        return b""
    return said if isinstance(said, bytes) else said.encode() + b"\r\n"


class Network:
    """A network: sessions one after another, ten seconds apart unless told otherwise."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self._number = 0
        self._at = 0.0

    def session(
        self,
        *turns: Turn,
        client: str = CLIENT,
        server: str = SERVER,
        port: int = 109,
        greeting: Said = GREETING,
        after: float = 10,
        end: Ending = "quit",
    ) -> Self:
        """Hold a session; ``after`` seconds after the one before it began."""
        talk = self._call(client, server, port, after).handshake()
        if greeting is not None:
            talk.server(octets(greeting))
        for command, reply in turns:
            if command is not None:
                talk.client(octets(command))
            if reply is not None:
                talk.server(octets(reply))
        if end == "quit":
            talk.client(b"QUIT\r\n").server(octets(SAYONARA)).close("server")
        elif end == "reset":
            talk.reset("client")
        elif end == "crash":
            talk.reset("server")
        elif end != "open":
            talk.close(end)
        return self.take(talk)

    def call(self, client: str = CLIENT, server: str = SERVER, *, after: float = 10) -> Conversation:
        """Return a connection to be filled by hand; :meth:`take` it afterwards."""
        return self._call(client, server, 109, after)

    def take(self, talk: Conversation) -> Self:
        """Put the packets of a conversation on the wire."""
        self.packets = sorted([*self.packets, *talk.packets], key=lambda packet: packet.time)
        return self

    def _call(self, client: str, server: str, port: int, after: float) -> Conversation:
        self._number += 1
        self._at += after if self._number > 1 else 0
        start = START + int(self._at * 1000) * MILLISECOND
        return Conversation((client, 40000 + self._number), (server, port), start=start, seed=self._number)


def login(user: str = "fred", password: str = "lantern-7", messages: int = 2) -> Turn:
    """Log in, and be let in."""
    return f"HELO {user} {password}", f"#{messages} messages in /var/mail/{user}"


def refused(user: str = "fred", password: str = "lantern-6") -> Turn:
    """Log in, and be refused as UW's server does."""
    return f"HELO {user} {password}", BAD_LOGIN


def fold(name: str, reply: str) -> Turn:
    """Ask for a folder."""
    return f"FOLD {name}", reply


def mail(subject: str = "Lunch", text: bytes = b"At noon, by the door.\r\n") -> bytes:
    """Write a mail."""
    return b"From: wilma@quarry.example\r\nSubject: " + subject.encode() + b"\r\n\r\n" + text


def read(letter: bytes, number: int = 1, acknowledge: str | None = "ACKS", announced: int | None = None) -> list[Turn]:
    """Read a message, and acknowledge it."""
    said = announced if announced is not None else len(letter)
    turns: list[Turn] = [(f"READ {number}", f"={said} characters in message {number}"), ("RETR", letter)]
    return [*turns, (acknowledge, "=0 No more messages")] if acknowledge else turns


def read_all(messages: int, acknowledge: str = "ACKS") -> list[Turn]:
    """Read so many messages, from the first on."""
    return [turn for number in range(1, messages + 1) for turn in read(mail(f"No. {number}"), number, acknowledge)]


PASSWORDS = ("rain-1", "rain-2", "snow-3", "sun-4", "wind-5", "fog-6", "hail-7", "ice-8", "dew-9", "mist-10")
USERS = ("ada", "bert", "cleo", "dora", "egon", "flora", "greta", "hugo", "ines", "jakob")
