"""A server with one mailbox, whose sessions are written down with what became of each deletion in truth."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count
from typing import Literal

from tests.support.conversation import SECOND, START, Conversation, Packet

Ending = Literal["quit", "no quit", "unheard quit"]
"""The server answers QUIT; the client closes without one; QUIT is captured, and nothing after it."""


class PostOffice:
    """Serves one mailbox, session after session, a minute apart."""

    def __init__(self, messages: int = 0, mailbox: str = "/var/spool/mail/smith", *, user: str = "smith") -> None:
        self._client = f"10.9.1.{len(user)}"
        self._mailbox = mailbox
        self._user = user
        self._ports = count(40000)
        self._written = count(1)
        self.messages: list[bytes] = []
        self.packets: list[Packet] = []
        self.time = START
        self.counts: list[int] = []
        """What each session was told."""
        self.gone: list[bool | None] = []
        """For each session whether its deletions took effect; None where it asked for none."""
        self.deliver(messages)

    def deliver(self, messages: int = 1, text: bytes = b"") -> None:
        """Put new mail into the mailbox; each differs unless its text is given."""
        for _ in range(messages):
            number = next(self._written)
            self.messages.append(b"Subject: note %d\r\n\r\n%s\r\n" % (number, text or b"text of %d" % number))

    def remove(self, number: int) -> None:
        """Delete a message otherwise than by POP2."""
        del self.messages[number - 1]

    def session(
        self,
        delete: Collection[int] = (),
        *,
        read: Collection[int] | None = None,
        ending: Ending = "quit",
        effective: bool | None = None,
        lasts: int = 0,
        start: int | None = None,
        lose: Collection[bytes] = (),
        without: Literal["client", "server", ""] = "",
    ) -> None:
        """Serve a session that reads messages, by default all, and deletes some.

        ``effective`` says whether the server carries the deletions out, by default only where it had QUIT. It
        ``lasts`` longer by so many ns before its end. Packets with the payloads to ``lose``, and those of one side,
        are missing from the capture.
        """
        effective = ending == "quit" if effective is None else effective
        start = self.time if start is None else start
        talk = Conversation(client=(self._client, next(self._ports)), start=start).handshake()
        talk.server(b"+ POP2 dog-house.example server ready\r\n")
        talk.client(f"HELO {self._user} secret\r\n".encode())
        talk.server(f"#{len(self.messages)} messages in {self._mailbox}\r\n".encode())
        self.counts.append(len(self.messages))
        for number in sorted(range(1, len(self.messages) + 1) if read is None else read):
            octets = self.messages[number - 1]
            talk.client(b"READ %d\r\n" % number).server(b"=%d octets\r\n" % len(octets))
            talk.client(b"RETR\r\n").server(octets)
            talk.client(b"ACKD\r\n" if number in delete else b"ACKS\r\n").server(b"=0 octets\r\n")
        talk.pause(lasts)
        if ending == "no quit":
            talk.close()
        else:
            talk.client(b"QUIT\r\n")
            if ending == "quit":
                talk.server(b"+ bye\r\n").close("server")
        source = {"client": talk.address("client"), "server": talk.address("server"), "": None}[without]
        self.packets += [one for one in talk.packets if one.payload not in lose and one.source != source]
        self.gone.append(effective if delete else None)
        if effective:
            self.messages = [octets for number, octets in enumerate(self.messages, 1) if number not in delete]
        self.time = max(self.time, talk.end) + 60 * SECOND
