"""One connection that carried payload, and what was said on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pop2dissect.capture.record import FrameRef
from pop2dissect.session.community import community_id
from pop2dissect.session.ends import Direction, Endpoint, Software
from pop2dissect.session.exchange import Exchange, Reply
from pop2dissect.session.finding import Finding
from pop2dissect.session.message import Message
from pop2dissect.session.outcomes import Deletion, FolderOpening, Listed, Login, LoginOutcome
from pop2dissect.session.timeline import Entry, entries
from pop2dissect.session.verdict import Ground, Verdict
from pop2dissect.tcp.stream import Stream

Handshake = Literal["complete", "partial", "missing"]
Ending = Literal["quit", "closed", "reset", "incomplete"]


@dataclass(slots=True, repr=False)
class Session:
    """One connection that carried payload, and what was said on it."""

    id: int
    """Counted from 1 in the order of first frames; 0 until that order is known."""
    client: Endpoint
    server: Endpoint
    first_frame: FrameRef
    last_frame: FrameRef
    packets: int
    start: int
    end: int
    protocol: str
    """``POP2``, ``POP (RFC 918)``, ``POP3``, ``SSH``, ``TLS``, ``HTTP``, ``SMTP``, ``IMAP`` ... or ``unknown``."""
    protocol_evidence: str
    """On what grounds, in a few words."""
    handshake: Handshake
    ending: Ending
    logins: tuple[Login, ...]
    """Each attempt to log in, in order."""
    state: str | None
    """The server's last state by RFC 937, or by RFC 918 (``PASS`` besides); None where another protocol was spoken."""
    exchanges: list[Exchange]
    messages: list[Message]
    client_stream: Stream = field(repr=False)
    server_stream: Stream = field(repr=False)
    events: list[str] = field(default_factory=list)
    """What happened on the connection that an examiner should know: sentences with frames."""
    findings: list[Finding] = field(default_factory=list)
    client_software: Software | None = None
    """The program that called, by its habits or what it calls itself; None where nothing tells."""
    server_software: Software | None = None
    """The program that answered, by its greeting and its words; None where nothing tells."""
    folders: tuple[FolderOpening, ...] = ()
    """Mailboxes opened or asked for, in order."""
    deletions: tuple[Deletion, ...] = ()
    """Messages that the client asked to delete by their numbers, in order."""
    listed: tuple[Listed, ...] = ()
    """Messages that the server listed with their unique-ids, in order."""
    settled: bool = False
    """What later sessions of the captures show of its deletions is in it."""

    @property
    def deleted(self) -> list[Message | Deletion]:
        """What the client marked as deleted: messages that were transferred, and deletions of those that were not."""
        if not self.messages and not self.deletions:
            return []
        marked: list[Message | Deletion] = [one for one in self.messages if one.disposed.value == "deleted"]
        if self.deletions:
            numbers = {one.number for one in marked}
            marked += [one for one in self.deletions if one.disposed.value == "deleted" and one.number not in numbers]
        return marked

    @property
    def deciding_login(self) -> Login | None:
        """The login that counts: the first accepted one, else the last refused one, else the last attempt."""
        logins = self.logins
        if len(logins) < 2:
            return logins[0] if logins else None
        for outcome in ("accepted", "refused"):
            found = [one for one in logins if one.outcome == outcome]
            if found:
                return found[0 if outcome == "accepted" else -1]
        return logins[-1]

    @property
    def user(self) -> str | None:
        """The user of the login that counts."""
        login = self.deciding_login
        return login.user if login else None

    @property
    def password(self) -> str | None:
        """The password of the login that counts."""
        login = self.deciding_login
        return login.password if login else None

    @property
    def login(self) -> LoginOutcome:
        """What came of the login that counts; ``none`` without an attempt."""
        login = self.deciding_login
        return login.outcome if login else "none"

    @property
    def login_verdict(self) -> Verdict[LoginOutcome]:
        """:attr:`login` with its ground."""
        login = self.deciding_login
        return login.verdict if login else Verdict("none", Ground.SHOWN, "no attempt to log in was captured")

    @property
    def login_exchange(self) -> int | None:
        """Index of the exchange that decides the login that counts."""
        login = self.deciding_login
        return login.exchange if login else None

    @property
    def duration(self) -> int:
        """Time in ns from the first frame to the last."""
        return self.end - self.start

    @property
    def community_id(self) -> str:
        """The Community ID (version 1) of the connection, by which logs of Zeek, Suricata and others join."""
        return community_id(self.client, self.server)

    @property
    def greeting(self) -> Reply | None:
        """The server's greeting; None where it was not captured."""
        first = self.exchanges[0] if self.exchanges else None
        return next((reply for reply in first.replies if reply.kind == "greeting"), None) if first else None

    def stream(self, direction: Direction) -> Stream:
        """Return what one side sent."""
        return self.client_stream if direction == "client" else self.server_stream

    def streams(self) -> tuple[tuple[Direction, Stream], ...]:
        """Return both sides, the client first, with what each sent."""
        return ("client", self.client_stream), ("server", self.server_stream)

    def timeline(self, show_passwords: bool = False) -> list[Entry]:
        """Return what happened, in the order of the conversation; a password is masked unless asked for."""
        return list(entries(self, show_passwords))

    def __repr__(self) -> str:
        who = "" if self.user is None else f", user {self.user!r}"
        return f"<Session {self.id}: {self.client} to {self.server}, {self.protocol}{who}>"
