"""What one session shows of each mailbox that it opened: a visit, from the opening to the release."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field

from pop2dissect.capture.record import FrameRef
from pop2dissect.ledger.model import Kind, LedgerEntry
from pop2dissect.session import Deletion as Marked
from pop2dissect.session import Endpoint, Exchange, FolderOpening, Message, Session, Verdict

MAX_IDENTIFIER = 128
"""Characters of a unique-id that are compared; RFC 1939, section 7, allows 70."""


@dataclass(slots=True)
class Deletion:
    """A message that a client deleted, or may have."""

    entry: LedgerEntry
    identifier: str | None
    certain: bool
    """The session shows that the client asked for it; else what the client made of the message is unknown."""
    shown: Verdict[bool | None]
    """Whether it took effect, by its own session."""
    back: LedgerEntry | None = None
    """A later transfer of the same octets under the same number."""

    @property
    def message(self) -> int | None:
        """The message's index in its session, from 1; None where it was not transferred."""
        return self.entry.message


@dataclass(slots=True)
class Visit:
    """A mailbox that a session had open. Compact: sessions are many."""

    session: int
    server: Endpoint
    user: str | None
    client: str
    """The client's address."""
    name: str | None
    """The mailbox as the server names it, else as the client asked for it; None for the user's own."""
    is_login: bool
    """A login opened it, which opens the user's own mailbox."""
    start: int
    end: int
    """When it was opened and released, or when the connection was over."""
    first_frame: FrameRef
    last_frame: FrameRef
    exchanges: range
    """Indexes of its exchanges."""
    count: LedgerEntry | None = None
    """The first count, if no deletion was asked for before it: servers may leave those out (RFC 1939, STAT)."""
    may_hide: bool = False
    """Something of the session is missing from the capture, so that there may be deletions that are not."""
    replies_whole: bool = False
    """All that the server sent was captured: no transfer of a message is missing."""
    deletions: list[Deletion] = field(default_factory=list)
    identifiers: dict[str, LedgerEntry | None] = field(default_factory=dict)
    """Unique-ids of the messages that were transferred, and where; None where two messages have the same."""
    entries: list[LedgerEntry] = field(default_factory=list)

    @property
    def may_delete(self) -> bool:
        """Whether it deleted something, or may have."""
        return bool(self.deletions) or self.may_hide


def visits_of(session: Session) -> list[Visit]:
    """Return the mailboxes that a session opened, one after the other; one that was opened again comes again."""
    if not session.folders and not session.messages and not session.deletions:
        return []
    groups = _by_visit([one for one in session.folders if one.outcome != "refused"])
    firsts = [group[0].exchange for group in groups]
    messages: list[list[Message]] = [[] for _ in range(len(groups) + 1)]
    for message in session.messages:
        messages[bisect_right(firsts, message.exchange)].append(message)
    bounds = [0, *firsts, len(session.exchanges)]
    visits: list[Visit] = []
    for place, group in enumerate([[], *groups]):
        deletes = any(bounds[place] <= one.exchange < bounds[place + 1] for one in session.deletions)
        if (group and group[0].outcome != "absent") or messages[place] or deletes:
            visit = _visit(session, group, messages[place], bounds[place], bounds[place + 1])
            if visits:
                visit.start = max(visit.start, visits[-1].start)
                visit.end = max(visit.end, visit.start)
                visits[-1].end = min(visits[-1].end, visit.start)
            visits.append(visit)
    return visits


def _by_visit(openings: Sequence[FolderOpening]) -> list[list[FolderOpening]]:
    """Return the openings by visits: what no client asked for by name is a further count of the same mailbox."""
    groups: list[list[FolderOpening]] = []
    for one in openings:
        if groups and one.asked is None and groups[-1][0].asked is None:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _visit(
    session: Session, openings: Sequence[FolderOpening], messages: Sequence[Message], first: int, after: int
) -> Visit:
    """Return the visit from one exchange to another; without openings, what opened it was not captured."""
    asked = openings[0].asked if openings else None
    named = next((one.named for one in openings if one.named is not None), None)
    visit = Visit(
        session=session.id,
        server=session.server,
        user=_user_at(session, first),
        client=session.client.ip,
        name=named or asked or next((one.mailbox for one in messages if one.mailbox), None),
        is_login=asked is None,
        start=session.start,
        end=session.end,
        first_frame=session.first_frame,
        last_frame=session.last_frame,
        exchanges=range(first, after),
        may_hide=_may_hide(session),
        replies_whole=bool(session.server_stream.spans) and not session.server_stream.missing,
    )
    if openings:
        opened = _entry("release", visit, session.exchanges[openings[0].exchange])
        visit.start = session.start if opened.time is None else max(session.start, opened.time)
        visit.first_frame = opened.frames[-1] if opened.frames else visit.first_frame
    entries = [
        *_counts(visit, session, openings, messages),
        *_announcements(visit, session.exchanges[max(first - 1, 0) : after], messages),
        *_deletions(visit, session, messages),
        *_release(visit, session, messages, first, after),
    ]
    visit.entries = sorted(entries, key=lambda entry: entry.exchange)
    for message in messages:
        if message.identifier is not None and len(message.identifier) <= MAX_IDENTIFIER:
            seen = visit.identifiers.setdefault(message.identifier, sighting(session, message))
            if seen is not None and seen.number != message.number:
                visit.identifiers[message.identifier] = None
    return visit


def note_listed(session: Session, visit: Visit, wanted: Container[str]) -> None:
    """Note which unique-ids of messages that earlier sessions deleted are listed again."""
    for one in session.listed:
        if one.exchange in visit.exchanges and one.identifier in wanted and one.identifier not in visit.identifiers:
            entry = _entry("count", visit, session.exchanges[one.exchange])
            entry.number = one.number
            visit.identifiers[one.identifier] = entry


def _counts(
    visit: Visit, session: Session, openings: Sequence[FolderOpening], messages: Sequence[Message]
) -> Iterator[LedgerEntry]:
    by = [one.acknowledged_by for one in messages if _may_be_deleted(one)]
    by += [one.exchange for one in _unread(session, visit, messages)]
    deleted = min((exchange for exchange in by if exchange is not None), default=None)
    for one in openings:
        if one.messages is not None:
            entry = _entry("count", visit, session.exchanges[one.exchange])
            entry.messages = one.messages
            if visit.count is None and (deleted is None or one.exchange < deleted):
                visit.count = entry
            yield entry


def _announcements(visit: Visit, exchanges: Sequence[Exchange], messages: Sequence[Message]) -> Iterator[LedgerEntry]:
    transferred = {message.exchange: message for message in messages}
    for exchange in exchanges:
        for reply in exchange.replies:
            if reply.kind == "length" and reply.value is not None and not reply.missing:
                entry = _entry("announcement", visit, exchange)
                entry.time, entry.frames, entry.octets = reply.time, reply.frames, reply.value
                message = transferred.get(exchange.index + 1)
                if message is not None and message.declared_octets == reply.value:
                    entry.number, entry.message = message.number, message.index
                yield entry


def _deletions(visit: Visit, session: Session, messages: Sequence[Message]) -> Iterator[LedgerEntry]:
    for message in messages:
        if not _may_be_deleted(message):
            continue
        by = message.acknowledged_by if message.acknowledged_by is not None else message.exchange
        entry = _entry("deletion", visit, session.exchanges[by])
        entry.frames = message.disposed.frames or entry.frames
        entry.number, entry.message, entry.committed = message.number, message.index, message.released
        certain = message.disposition == "deleted"
        visit.deletions.append(Deletion(entry, message.identifier, certain, message.released))
        if certain:
            yield entry
    named: dict[str, set[int]] = {}
    for listed in session.listed if session.deletions else ():
        named.setdefault(listed.identifier, set()).add(listed.number)
    twice = {identifier for identifier, numbers in named.items() if len(numbers) > 1}
    for one in _unread(session, visit, messages):
        entry = _entry("deletion", visit, session.exchanges[one.exchange])
        entry.frames = one.disposed.frames or entry.frames
        entry.number, entry.committed = one.number, one.released
        identifier = one.identifier if one.identifier not in twice else None
        visit.deletions.append(Deletion(entry, identifier, True, one.released))
        yield entry


def _unread(session: Session, visit: Visit, messages: Sequence[Message]) -> Iterator[Marked]:
    """Yield what was marked as deleted and is none of the messages that were transferred."""
    numbers = {one.number for one in messages if _may_be_deleted(one)}
    for one in session.deletions:
        if one.exchange in visit.exchanges and one.disposed.value == "deleted" and one.number not in numbers:
            yield one


def _release(
    visit: Visit, session: Session, messages: Sequence[Message], first: int, after: int
) -> Iterator[LedgerEntry]:
    """Yield what released the mailbox: what made deletions final, else the opening of another one, else QUIT."""
    by = next((one.released_by for one in messages if one.released_by is not None), None)
    if by is None and after < len(session.exchanges):
        by = after
    if by is None:
        by = next((one.index for one in session.exchanges[first:after] if one.command == "QUIT"), None)
    if by is None:
        return
    exchange = session.exchanges[by]
    entry = _entry("release", visit, exchange)
    if any(reply.time is not None for reply in exchange.replies) and entry.time is not None:
        visit.end = max(visit.start, entry.time)
        visit.last_frame = entry.frames[-1] if entry.frames else visit.last_frame
    yield entry


def sighting(session: Session, message: Message) -> LedgerEntry:
    """Return where a message was transferred."""
    user = _user_at(session, message.exchange)
    frames = message.first_frame
    return LedgerEntry(
        "announcement", session.id, message.exchange, user, message.start_time, frames, message.number, message.index
    )


def _entry(kind: Kind, visit: Visit, exchange: Exchange) -> LedgerEntry:
    """Return an entry about an exchange, of the time of its first reply, else of its command."""
    time, frames = exchange.time, exchange.frames[:1]
    for reply in exchange.replies:
        if reply.time is not None:
            time = reply.time
            if reply.frames[:1] != frames:
                frames += reply.frames[:1]
            break
    return LedgerEntry(kind, visit.session, exchange.index, visit.user, time, frames)


def _may_be_deleted(message: Message) -> bool:
    return message.disposed.value in ("deleted", "unknown")


def _user_at(session: Session, exchange: int) -> str | None:
    """Return who was logged in, or may have been, at an exchange."""
    user = None
    for login in session.logins:
        if login.outcome in ("accepted", "unknown") and (login.exchange <= exchange or user is None):
            user = login.user
    return user


def _may_hide(session: Session) -> bool:
    streams = (session.client_stream, session.server_stream)
    return session.handshake == "missing" or any(one.missing or not one.spans for one in streams)
