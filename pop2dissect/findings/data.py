"""What was done with the mail: folders read or deleted as a whole, and deletions that came to nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pop2dissect.findings.evidence import MAX_FRAMES, finding, first_few, quoted
from pop2dissect.findings.facts import SessionFacts
from pop2dissect.findings.folders import mailbox_named
from pop2dissect.protocols.identify import POP2
from pop2dissect.session import Exchange, Finding, Message, Session, Severity
from pop2dissect.text.values import count


class FolderUse(NamedTuple):
    """A folder, how many messages it had, and what was read of it and deleted."""

    mailbox: str | None
    messages: int
    read: int
    deleted: int
    """And the deletion was committed."""
    time: int | None
    frames: tuple[int, ...]
    """Of the reply that told how many there are, and of the first and last message."""
    deletion_frames: tuple[int, ...]
    """Of that reply, of the command that released the folder, and of those that deleted."""


def folder_uses(facts: SessionFacts) -> list[FolderUse]:
    """Return the folders of a session that have enough messages to matter, and of which any was read."""
    session = facts.session
    at_least = min(facts.thresholds.bulk_messages, facts.thresholds.wipe_messages)
    if len(session.messages) < at_least:
        return []
    if session.protocol == POP2:
        return list(_folders_of_pop2(session, facts.openings, at_least))
    return list(_mailboxes_of_rfc918(session, at_least))


def _folders_of_pop2(session: Session, exchanges: Sequence[Exchange], at_least: int) -> Iterator[FolderUse]:
    opened: list[tuple[int, str | None, int, tuple[int, ...]]] = []
    for exchange in exchanges:
        reply = exchange.replies[0] if exchange.replies else None
        if exchange.command in ("HELO", "FOLD") and reply is not None and reply.kind == "count":
            named = mailbox_named(reply)
            if opened and named is not None and named == opened[-1][1]:
                continue  # the same folder again, with the same messages
            opened.append((exchange.index, named, reply.value or 0, reply.frames))
    for place, (index, named, messages, frames) in enumerate(opened):
        if messages < at_least:
            continue
        end = opened[place + 1][0] if place + 1 < len(opened) else len(session.exchanges)
        inside = [message for message in session.messages if index < message.exchange < end]
        if inside:
            yield _use(session, named, messages, inside, frames)


def _mailboxes_of_rfc918(session: Session, at_least: int) -> Iterator[FolderUse]:
    """RFC 918 knows no messages: a mailbox is always read as a whole."""
    by_exchange: dict[int, list[Message]] = {}
    for message in session.messages:
        by_exchange.setdefault(message.exchange, []).append(message)
    for index, inside in by_exchange.items():
        if len(inside) >= at_least:
            yield _use(session, inside[0].mailbox, len(inside), inside, session.exchanges[index].frames)


def _use(
    session: Session, mailbox: str | None, messages: int, inside: Sequence[Message], frames: tuple[int, ...]
) -> FolderUse:
    deleted = [message for message in inside if message.disposition == "deleted" and message.committed]
    return FolderUse(
        mailbox,
        messages,
        _different(inside),
        _different(deleted),
        inside[0].start_time,
        (*frames, *inside[0].frames[:1], *inside[-1].frames[-1:]),
        first_few((*frames, *_deletion_frames(session, deleted)), MAX_FRAMES),
    )


def _deletion_frames(session: Session, deleted: Sequence[Message]) -> Iterator[int]:
    if not deleted:
        return
    following = session.exchanges[deleted[-1].exchange + 1 :]
    for exchange in following:
        if exchange.command in ("QUIT", "FOLD"):
            yield from exchange.frames
            break
    for message in deleted:
        for exchange in session.exchanges[message.exchange + 1 : message.exchange + 2]:
            yield from exchange.frames


def _different(messages: Sequence[Message]) -> int:
    """Count different messages; one whose number is not known counts as one of its own."""
    numbers = {message.number for message in messages if message.number is not None}
    return len(numbers) + sum(message.number is None for message in messages)


def is_bulk(use: FolderUse, facts: SessionFacts) -> bool:
    """Whether nearly all of a large folder was read."""
    limits = facts.thresholds
    return use.messages >= limits.bulk_messages and 100 * use.read >= limits.bulk_percent * use.messages


def is_wipe(use: FolderUse, facts: SessionFacts) -> bool:
    """Whether all of a folder was deleted."""
    return use.messages >= facts.thresholds.wipe_messages and use.deleted >= use.messages


def bulk_read(use: FolderUse, session: int, user: str | None, why: str) -> Finding:
    """data.bulk_read."""
    return finding(
        "data.bulk_read",
        f"{use.read:,} of the {use.messages:,} messages of {_folder(use)} were read in the session of user "
        f"{quoted(user or '')}. There is more about this user from this address: {why}.",
        time=use.time,
        frames=use.frames,
        sessions=(session,),
    )


def mass_delete(use: FolderUse, session: int, user: str | None, why: str | None) -> Finding:
    """data.mass_delete: high together with another finding, else info."""
    severity = Severity.INFO if why is None else Severity.HIGH
    context = "Nothing else speaks against it" if why is None else f"There is more about this user from there: {why}"
    return finding(
        "data.mass_delete",
        f"All {use.messages} messages of {_folder(use)} were deleted in the session of user {quoted(user or '')}, and "
        f"the client released the folder, so that the deletion took effect. {context}.",
        time=use.time,
        frames=use.deletion_frames,
        sessions=(session,),
        severity=severity,
    )


def _folder(use: FolderUse) -> str:
    return "a folder" if use.mailbox is None else f"folder {quoted(use.mailbox)}"


def delete_uncommitted(facts: SessionFacts) -> Iterator[Finding]:
    """data.delete_uncommitted."""
    session = facts.session
    if session.ending == "incomplete":
        return  # the QUIT may have come after the capture
    found = [message for message in session.messages if message.disposition == "deleted" and not message.committed]
    if session.protocol != POP2 or not found or _may_have_lost_end(session):
        return
    acknowledgements = [
        session.exchanges[message.exchange + 1] for message in found if message.exchange + 1 < len(session.exchanges)
    ]
    yield finding(
        "data.delete_uncommitted",
        f"{count(len(found), 'message was', 'messages were')} acknowledged by ACKD, but no QUIT or FOLD followed that "
        "the server accepted, so by the protocol nothing was deleted.",
        time=acknowledgements[0].time if acknowledgements else found[0].end_time,
        frames=(frame for exchange in acknowledgements for frame in exchange.frames),
        sessions=facts.sessions,
    )


def _may_have_lost_end(session: Session) -> bool:
    """Whether the capture lacks octets of the client after its last command."""
    gaps = session.client_stream.gaps
    last = next((exchange for exchange in reversed(session.exchanges) if exchange.command), None)
    return bool(gaps) and (last is None or gaps[-1].offset >= last.start)
