"""Sessions in as they end, and out again with what later sessions show of their deletions; the ledger at the end.

A session waits as long as one before it, or itself, deleted something that a later count may speak about. How much
waits is limited, and so is what the ledger keeps: where the first limit is reached, the older half goes out with what
is known by then; what is beyond the second is left out and said in :attr:`Ledger.limits_reached`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from pop2dissect.ledger.model import Mailbox
from pop2dissect.ledger.rules import Key, conclude, key_of
from pop2dissect.ledger.same import fingerprint
from pop2dissect.ledger.visits import Visit, note_listed, sighting, visits_of
from pop2dissect.session import Ground, Message, Session, Verdict

MAX_WAITING: Final = 1 << 14
"""Exchanges and spans of the sessions that wait."""

MAX_ENTRIES: Final = 1 << 17
"""Entries that are kept."""


class _Waiting(NamedTuple):
    session: Session
    visits: list[Visit]
    weight: int


class Ledger:
    """Give it the sessions by :meth:`settled`; when they are through, :attr:`mailboxes` is complete."""

    def __init__(self) -> None:
        self.mailboxes: list[Mailbox] = []
        """In order of first use."""
        self._visits: list[Visit] = []
        self._entries = 0
        self._left_out = 0
        self._waiting: deque[_Waiting] = deque()
        self._weight = 0
        self._last_deleting: dict[Key, tuple[Session, Visit]] = {}
        """Of each mailbox the last waiting visit that deleted something."""
        self._deleted: dict[Key, set[str]] = {}
        """Of each mailbox the unique-ids of what was deleted: those are looked for in later listings."""

    @property
    def limits_reached(self) -> list[str]:
        """What was not kept for lack of room, as sentences; empty where all was."""
        if not self._left_out:
            return []
        return [f"the mailbox ledger leaves out {self._left_out:,} openings, beyond the limit of {MAX_ENTRIES} entries"]

    def settled(self, sessions: Iterable[Session]) -> Iterator[Session]:
        """Pass sessions on in the same order, each once later ones say nothing more about its deletions."""
        for session in sessions:
            visits = visits_of(session)
            self._keep(session, visits)
            session.settled = True
            if not self._waiting and not any(visit.deletions for visit in visits):
                yield session
                continue
            spans = len(session.client_stream.spans) + len(session.server_stream.spans)
            self._waiting.append(_Waiting(session, visits, 1 + len(session.exchanges) + spans))
            self._weight += self._waiting[-1].weight
            if self._weight > MAX_WAITING:
                conclude(visit for one in self._waiting for visit in one.visits)
                while self._weight > MAX_WAITING // 2:
                    visits = self._waiting[0].visits
                    open_ended = any(one.entry.outcome == "not shown" for visit in visits for one in visit.deletions)
                    self._waiting[0].session.settled = not open_ended
                    yield self._let_go()
        self.mailboxes = conclude(self._visits)
        if self._left_out:
            conclude(visit for one in self._waiting for visit in one.visits)
        while self._waiting:
            yield self._let_go()

    def _keep(self, session: Session, visits: Iterable[Visit]) -> None:
        for visit in visits:
            self._entries += len(visit.entries)
            if self._left_out or self._entries > MAX_ENTRIES:
                self._left_out += 1
            else:
                self._visits.append(visit)
            key = key_of(visit)
            deleted = self._deleted.setdefault(key, set())
            note_listed(session, visit, deleted)
            deleted.update(one.identifier for one in visit.deletions if one.identifier is not None)
            earlier = self._last_deleting.get(key)
            if earlier is not None:
                _compare(*earlier, session, visit)
            if visit.deletions:
                self._last_deleting[key] = session, visit

    def _let_go(self) -> Session:
        """Return the session that waits longest, with what is known of its deletions."""
        session, visits, weight = self._waiting.popleft()
        self._weight -= weight
        for visit in visits:
            key = key_of(visit)
            if self._last_deleting.get(key, (None, None))[1] is visit:
                del self._last_deleting[key]
            for one in visit.deletions:
                if one.entry.committed is not None and one.entry.committed is not one.shown:
                    verdict, exchange = one.entry.committed, one.entry.exchange
                    session.deletions = tuple(
                        marked._replace(released=verdict) if marked.exchange == exchange else marked
                        for marked in session.deletions
                    )
                    if one.message is None:
                        continue
                    message = session.messages[one.message - 1]
                    message.released = one.entry.committed
                    if not one.certain:
                        message.disposed = Verdict(
                            "deleted", Ground.CONCLUDED, one.entry.because, message.released.frames
                        )
        return session


def _compare(session: Session, visit: Visit, later: Session, later_visit: Visit) -> None:
    """Mark the deletions of a visit whose messages the later one transfers again under the same number.

    Only where the counts leave it open, as all those messages are read for it.
    """
    before, after = visit.count, later_visit.count
    if before is None or after is None or (after.messages or 0) < (before.messages or 0):
        return
    transferred = {message.number: message for message in _whole(later, later_visit)}
    again = [one for one in visit.deletions if one.certain and one.entry.number in transferred]
    if not again:
        return
    prints = {message.index: fingerprint(message) for message in _whole(session, visit)}
    numbers: dict[bytes, set[int | None]] = {}
    for message in session.messages:
        if message.index in prints:
            numbers.setdefault(prints[message.index], set()).add(message.number)
    for one in again:
        message = transferred[one.entry.number]
        found = prints.get(one.message) if one.message is not None else None
        if found is not None and len(numbers[found]) == 1 and fingerprint(message) == found:
            one.back = sighting(later, message)


def _whole(session: Session, visit: Visit) -> list[Message]:
    """Return the messages of a visit that were captured whole and have a number."""
    return [
        one
        for one in session.messages
        if one.exchange in visit.exchanges and one.number is not None and one.octets and not one.missing_octets
    ]
