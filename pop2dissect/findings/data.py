"""What was done with the mail: folders read or deleted as a whole, and deletions that came to nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pop2dissect.findings.attempts import Account
from pop2dissect.findings.evidence import MAX_FRAMES, finding, first_few
from pop2dissect.findings.facts import SessionFacts
from pop2dissect.session import (
    Deletion,
    Exchange,
    Finding,
    FolderOpening,
    Ground,
    Message,
    Session,
    Severity,
    Verdict,
)
from pop2dissect.text.quoting import quoted
from pop2dissect.text.values import count


class FolderUse(NamedTuple):
    """A folder, how many messages it had, and what was read of it and deleted."""

    mailbox: str | None
    messages: int
    read: int
    deleted: int
    """And the deletion was committed."""
    unsure: int
    """Of these the capture does not show whether they were deleted."""
    time: int | None
    frames: tuple[int, ...]
    """Of the reply that told how many there are, and of the first and last message."""
    deletion_frames: tuple[int, ...]
    """Of that reply, of the command that released the folder, and of those that deleted."""

    @property
    def folders(self) -> tuple[str, ...]:
        """The folder as the field of a finding."""
        return () if self.mailbox is None else (self.mailbox,)


def folder_uses(facts: SessionFacts) -> list[FolderUse]:
    """Return the folders of a session that have enough messages to matter, and of which any was read or deleted."""
    session = facts.session
    at_least = min(facts.thresholds.bulk_messages, facts.thresholds.wipe_messages)
    if max(len(session.messages), len(session.deletions)) < at_least:
        return []
    counted = [opening for opening in session.folders if opening.messages is not None]
    return list(_counted_folders(session, counted, at_least) if counted else _mailboxes(session, at_least))


def _counted_folders(session: Session, openings: Sequence[FolderOpening], at_least: int) -> Iterator[FolderUse]:
    opened: list[FolderOpening] = []
    for opening in openings:
        if not opened or opening.named is None or opening.named != opened[-1].named:
            opened.append(opening)  # else the same folder again, with the same messages
    for place, one in enumerate(opened):
        messages = one.messages or 0
        if messages < at_least:
            continue
        end = opened[place + 1].exchange if place + 1 < len(opened) else len(session.exchanges)
        inside = [message for message in session.messages if one.exchange < message.exchange < end]
        marked = [deletion for deletion in session.deletions if one.exchange < deletion.exchange < end]
        replies = session.exchanges[one.exchange].replies
        if inside or marked:
            yield _use(session, one.named, messages, inside, replies[0].frames if replies else (), marked)


def _mailboxes(session: Session, at_least: int) -> Iterator[FolderUse]:
    """Where no reply counts messages (RFC 918), a mailbox is always read as a whole."""
    by_exchange: dict[int, list[Message]] = {}
    for message in session.messages:
        by_exchange.setdefault(message.exchange, []).append(message)
    for index, inside in by_exchange.items():
        if len(inside) >= at_least:
            yield _use(session, inside[0].mailbox, len(inside), inside, session.exchanges[index].frames)


def _use(
    session: Session,
    mailbox: str | None,
    messages: int,
    inside: Sequence[Message],
    frames: tuple[int, ...],
    marked: Sequence[Deletion] = (),
) -> FolderUse:
    deleted = [message for message in inside if message.disposition == "deleted" and message.committed]
    unsure = [message for message in inside if message.committed is None]
    removed = [one for one in marked if one.disposed.value == "deleted" and one.released.value]
    open_ones = [one for one in marked if one.released.value is None]
    first = inside[0].start_time if inside else session.exchanges[marked[0].exchange].time
    seen = (*inside[0].frames[:1], *inside[-1].frames[-1:]) if inside else ()
    return FolderUse(
        mailbox,
        messages,
        _different(inside),
        _different(deleted, removed),
        _different(unsure, open_ones),
        first,
        (*frames, *seen),
        first_few((*frames, *_deletion_frames(session, deleted), *_marks(session, removed)), MAX_FRAMES),
    )


def _deletion_frames(session: Session, deleted: Sequence[Message]) -> Iterator[int]:
    if not deleted:
        return
    for index in (deleted[-1].released_by, *(message.acknowledged_by for message in deleted)):
        if index is not None:
            yield from session.exchanges[index].frames


def _marks(session: Session, removed: Sequence[Deletion]) -> Iterator[int]:
    for one in removed:
        yield from session.exchanges[one.exchange].frames


def _different(messages: Sequence[Message], marked: Sequence[Deletion] = ()) -> int:
    """Count different messages; one whose number is not known counts as one of its own."""
    numbers = [*(one.number for one in messages), *(one.number for one in marked)]
    return len({number for number in numbers if number is not None}) + numbers.count(None)


def is_bulk(use: FolderUse, facts: SessionFacts) -> bool:
    """Whether nearly all of a large folder was read."""
    limits = facts.thresholds
    return use.messages >= limits.bulk_messages and 100 * use.read >= limits.bulk_percent * use.messages


def is_wipe(use: FolderUse, facts: SessionFacts) -> bool:
    """Whether all of a folder was deleted, as far as the capture shows."""
    if use.messages < facts.thresholds.wipe_messages or not use.deleted:
        return False
    return use.deleted + use.unsure >= use.messages and use.deleted >= use.unsure


def bulk_read(use: FolderUse, session: int, account: Account, why: str) -> Finding:
    """data.bulk_read."""
    return finding(
        "data.bulk_read",
        f"{use.read:,} of the {use.messages:,} messages of {_folder(use)} were read in the session of user "
        f"{quoted(account.user)}. {why}.",
        time=use.time,
        frames=use.frames,
        sessions=(session,),
        **account.fields,
        folders=use.folders,
    )


def mass_delete(use: FolderUse, session: int, account: Account, why: str | None) -> Finding:
    """data.mass_delete: high together with another finding, else info."""
    context = "Nothing else speaks against it" if why is None else f"There is more about this user from there: {why}"
    if not use.read:
        context = f"None of them had been read in that session. {context}"
    severity = Severity.INFO if why is None and use.read else Severity.HIGH
    return finding(
        "data.mass_delete",
        f"{_deleted(use)} in the session of user {quoted(account.user)}, and the server released the folder, so that "
        f"the deletion took effect. {context}.",
        time=use.time,
        frames=use.deletion_frames,
        sessions=(session,),
        severity=severity,
        **account.fields,
        folders=use.folders,
    )


def _deleted(use: FolderUse) -> str:
    if not use.unsure:
        return f"All {use.messages} messages of {_folder(use)} were deleted"
    return (
        f"Of the {use.messages} messages of {_folder(use)} at least {use.deleted} were deleted (whether the other "
        f"{use.unsure} were, packets missing from the capture would show)"
    )


def _folder(use: FolderUse) -> str:
    return "a folder" if use.mailbox is None else f"folder {quoted(use.mailbox)}"


def headers_only(facts: SessionFacts) -> Iterator[Finding]:
    """data.headers_only and data.selective."""
    session = facts.session
    tops = {one.arguments[0].split()[0]: one for one in facts.suspects if _is_top(one)}
    counted = max((one.messages or 0 for one in session.folders), default=0)
    limits = facts.thresholds
    if len(tops) < limits.headers_messages or 100 * len(tops) < limits.bulk_percent * counted:
        return
    chosen = {one.number for one in session.messages} | {one.number for one in session.deletions}
    if 2 * len(chosen) > len(tops):
        return
    frames = [frame for one in tops.values() for frame in one.frames]
    asked = f"The client looked at the headers of {count(len(tops), 'message')}"
    acts = [session.exchanges[index] for index in (*(m.exchange for m in session.messages), *_asked(session))]
    if not chosen:
        yield finding(
            "data.headers_only",
            f"{asked} and read none.",
            time=next(iter(tops.values())).time,
            frames=frames,
            sessions=facts.sessions,
        )
    else:
        yield finding(
            "data.selective",
            f"{asked}, then read {count(_different(session.messages), 'message')} and deleted "
            f"{count(_different((), session.deletions), 'message')}.",
            time=acts[0].time,
            frames=(*(frame for one in acts for frame in one.frames), *frames),
            sessions=facts.sessions,
        )


def _asked(session: Session) -> Iterator[int]:
    return (one.exchange for one in session.deletions)


def _is_top(exchange: Exchange) -> bool:
    """Whether a command asked for the headers of a message, and got them."""
    return (
        exchange.command == "TOP" and bool(exchange.arguments) and any(one.kind == "data" for one in exchange.replies)
    )


class _Mark(NamedTuple):
    """A message that was marked as deleted, by acknowledgement or by its number."""

    released: Verdict[bool | None]
    exchange: int | None
    is_final: bool
    """Something made the deletion final."""
    end_time: int | None


def _marked(session: Session) -> Iterator[_Mark]:
    if session.deletions:
        for one in session.deletions:
            if one.disposed.value == "deleted":
                yield _Mark(one.released, one.exchange, one.released.ground is not Ground.CONTRADICTED, None)
        return
    for message in session.messages:
        if message.disposition == "deleted":
            final = message.released_by is not None
            yield _Mark(message.released, message.acknowledged_by, final, message.end_time)


def delete_uncommitted(facts: SessionFacts) -> Iterator[Finding]:
    """data.delete_uncommitted."""
    session = facts.session
    found = [one for one in _marked(session) if _is_uncommitted(one)]
    if not found:
        return
    settled = all(one.released.value is False for one in found)
    marked = [session.exchanges[one.exchange] for one in found if one.exchange is not None]
    yield finding(
        "data.delete_uncommitted",
        f"{count(len(found), 'message was', 'messages were')} marked as deleted; {found[0].released.because}"
        f"{', so by the protocol nothing was deleted' if settled else ''}.",
        time=marked[0].time if marked else found[0].end_time,
        frames=(frame for exchange in marked for frame in exchange.frames),
        sessions=facts.sessions,
    )


def _is_uncommitted(mark: _Mark) -> bool:
    """Whether nothing made a deletion final, even if a later session counts as if something had."""
    contradicted = mark.released.ground is Ground.CONTRADICTED and not mark.is_final
    return mark.released.value is False or contradicted
