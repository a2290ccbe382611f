"""What a later count shows of a deletion, and what it does not.

A mailbox is told from others by server, user and name; by server and name alone where the server gives a path from the
root, which is the same file for all users. A login whose reply names no mailbox opened the one that all other logins
of that user opened.

Of a visit that counted N1 messages and deleted D of them, the next visit's count N2 shows this:

- N2 = N1 - D: the deletions took effect. The same where N2 is between that and N1: without them fewer than N1 could
  not be left, and new mail has come besides. Against a session that shows that nothing was committed, as one without
  QUIT, only N2 = N1 - D counts.
- N2 >= N1: nothing. Either nothing was deleted, or as many messages have come. But where the next visit transfers the
  same message under the same number as one that was deleted, octet for octet but for header fields in which servers
  note that it was read, and no other message of the first visit was like it, it is still there: its deletion did not
  take effect.
- N2 < N1 - D: nothing. More is gone than the captured sessions deleted, so there are others that delete.
- Where it is unknown what the client made of U further messages, and N2 = N1 - D - U, all of them were deleted,
  provided that everything the server sent was captured, so that there was no other message to delete.

Whatever the counts, a unique-id that is fetched or listed again after the release (RFC 1939, section 7: it is never
used for another message) shows that the message is still there.

Nothing is shown where another session had the mailbox open at the same time as the visit or at the next count, where
a session between them may have deleted something and has no count, where either count or a message's number is not
known or was taken after a deletion (RFC 1939, STAT, leaves deleted messages out), and where the clock went back between
both. Deletions by programs that no capture shows cannot be excluded: conclusions are drawn as if there were none,
and each reason names the counts that it rests on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from pop2dissect.capture.record import FrameRef
from pop2dissect.ledger.model import Act, LedgerEntry, Mailbox, Outcome, SharedMessage
from pop2dissect.ledger.visits import Deletion, Visit
from pop2dissect.session import Endpoint, Ground, Verdict
from pop2dissect.text.values import count

Key: TypeAlias = tuple[Endpoint, str | None, str | None, int]


class Shown(NamedTuple):
    """What is shown of the deletions of a visit."""

    outcome: Outcome
    because: str
    frames: tuple[FrameRef, ...] = ()
    exact: bool = False
    """The next count is just what the deletions leave."""
    undecided: bool = False
    """The next count is not smaller, which the same messages or new ones can make."""
    uncertain_too: bool = False
    """It holds for the messages too of which it is unknown what the client made of them."""


def key_of(visit: Visit, own_name: str | None = None) -> Key:
    """Return what tells the visit's mailbox from others; ``own_name`` is what other logins opened."""
    name = visit.name or (own_name if visit.is_login else None)
    if name is not None and name.startswith("/"):
        return visit.server, None, name, 0
    return visit.server, visit.user, name, visit.session if visit.user is None else 0


def conclude(visits: Iterable[Visit]) -> list[Mailbox]:
    """Judge all deletions, in their entries, and return the mailboxes in order of first use."""
    visits = sorted(visits, key=lambda visit: (visit.start, visit.session))
    names: dict[tuple[Endpoint, str | None], set[str]] = {}
    for visit in visits:
        if visit.is_login and visit.name is not None:
            names.setdefault((visit.server, visit.user), set()).add(visit.name)
    mailboxes: dict[Key, list[Visit]] = {}
    for visit in visits:
        known = names.get((visit.server, visit.user), ())
        mailboxes.setdefault(key_of(visit, next(iter(known)) if len(known) == 1 else None), []).append(visit)
    return [_mailbox(key, group) for key, group in mailboxes.items()]


def _mailbox(key: Key, visits: Sequence[Visit]) -> Mailbox:
    at_once, before, crossing = _overlaps(visits)
    _judge_counts(visits, before, crossing)
    _judge_identifiers(visits)
    entries = [
        entry
        for visit in visits
        for entry in (
            *visit.entries,
            *(one.entry for one in visit.deletions if not one.certain and one.entry.outcome == "took effect"),
        )
    ]
    return Mailbox(
        server=key[0],
        name=key[2],
        users=tuple(dict.fromkeys(visit.user for visit in visits)),
        entries=tuple(_in_time(entries)),
        at_once=tuple(at_once),
        shared=_shared(visits),
    )


def _shared(visits: Sequence[Visit]) -> tuple[SharedMessage, ...]:
    """Return the messages that clients at several addresses fetched or deleted, by their unique-ids."""
    acts: dict[str, list[Act]] = {}
    for visit in visits:
        for identifier, seen in visit.identifiers.items():
            if seen is not None and seen.message is not None:
                acts.setdefault(identifier, []).append(Act("fetched", visit.session, visit.client, seen.frames))
        for one in visit.deletions:
            if one.identifier is not None and one.certain:
                acts.setdefault(one.identifier, []).append(
                    Act("deleted", visit.session, visit.client, one.entry.frames)
                )
    return tuple(
        SharedMessage(identifier, tuple(done))
        for identifier, done in acts.items()
        if len({act.client for act in done}) > 1
    )


def _in_time(entries: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """Sort entries by time. One without a time, or with an earlier one, goes with what its session said before it."""
    latest: dict[int, int] = {}
    timed: list[tuple[int, int, int, int, LedgerEntry]] = []
    for entry in sorted(entries, key=lambda entry: (entry.session, entry.exchange)):
        time = max(latest.get(entry.session, 0), entry.time or 0)
        latest[entry.session] = time
        timed.append((time, entry.session, entry.exchange, len(timed), entry))
    return [entry for *_, entry in sorted(timed, key=lambda one: one[:4])]


def _overlaps(visits: Sequence[Visit]) -> tuple[list[tuple[int, int]], list[int | None], list[int | None]]:
    """Return the pairs of sessions that had a mailbox open at the same time, each with one that it overlaps.

    Then, for each visit, the session that still had it open when the visit started, and any that overlaps the visit.
    """
    pairs: dict[tuple[int, int], None] = {}
    before: list[int | None] = [None] * len(visits)
    crossing: list[int | None] = [None] * len(visits)
    longest: Visit | None = None
    for place, visit in enumerate(visits):
        if longest is not None and visit.start < longest.end and visit.session != longest.session:
            pairs[(longest.session, visit.session)] = None
            before[place] = crossing[place] = longest.session
        if place and visit.start < visits[place - 1].end and visit.session != visits[place - 1].session:
            crossing[place - 1] = visit.session
        if longest is None or visit.end > longest.end:
            longest = visit
    return list(pairs), before, crossing


def _judge_counts(visits: Sequence[Visit], before: Sequence[int | None], crossing: Sequence[int | None]) -> None:
    following: int | None = None
    for place in range(len(visits) - 1, -1, -1):
        visit = visits[place]
        if visit.deletions:
            after = None if following is None else visits[following]
            if crossing[place] is not None:
                because = f"session {crossing[place]} had the mailbox open at the same time"
                shown = Shown("not shown", because)
            elif after is not None and following is not None and before[following] is not None:
                because = f"session {before[following]} had the mailbox open at the count of session {after.session}"
                shown = Shown("not shown", because)
            else:
                shown = _by_count(visit, after)
            for one in visit.deletions:
                _write(one, _of_one(one, shown, visit, after))
        if visit.count is not None or visit.may_delete:
            following = place


def _by_count(visit: Visit, after: Visit | None) -> Shown:
    """Return what the next count shows of the deletions of a visit."""
    if after is None:
        return Shown("not shown", "no later count of this mailbox was captured")
    if after.count is None or after.count.messages is None:
        because = f"session {after.session} opened the mailbox next, and may have deleted messages before any count"
        return Shown("not shown", because)
    if visit.count is None or visit.count.messages is None:
        return Shown("not shown", "no count before the deletions was captured")
    if visit.last_frame.capture == after.first_frame.capture and visit.last_frame >= after.first_frame:
        return Shown("not shown", f"the order in time of sessions {visit.session} and {after.session} is in doubt")
    numbers = [one.entry.number for one in visit.deletions]
    if None in numbers:
        return Shown("not shown", "the number of a deleted message is not known")
    sure = {one.entry.number for one in visit.deletions if one.certain}
    counted, left = visit.count.messages, after.count.messages
    expected = counted - len(sure)
    least = counted - len(set(numbers))
    frames = (*visit.count.frames, *after.count.frames)
    told = f"session {visit.session} counted {counted:,}, session {after.session} counts {left:,}"
    if least < 0:
        return Shown("not shown", f"more messages were deleted than the {counted:,} that were counted")
    if left >= counted:
        because = f"{told}: new mail can have taken the place of what was deleted"
        return Shown("not shown", because, frames, undecided=True)
    if left < least:
        return Shown("not shown", f"{told}: more are gone than were deleted in the captured sessions", frames)
    if left >= expected:
        came = f" and {count(left - expected, 'new message')}" if left > expected else ""
        because = f"{told}: less {count(len(sure), 'deleted message')}{came}"
        return Shown("took effect", because, frames, exact=left == expected)
    because = f"{told}: less {count(counted - left, 'deleted message')}"
    return Shown("took effect", because, frames, exact=True, uncertain_too=left == least and visit.replies_whole)


def _of_one(one: Deletion, shown: Shown, visit: Visit, after: Visit | None) -> Shown:
    """Return what is shown of one deletion of a visit, where that is something else than of the visit's others."""
    if shown.outcome == "took effect":
        if not one.certain and not shown.uncertain_too:
            return Shown("not shown", f"{shown.because}, which may or may not be this one", shown.frames)
        if one.certain and one.shown.value is False and not shown.exact:
            return Shown("not shown", f"{shown.because}, or others deleted messages", shown.frames)
        return shown
    if one.back is None or after is None or one.back.session != after.session or not shown.undecided:
        return shown
    because = f"session {after.session} gets the same message again, as number {one.back.number}"
    return Shown("did not", because, (*shown.frames, *one.back.frames))


def _judge_identifiers(visits: Sequence[Visit]) -> None:
    """Judge anew the deletions of messages whose unique-id a later visit meets again."""
    waiting: dict[str, tuple[Visit, Deletion]] = {}
    for visit in visits:
        for identifier, seen in visit.identifiers.items():
            earlier, one = waiting.get(identifier, (None, None))
            if earlier is None or one is None or seen is None or visit.start < earlier.end:
                continue
            if earlier.last_frame.capture == visit.first_frame.capture and earlier.last_frame >= visit.first_frame:
                continue
            del waiting[identifier]
            gets = "lists" if seen.message is None else "gets"
            because = f"session {visit.session} {gets} a message of the same unique-id"
            if one.entry.outcome == "took effect":
                _write(one, Shown("not shown", f"{one.entry.because}; but {because}"))
            else:
                _write(one, Shown("did not", because, seen.frames))
        for one in visit.deletions:
            # None stands for an id that two of its messages have.
            if one.identifier is not None and one.certain and visit.identifiers.get(one.identifier, one) is not None:
                waiting[one.identifier] = visit, one


def _write(one: Deletion, shown: Shown) -> None:
    """Write into a deletion's entry what later sessions show of it, and what comes of that with its own session."""
    entry, before = one.entry, one.shown
    entry.outcome, entry.because, entry.committed = shown.outcome, shown.because, before
    if shown.outcome == "not shown":
        return
    value = shown.outcome == "took effect"
    frames = tuple(dict.fromkeys((*before.frames, *shown.frames)))
    if before.value is None:
        entry.committed = Verdict(value, Ground.CONCLUDED, shown.because, frames)
    elif before.value is not value:
        because = f"{before.because}, but {shown.because}"
        entry.committed = Verdict(None, Ground.CONTRADICTED, because, frames)
