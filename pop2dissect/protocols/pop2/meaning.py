"""What the turns of a POP2 conversation come to: logins, folders, messages, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pop2dissect.protocols.base import (
    Closed,
    Interpretation,
    MessageData,
    ReplyEvent,
    ReplyKind,
    ReplyLine,
    Turn,
    primary_kind,
)
from pop2dissect.protocols.evidence import Evidence, is_captured
from pop2dissect.protocols.mailboxes import is_path, means, owner_of
from pop2dissect.protocols.pop2.grammar import MAX_REPLY_LINE, is_farewell, mailbox_of, meant, message_number_of
from pop2dissect.protocols.pop2.habits import client_of, server_of
from pop2dissect.protocols.pop2.states import ServerState
from pop2dissect.protocols.refusals import speaks_of_lock
from pop2dissect.protocols.verdicts import (
    NOTHING_TO_COMMIT,
    acknowledgement,
    is_service,
    login_verdict,
    never_released,
    outcome_of,
    took_effect,
)
from pop2dissect.session import Disposition, FolderOpening, FolderOutcome, Ground, Login, LoginOutcome, Message, Verdict
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.values import decode_text

DISPOSITIONS: Final[dict[str, Disposition]] = {"ACKS": "kept", "ACKD": "deleted", "NACK": "refused"}
"""RFC 937, "Command Summary": what the client makes of a message."""

_UNSURE: Final[Verdict[bool | None]] = Verdict(None, Ground.UNKNOWN, "it is not known whether the message was deleted")

RELEASING: Final = frozenset({"QUIT", "FOLD"})
"""What releases a mailbox, and so makes the deletions in it happen (RFC 937, "ACKD")."""

LOGGED_IN: Final = frozenset({ServerState.MBOX, ServerState.ITEM, ServerState.NEXT})
"""States in which HELO is a command in the wrong place, and its refusal says nothing of the password."""


def interpret(turns: Sequence[Turn], client: Stream, server: Stream) -> Interpretation:
    """Return what the turns of a conversation come to."""
    evidence = Evidence(client, server)
    return Interpretation(
        logins=tuple(_logins(turns, evidence)),
        messages=tuple(_messages(turns, evidence)),
        folders=tuple(_folders(turns)),
        client=client_of(turns, client),
        server=server_of(turns),
    )


# Logins.


def _logins(turns: Sequence[Turn], evidence: Evidence) -> Iterator[Login]:
    attempts = [index for index, turn in enumerate(turns) if _is_attempt(turn, evidence)]
    for place, index in enumerate(attempts):
        turn = turns[index]
        line = turn.command
        assert line is not None
        command = line.command
        texts = [decode_text(argument) for argument in command.arguments] if command.keyword == "HELO" else []
        following = turns[index + 1 : attempts[place + 1] if place + 1 < len(attempts) else None]
        verdict = login_verdict(
            turn,
            following,
            evidence,
            outcome=_outcome_of,
            serves=lambda _, reply: is_service(reply, longest=MAX_REPLY_LINE),
        )
        user = texts[0] if texts else _user_by_mailbox(turn)
        host, colon, _ = (user or "").rpartition(":")
        yield Login(
            exchange=index,
            mechanism="HELO",
            user=user,
            password=texts[1] if len(texts) > 1 and not line.missing else None,
            verdict=verdict,
            locked=verdict.value == "refused" and any(speaks_of_lock(text) for text in _texts(turn)),
            other_host=host if colon and not host.endswith(":") else None,
        )


def _is_attempt(turn: Turn, evidence: Evidence) -> bool:
    line = turn.command
    if line is None or turn.state in LOGGED_IN:
        return False
    if line.command.keyword == "HELO":
        return evidence.is_ended(line)
    # HELO was not captured, but the server's answer to it.
    return line.missing > 0 and not line.command.keyword and primary_kind(turn) is ReplyKind.COUNT


def _user_by_mailbox(turn: Turn) -> str | None:
    """Return the user whose mailbox the server opened, where HELO itself was not captured."""
    reply = turn.replies[0] if turn.replies else None
    named = mailbox_of(reply.text) if isinstance(reply, ReplyLine) else None
    return owner_of(named) if named else None


def _texts(turn: Turn) -> list[str]:
    return [reply.text for reply in turn.replies if isinstance(reply, ReplyLine)]


def _outcome_of(reply: ReplyEvent) -> LoginOutcome | None:
    if isinstance(reply, ReplyLine) and reply.kind is ReplyKind.COUNT:
        return "accepted"
    if isinstance(reply, ReplyLine) and reply.kind is ReplyKind.OK:
        if is_farewell(reply.raw):  # UW reports some errors by its farewell alone
            return "refused"
        return "accepted" if reply.text.lower().startswith("no mail") else None  # KA9Q says so for "#0"
    return outcome_of(reply)


# Folders.


def _folders(turns: Sequence[Turn]) -> Iterator[FolderOpening]:
    current: str | None = None
    for index, turn in enumerate(turns):
        line = turn.command
        if line is None:
            continue
        keyword = meant(line.command.keyword)
        reply = turn.replies[0] if turn.replies else None
        if keyword == "HELO" or (not keyword and line.missing and primary_kind(turn) is ReplyKind.COUNT):
            if isinstance(reply, ReplyLine) and reply.kind is ReplyKind.COUNT and reply.value is not None:
                current = None if reply.missing else _path_of(reply)
                yield FolderOpening(index, None, 0, "opened" if reply.value else "empty", current, reply.value)
        elif keyword == "FOLD" and line.command.arguments:
            asked = decode_text(line.command.arguments[0])
            outcome, named, messages = _opening(asked, reply, current)
            if outcome in ("opened", "empty") and named is not None:
                current = named
            yield FolderOpening(index, asked, line.argument_octets, outcome, named, messages)


def _opening(asked: str, reply: ReplyEvent | None, current: str | None) -> tuple[FolderOutcome, str | None, int | None]:
    """Return what came of a request for a folder, the mailbox that the reply names, and its messages."""
    if isinstance(reply, Closed):
        return "refused", None, None
    if not isinstance(reply, ReplyLine):
        return "unknown", None, None
    if reply.kind is ReplyKind.OK:  # KA9Q says "+ No mail, sorry" for "#0"
        return "absent", None, 0
    if reply.kind is ReplyKind.ERROR:
        return "refused", None, None
    if reply.kind is not ReplyKind.COUNT or reply.missing or reply.value is None:
        return "unknown", None, None
    named = _path_of(reply)
    if named is None:
        return ("opened" if reply.value else "absent"), None, reply.value
    if not means(asked, named) and (current is None or named == current):
        return "kept", named, reply.value  # UW's server could not find it and stays where it was
    return ("opened" if reply.value else "empty"), named, reply.value


def _path_of(reply: ReplyLine) -> str | None:
    """Return the mailbox that a ``#n`` reply names, if it is a name and not only a part of a sentence."""
    name = mailbox_of(reply.text)
    return name if name is not None and is_path(name) else None


# Messages.


def _messages(turns: Sequence[Turn], evidence: Evidence) -> Iterator[Message]:
    releases = _releases(turns)
    effects: dict[int, Verdict[bool | None]] = {}
    for index, turn in enumerate(turns):
        for data in turn.replies:
            if not isinstance(data, MessageData):
                continue
            following = turns[index + 1] if index + 1 < len(turns) else None
            disposed = _disposition(turn, following, evidence)
            release = releases[min(index + 2, len(turns))]
            if disposed.value == "unknown":
                released = _UNSURE
            elif disposed.value != "deleted" or following is None or following.command is None:
                released = NOTHING_TO_COMMIT
            elif release is not None:
                if release not in effects:
                    effects[release] = took_effect(turns[release], evidence)
                released = effects[release]
            else:
                released = never_released("QUIT or FOLD", following.command.end, evidence)
            yield Message(
                exchange=index,
                start=data.start,
                end=data.end,
                mailbox=turn.mailbox,
                number=turn.number,
                declared_octets=data.announced,
                disposed=disposed,
                released=released,
                stream=evidence.server,
                acknowledged_by=index + 1 if following is not None and disposed.frames else None,
                released_by=release,
                notes=turn.notes,
            )


def _disposition(turn: Turn, following: Turn | None, evidence: Evidence) -> Verdict[Disposition]:
    """Return what the client made of a message: by its next command, else by what the server answered to that."""
    if following is not None and not is_captured(following.command):
        reply = following.replies[0] if following.replies else None
        if isinstance(reply, ReplyLine) and reply.kind is ReplyKind.LENGTH and not reply.missing:
            moved = message_number_of(reply.text)
            because = "the acknowledgement is missing from the capture"
            if moved is not None and turn.number is not None and moved != turn.number:
                because += f"; the server's answer, about message {moved}, shows that it was ACKS or ACKD, and not NACK"
            return Verdict("unknown", Ground.UNKNOWN, because, evidence.frames(reply))
    return acknowledgement(following, meant(following.keyword) if following else "", DISPOSITIONS, evidence)


def _releases(turns: Sequence[Turn]) -> list[int | None]:
    """Return for each turn the index of the first one from it on that asks the server to release the mailbox."""
    releases: list[int | None] = [None] * (len(turns) + 1)
    following: int | None = None
    for index in reversed(range(len(turns))):
        line = turns[index].command
        if line is not None and meant(line.command.keyword) in RELEASING:
            following = index
        releases[index] = following
    return releases
