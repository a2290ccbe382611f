"""What a session is: the evidence of one TCP connection, as every report and analysis sees it.

These classes hold values and where they were seen; they parse nothing. Offsets are octets from the
start of a stream (``client`` is what the client sent, ``server`` what the server sent), gaps
included. Times are integer nanoseconds since 1970-01-01 UTC. Frames are of the type
:class:`pop2dissect.capture.record.FrameRef`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, NamedTuple, get_args

from pop2dissect.capture.record import FrameRef
from pop2dissect.mail import Mail, OpenedMail, open_mail
from pop2dissect.session.severity import Severity
from pop2dissect.session.timeline import Entry, entries
from pop2dissect.session.verdict import Ground, Verdict
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.values import count, decode_text

LoginOutcome = Literal["accepted", "refused", "none", "unknown"]
Handshake = Literal["complete", "partial", "missing"]
Ending = Literal["quit", "closed", "reset", "incomplete"]
Disposition = Literal["kept", "deleted", "refused", "unacknowledged", "unknown"]
FolderOutcome = Literal["opened", "empty", "absent", "kept", "refused", "unknown"]
"""opened: with messages. empty: it is there, and empty. absent: ``#0`` for nothing by that name. kept: the server could
not find it and stays in the mailbox before, which its reply names. refused: an error. unknown: not captured."""
Direction = Literal["client", "server"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)


@dataclass(slots=True, frozen=True)
class Endpoint:
    """One end of a connection."""

    ip: str
    port: int

    def __str__(self) -> str:
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


class Software(NamedTuple):
    """A program, and why it is thought to be that one."""

    product: str
    version: str | None
    """As the program wrote it; None where it did not say."""
    evidence: str

    def __str__(self) -> str:
        return f"{self.product} {self.version}" if self.version else self.product


class Field(NamedTuple):
    """A run of octets of a line that has a meaning in the grammar."""

    name: str
    """``keyword``, ``user``, ``password``, ``argument``, ``indicator``, ``number``, ``text``."""
    start: int
    """Offset in the line."""
    end: int


class Departure(NamedTuple):
    """A place where a conversation departs from its protocol."""

    id: str
    """As the findings catalogue lists it: ``protocol.state`` ..."""
    side: Direction
    """Whose stream it is in."""
    start: int
    end: int
    """Offsets in that stream."""
    frames: tuple[FrameRef, ...]


class FolderOpening(NamedTuple):
    """A mailbox that was opened, or that a client asked for."""

    exchange: int
    """Index of the exchange that asked for it."""
    asked: str | None
    """As the client named it; None where a login opens the user's own."""
    octets: int
    """Of the name as on the wire, quoting and octets missing from the capture included."""
    outcome: FolderOutcome
    named: str | None
    """The mailbox as the server's reply names it by a path."""
    messages: int | None
    """How many the reply counts."""

    @property
    def path(self) -> str:
        """The path as far as it is known: as the server resolved it, else as the client asked for it."""
        return self.named if self.named is not None and self.outcome in ("opened", "empty") else self.asked or ""


class Deletion(NamedTuple):
    """A message that a client asked the server to delete by its number."""

    exchange: int
    """Index of the exchange that asked for it, the last one where there were several."""
    number: int | None
    """None where the command does not name one."""
    identifier: str | None
    """What the server calls the message for good."""
    octets: int | None
    """Its size as the server listed it."""
    transferred: bool
    """The whole message was sent to the client in this session."""
    looked_at: bool
    """At least a part of it was."""
    disposed: Verdict[Disposition]
    """``deleted``; ``kept`` where the request was refused or taken back."""
    released: Verdict[bool | None]
    """Whether the deletion took effect."""


@dataclass(slots=True, frozen=True)
class Login:
    """An attempt to log in."""

    exchange: int
    """Index of the exchange that decides it."""
    mechanism: str
    """The command, and for SASL the mechanism: ``HELO``, ``PASS``, ``APOP``, ``AUTH PLAIN``."""
    user: str | None
    """None where there is none, or it was not captured whole."""
    password: str | None = field(repr=False)
    """None where there is none, it did not cross as it is, or it was not captured whole."""
    verdict: Verdict[LoginOutcome]
    locked: bool = False
    """The words or the code of the refusal say that the mailbox, and not the password, was the reason."""
    credentials_right: bool = False
    """It was refused for a reason that a server gives only once the password was right."""
    authorized_as: str | None = None
    """The identity that was asked for besides the user's own (SASL's authzid)."""
    challenge: str | None = None
    """What the server gave the client to prove itself by, where the password did not cross."""
    response: str | None = field(default=None, repr=False)
    """The client's proof."""
    realm: str | None = None
    """The domain or realm that the user belongs to (NTLM, DIGEST-MD5)."""
    other_host: str | None = None
    """The host to which the server was asked to log in (UW's ``host:user``)."""

    @property
    def outcome(self) -> LoginOutcome:
        """What came of it."""
        return self.verdict.value


@dataclass(slots=True)
class Reply:
    """One reply of the server: a line, the data of a message, or the closing of the connection."""

    kind: str
    """``greeting``, ``ok``, ``error``, ``count``, ``length``, ``data``, ``challenge``, ``close`` or ``unknown``."""
    start: int
    """Offset in the server's stream."""
    end: int
    """Offset after its last octet (its line end included)."""
    time: int | None
    """Time of its first octet; None where no octet of it was captured."""
    frames: tuple[FrameRef, ...]
    raw: bytes = b""
    """The line as on the wire without its line end; empty for data and close. Lost octets are left out."""
    value: int | None = None
    """The number of a ``#n`` or ``=n`` reply, or the octets on the wire of data."""
    text: str = ""
    """What follows the sign and the number."""
    missing: int = 0
    """Octets between ``start`` and ``end`` that the capture lacks."""

    @property
    def line(self) -> str:
        """The reply as text: UTF-8 where it is, else Latin-1."""
        return decode_text(self.raw)


@dataclass(slots=True)
class Exchange:
    """A command and the replies to it. The first exchange of a whole session is the greeting, without a command."""

    index: int
    """Counted from 0 in the session."""
    command: str | None
    """The keyword in capitals, as the protocol knows it; ``""`` where the line has none; None where there is no
    command (the greeting) or it was not captured."""
    arguments: tuple[str, ...] = field(repr=False)
    """Unquoted. For HELO the user and the password."""
    raw: bytes | None = field(repr=False)
    """The command as on the wire, without its line end, lost octets left out; None without a command."""
    secret: tuple[int, int] | None
    """The part of ``raw`` that is a password, to be masked; None where there is none."""
    start: int
    """Offset of the command in the client's stream."""
    end: int
    time: int | None
    """Time of the command's first octet; of the first reply where there is no command."""
    frames: tuple[FrameRef, ...]
    """Frames of the command, in order of its octets."""
    state: str
    """The server's state before it by RFC 937: AUTH MBOX ITEM NEXT DONE, by RFC 918 also PASS, or ``?`` where not
    known."""
    next_state: str
    client_state: str
    """The client's state when it sent the command by RFC 937: CALL NMBR SIZE XFER EXIT, or ``?``."""
    replies: list[Reply]
    departures: tuple[Departure, ...] = ()
    """Where it departs from the protocol."""
    notes: tuple[str, ...] = ()
    """Sentences for a person: what is unusual here, lost, or inferred."""
    missing: int = 0
    """Octets of the command that the capture lacks."""
    end_time: int | None = None
    """Time of the command's last octet; None where there is no command, or that octet was not captured."""

    @property
    def violations(self) -> tuple[str, ...]:
        """The ids of :attr:`departures`, each once."""
        return tuple(dict.fromkeys(departure.id for departure in self.departures)) if self.departures else ()

    @property
    def latency(self) -> int | None:
        """Time in ns from the command's last octet to the first reply; None where it cannot be known.

        That is where either was not captured, or where the time stamps have the reply first.
        """
        if self.command is not None and self.end_time is not None:
            for reply in self.replies:
                if reply.time is not None:
                    return reply.time - self.end_time if reply.time >= self.end_time else None
        return None

    def shown_line(self, show_passwords: bool = False) -> str | None:
        """Return the command line as text, its password masked unless asked for."""
        if self.raw is None:
            return None
        if self.secret is None or show_passwords:
            return decode_text(self.raw)
        first, last = self.secret
        return decode_text(self.raw[:first]) + PASSWORD_MASK + decode_text(self.raw[last:])

    def shown_arguments(self, show_passwords: bool = False) -> tuple[str, ...]:
        """Return the arguments, a password among them masked unless asked for."""
        if self.secret is None or show_passwords or not self.arguments:
            return self.arguments
        return (*self.arguments[:-1], PASSWORD_MASK)


@dataclass
class Message:
    """One message transfer: what was on the wire between a RETR and the server's next reply."""

    index: int
    """Counted from 1 in the session."""
    exchange: int
    """Index of the exchange whose reply it is."""
    mailbox: str | None
    """The mailbox it was read from, as the server named it, else as the client asked for it."""
    number: int | None
    """The message's number in the mailbox; None where it cannot be told."""
    declared_octets: int | None
    """What the last ``=n`` reply announced; None where it was not captured."""
    start: int
    end: int
    """Offsets in the server's stream."""
    octets: int
    """Octets captured."""
    missing_octets: int
    """Octets that were on the wire but are not in the capture."""
    start_time: int | None
    end_time: int | None
    frames: tuple[FrameRef, ...]
    disposed: Verdict[Disposition]
    """What became of it."""
    released: Verdict[bool | None]
    """Whether a deletion took effect; False where there is nothing to commit, None where that is not known."""
    stream: Stream = field(repr=False)
    """The server's stream, where its octets are."""
    acknowledged_by: int | None = None
    """Index of the exchange that said what becomes of it."""
    released_by: int | None = None
    """Index of the exchange that made a deletion final."""
    skipped: tuple[int, ...] = ()
    """Offsets of octets of the stream that are not the message's, in order: what byte-stuffing added."""
    identifier: str | None = None
    """What the server calls it for good (POP3's unique-id)."""
    notes: tuple[str, ...] = ()
    whole: bool | None = None
    """Whether its start and its end mark were seen; None where it is as long as was announced."""

    @property
    def disposition(self) -> Disposition:
        """What became of it, without the ground."""
        return self.disposed.value

    @property
    def committed(self) -> bool | None:
        """Whether a deletion took effect, without the ground."""
        return self.released.value

    @property
    def complete(self) -> bool:
        """All of it was sent, by its end mark, else by what was announced and no more, and all was captured."""
        if self.missing_octets:
            return False
        return self.octets == self.declared_octets if self.whole is None else self.whole

    def ranges(self) -> Iterator[tuple[int, int]]:
        """Yield the runs of the server's stream that the message consists of."""
        start = self.start
        for offset in self.skipped:
            if offset > start:
                yield start, offset
            start = offset + 1
        if self.end > start:
            yield start, self.end

    def chunks(self) -> Iterator[memoryview]:
        """Yield :meth:`content` piece by piece, without copying it."""
        for start, end in self.ranges():
            yield from self.stream.chunks(start, end)

    def head(self, most: int) -> bytes:
        """Return the first captured octets of the message, at most so many."""
        head = bytearray()
        for chunk in self.chunks():
            head += chunk[: most - len(head)]
            if len(head) >= most:
                break
        return bytes(head)

    def content(self) -> bytes:
        """Return the captured octets of the message, without what byte-stuffing added."""
        return b"".join(self.chunks()) if self.skipped else self.stream.read(self.start, self.end)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of :meth:`content`, in hexadecimal."""
        if not self.skipped:
            return self.stream.sha256(self.start, self.end)
        digest = hashlib.sha256()
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()

    @cached_property
    def mail(self) -> Mail:
        """The message taken apart: headers, parts, attachments, defects. Never raises.

        Where the capture lacks octets of it, the defects begin by saying so, as the others may come of that.
        """
        return self.opened().mail

    def opened(self) -> OpenedMail:
        """Return :attr:`mail` and the decoded contents of its parts.

        They are decoded each time, and not kept: together they may be as large as all messages of the capture.
        """
        opened = open_mail(self.content(), self.stream.limits)
        if not self.missing_octets:
            return opened
        return opened._replace(mail=replace(opened.mail, defects=self._defects(opened.mail)))

    def _defects(self, mail: Mail) -> tuple[str, ...]:
        """Return the defects of a message of which the capture lacks octets."""
        if not self.octets:
            return ("the capture has nothing of the message",)
        if not mail.defects:
            return ()
        lacking = count(self.missing_octets, "octet")
        return (f"the capture lacks {lacking} of the message, which may be all that is wrong with it", *mail.defects)


@dataclass(slots=True)
class Finding:
    """Something that an examiner should look at, with the frames that prove it."""

    id: str
    severity: Severity
    title: str
    detail: str
    time: int | None
    frames: tuple[FrameRef, ...]
    techniques: tuple[str, ...] = ()
    """MITRE ATT&CK technique ids."""
    sessions: tuple[int, ...] = ()
    """Ids of the sessions that it is about; none where it is about connections without payload only."""

    def __post_init__(self) -> None:
        self.severity = Severity(self.severity)
        self.frames = tuple(map(FrameRef, self.frames))


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

    @property
    def deciding_login(self) -> Login | None:
        """The login that counts: the first accepted one, else the last refused one, else the last attempt."""
        for outcome in ("accepted", "refused"):
            found = [one for one in self.logins if one.outcome == outcome]
            if found:
                return found[0 if outcome == "accepted" else -1]
        return self.logins[-1] if self.logins else None

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


@dataclass(slots=True)
class Probe:
    """Connections without payload between one client and one server port, as one row."""

    client_ip: str
    server: Endpoint
    attempts: int
    answered: int
    """The server accepted: SYN, ACK."""
    refused: int
    """The server answered with RST."""
    unanswered: int
    first_time: int
    last_time: int
    first_frame: FrameRef


@dataclass(slots=True)
class HalfOpen:
    """Connections to one server port that a client asked for and never completed, whoever asked, as one row."""

    server: Endpoint
    attempts: int
    first_time: int
    last_time: int
    first_frame: FrameRef
    peak: int
    """The most of them that began within one second."""
    peak_time: int
    """When that second began."""
    peak_frame: FrameRef
    """The first of those connections' first frames."""
    unlisted: int = 0
    """Those of the attempts that are in no row of the table of probes, because it is full."""


PASSWORD_MASK = "********"


def total_octets(messages: Sequence[Message]) -> int:
    """Add up the captured octets of some messages."""
    return sum(message.octets for message in messages)


def about_sessions(findings: Sequence[Finding], selected: Sequence[int] | None) -> list[Finding]:
    """Return those of the findings that span sessions which are about one that was asked for; None for all."""
    if selected is None:
        return list(findings)
    return [finding for finding in findings if not set(selected).isdisjoint(finding.sessions)]
