"""What the turns of an RFC 918 conversation come to: logins, mailboxes, messages, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pop2dissect.protocols.base import (
    Closed,
    Interpretation,
    MessageData,
    ReplyKind,
    Turn,
    primary_kind,
)
from pop2dissect.protocols.evidence import Evidence
from pop2dissect.protocols.pop1.grammar import MAX_LINE, meant
from pop2dissect.protocols.pop1.mailbox import split
from pop2dissect.protocols.refusals import speaks_of_lock
from pop2dissect.protocols.verdicts import (
    NOTHING_TO_COMMIT,
    acknowledgement,
    is_service,
    login_verdict,
    took_effect,
)
from pop2dissect.session import Disposition, FolderOpening, Ground, Login, Message, Verdict
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.values import decode_text

NOT_DELETED = "the server could not delete the mail"

_ACKNOWLEDGEMENTS: Final[dict[str, Disposition]] = {"RCVD": "kept", "RSET": "refused"}


def interpret(turns: Sequence[Turn], client: Stream, server: Stream) -> Interpretation:
    """Return what the turns of a conversation come to."""
    evidence = Evidence(client, server)
    return Interpretation(tuple(_logins(turns, evidence)), tuple(_messages(turns, evidence)), tuple(_folders(turns)))


def _logins(turns: Sequence[Turn], evidence: Evidence) -> Iterator[Login]:
    """Yield each attempt: a PASS, and the USER before it; a USER that was refused or not followed is one too."""
    user: str | None = None
    pending: int | None = None
    for index, turn in enumerate(turns):
        line = turn.command
        if line is None or turn.keyword not in ("USER", "PASS"):
            continue
        arguments = line.command.arguments
        argument = decode_text(arguments[0]) if arguments and not line.missing else None
        if turn.keyword == "USER":
            user, pending = argument, None
            if primary_kind(turn) is ReplyKind.ERROR:
                yield _login(index, turn, "USER", user, None, turns, evidence)
            else:
                pending = index
        else:
            pending = None
            yield _login(index, turn, "PASS", user, argument, turns, evidence)
    if pending is not None:
        because = "no password was captured after the user's name"
        yield Login(pending, "USER", user, None, Verdict("none", Ground.SHOWN, because))


def _login(
    index: int,
    turn: Turn,
    mechanism: str,
    user: str | None,
    password: str | None,
    turns: Sequence[Turn],
    evidence: Evidence,
) -> Login:
    verdict = login_verdict(
        turn, turns[index + 1 :], evidence, serves=lambda _, reply: is_service(reply, longest=MAX_LINE)
    )
    text = next((reply.text for reply in turn.replies if not isinstance(reply, MessageData | Closed)), "")
    return Login(index, mechanism, user, password, verdict, locked=verdict.value == "refused" and speaks_of_lock(text))


def _folders(turns: Sequence[Turn]) -> Iterator[FolderOpening]:
    for index, turn in enumerate(turns):
        line = turn.command
        if line is None or meant(turn.keyword) not in ("RETR", "RDEL") or not line.command.arguments:
            continue
        octets = line.argument_octets
        reply = turn.replies[0] if turn.replies else None
        asked = decode_text(line.command.arguments[0])
        if isinstance(reply, Closed) or primary_kind(turn) is ReplyKind.ERROR:
            yield FolderOpening(index, asked, octets, "refused", None, None)
        elif reply is None or isinstance(reply, MessageData) or reply.kind is not ReplyKind.COUNT or reply.missing:
            yield FolderOpening(index, asked, octets, "unknown", None, None)
        else:  # "#n" counts characters here, and not messages
            yield FolderOpening(index, asked, octets, "opened" if reply.value else "absent", None, None)


def _messages(turns: Sequence[Turn], evidence: Evidence) -> Iterator[Message]:
    """Yield the messages of every mailbox that was transmitted (RFC 918 has no other unit than the mailbox).

    ``number`` is a message's place in the mailbox. The server announces the octets of the mailbox only:
    each message but the last is as long as its separator lines say, and the last one has what is left of
    the announcement. So the declared octets of a mailbox's messages add up to its ``#n``, and a mailbox
    that was cut short shows as an incomplete last message.
    """
    for index, turn in enumerate(turns):
        for data in turn.replies:
            if not isinstance(data, MessageData):
                continue
            following = turns[index + 1] if index + 1 < len(turns) else None
            disposed, committed, note = _disposition(turn, following, evidence)
            places = split(evidence.server, data.start, data.end)
            for number, (start, end) in enumerate(places, 1):
                yield Message(
                    exchange=index,
                    start=start,
                    end=end,
                    mailbox=turn.mailbox,
                    number=number,
                    declared_octets=_declared(data, start, end, is_last=number == len(places)),
                    disposed=disposed,
                    released=committed,
                    stream=evidence.server,
                    acknowledged_by=index + 1 if following is not None and disposed.frames else None,
                    released_by=index + 1 if committed.value else None,
                    notes=(*turn.notes, *note),
                )


def _declared(data: MessageData, start: int, end: int, *, is_last: bool) -> int | None:
    if data.announced is None:
        return None
    return data.announced - (start - data.start) if is_last else end - start


def _disposition(
    turn: Turn, after: Turn | None, evidence: Evidence
) -> tuple[Verdict[Disposition], Verdict[bool | None], tuple[str, ...]]:
    """Return what became of a mailbox that was transmitted: the disposition, whether it is final, and a note.

    RFC 918, "RCVD": it says that the mail was accepted and ends the transaction. After RDEL the mail is
    deleted by then, unless an error reply says that it is not. RSET aborts the transaction.
    """
    keyword = meant(after.keyword) if after else ""
    disposed = acknowledgement(after, keyword, _ACKNOWLEDGEMENTS, evidence)
    if after is None or keyword != "RCVD":
        if disposed.value == "unknown" and turn.deletes is not False:
            return disposed, Verdict(None, Ground.UNKNOWN, disposed.because), ()
        return disposed, NOTHING_TO_COMMIT, ()
    if turn.deletes is False:
        return disposed, NOTHING_TO_COMMIT, ()
    if disposed.value == "unknown":
        return disposed, Verdict(None, Ground.UNKNOWN, disposed.because), ()
    if primary_kind(after) is ReplyKind.ERROR:
        return Verdict("kept", Ground.SHOWN, NOT_DELETED, disposed.frames), NOTHING_TO_COMMIT, (NOT_DELETED,)
    if turn.deletes is None:
        because = "the command that asked for it, RETR or RDEL, is missing from the capture"
        return Verdict("unknown", Ground.UNKNOWN, because), Verdict(None, Ground.UNKNOWN, because), ()
    said = f"the client's {after.keyword} after RDEL"
    return Verdict("deleted", Ground.SHOWN, said, disposed.frames), took_effect(after, evidence), ()
