"""The objects that the rows of the tables come as: something of a session, with what it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from pop2dissect.capture.record import CaptureInfo
from pop2dissect.ledger import LedgerEntry, Mailbox
from pop2dissect.session import Deletion, Direction, Exchange, Finding, Login, Message, Probe, Reply, Session
from pop2dissect.session.timeline import Entry, with_time_before
from pop2dissect.tcp.stream import Gap


class CaptureRow(NamedTuple):
    """A capture that was read."""

    number: int
    """Counted from 1."""
    info: CaptureInfo
    sha256: str | None


def no_captures() -> Sequence[CaptureRow]:
    """Return none: of made-up sessions."""
    return ()


@dataclass(frozen=True, slots=True)
class Source:
    """What tables are made of."""

    sessions: Sequence[Session] = ()
    probes: Sequence[Probe] = ()
    findings: Sequence[Finding] = ()
    """Those that span sessions; the others are in their sessions."""
    mailboxes: Sequence[Mailbox] = ()
    show_passwords: bool = False
    captures: Callable[[], Sequence[CaptureRow]] = no_captures
    """Asked for only where they are wanted, as their hashes take time."""


# A row is read once for each column of its table, and there may be a million of them: their classes are those
# that are read fastest.


@dataclass(slots=True)
class SessionRow:
    """A session."""

    session: Session
    login: Login | None
    """The one that counts."""
    deleted: list[Message | Deletion]
    show_passwords: bool


@dataclass(slots=True)
class ExchangeRow:
    """A command and the replies to it."""

    session: int
    exchange: Exchange
    reply: Reply | None
    """The first one."""
    before: int | None
    """Time of the last byte that the server had sent before the command."""
    message: int | None
    """Index of the message that it transferred."""
    show_passwords: bool


@dataclass(slots=True)
class MessageRow:
    """A message transfer."""

    session: int
    message: Message


@dataclass(slots=True)
class FindingRow:
    """A finding."""

    session: int | None
    place: int
    finding: Finding


@dataclass(slots=True)
class SegmentRow:
    """A run of bytes of a stream that one frame carried."""

    session: int
    direction: Direction
    place: int
    offset: int
    length: int
    frame: int
    time: int
    acknowledged: int | None
    late: bool


@dataclass(slots=True)
class GapRow:
    """A run of bytes of a stream that is missing from the capture."""

    session: int
    direction: Direction
    place: int
    gap: Gap
    time: int | None


@dataclass(slots=True)
class MailboxRow:
    """An entry of the ledger of a mailbox."""

    mailbox: Mailbox
    place: int
    entry: LedgerEntry


ProbeRow: TypeAlias = Probe


def captures_of(infos: Sequence[CaptureInfo], sha256: Sequence[str | None]) -> list[CaptureRow]:
    """Number captures, which come with their hashes."""
    return [CaptureRow(*one) for one in zip(range(1, len(infos) + 1), infos, sha256, strict=True)]


def capture_rows(source: Source) -> Sequence[CaptureRow]:
    """Return the captures."""
    return source.captures()


def session_rows(source: Source) -> Iterator[SessionRow]:
    """Yield the sessions."""
    for session in source.sessions:
        yield SessionRow(session, session.deciding_login, session.deleted, source.show_passwords)


def exchange_rows(source: Source) -> Iterator[ExchangeRow]:
    """Yield the exchanges of all sessions."""
    for session in source.sessions:
        messages = {message.exchange: message.index for message in session.messages}
        for exchange, before in with_time_before(session):
            reply = exchange.replies[0] if exchange.replies else None
            message = messages.get(exchange.index)
            yield ExchangeRow(session.id, exchange, reply, before, message, source.show_passwords)


def message_rows(source: Source) -> Iterator[MessageRow]:
    """Yield the message transfers of all sessions."""
    for session in source.sessions:
        for message in session.messages:
            yield MessageRow(session.id, message)


def finding_rows(source: Source) -> Iterator[FindingRow]:
    """Yield the findings of each session, then those that span sessions, each group numbered from 1."""
    for session in source.sessions:
        for place, finding in enumerate(session.findings, 1):
            yield FindingRow(session.id, place, finding)
    for place, finding in enumerate(source.findings, 1):
        yield FindingRow(None, place, finding)


def probe_rows(source: Source) -> Iterable[ProbeRow]:
    """Return the connections without payload."""
    return source.probes


def mailbox_rows(source: Source) -> Iterator[MailboxRow]:
    """Yield the entries of all mailboxes, numbered from 1 through all of them."""
    entries = ((mailbox, entry) for mailbox in source.mailboxes for entry in mailbox.entries)
    for place, (mailbox, entry) in enumerate(entries, 1):
        yield MailboxRow(mailbox, place, entry)


def segment_rows(source: Source) -> Iterator[SegmentRow]:
    """Yield the runs that the streams consist of."""
    for session in source.sessions:
        for direction, stream in session.streams():
            for place, (span, late) in enumerate(stream.spans_and_lateness()):
                offset, length, frame, time, acknowledged, _, _ = span
                yield SegmentRow(session.id, direction, place, offset, length, frame, time, acknowledged, late)


def gap_rows(source: Source) -> Iterator[GapRow]:
    """Yield the gaps of all streams, with the time of the bytes around them."""
    for session in source.sessions:
        for direction, stream in session.streams():
            for place, gap in enumerate(stream.gaps):
                yield GapRow(session.id, direction, place, gap, stream.gap_time(gap))


class EntryRow(NamedTuple):
    """An entry of a session's timeline, and the time of the entry before it whose time is known."""

    entry: Entry
    before: int | None


def timeline_rows(session: Session, show_passwords: bool = False) -> Iterator[EntryRow]:
    """Yield a session's timeline with the time before each entry."""
    before: int | None = None
    for entry in session.timeline(show_passwords):
        yield EntryRow(entry, before)
        before = before if entry.time is None else entry.time
