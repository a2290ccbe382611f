"""What the turns of an RFC 918 conversation come to: logins, mailboxes, messages, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pop2dissect.capture.record import FrameRef
from pop2dissect.protocols.base import (
    Closed,
    Delivery,
    Interpretation,
    MessageData,
    ReplyEvent,
    ReplyKind,
    Turn,
    is_lost,
    primary_kind,
)
from pop2dissect.protocols.evidence import Evidence, is_captured
from pop2dissect.protocols.pop1.grammar import meant
from pop2dissect.protocols.pop1.mailbox import split
from pop2dissect.protocols.pop1.states import ServerState
from pop2dissect.protocols.refusals import speaks_of_lock
from pop2dissect.session.model import Disposition, FolderOpening, Login, LoginOutcome
from pop2dissect.session.verdict import Ground, Verdict
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.values import decode_text

NOT_DELETED = "the server could not delete the mail"

TRANSACTION = frozenset({ServerState.MBOX, ServerState.ITEM, ServerState.NEXT})
"""States of a server that let the client in."""


def interpret(turns: Sequence[Turn], client: Stream, server: Stream) -> Interpretation:
    """Return what the turns of a conversation come to."""
    evidence = Evidence(client, server)
    return Interpretation(tuple(_logins(turns, evidence)), tuple(_deliveries(turns, evidence)), tuple(_folders(turns)))


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
    verdict = _outcome(turn, turns[index + 1 :], evidence)
    text = next((reply.text for reply in turn.replies if not isinstance(reply, MessageData | Closed)), "")
    return Login(index, mechanism, user, password, verdict, locked=verdict.value == "refused" and speaks_of_lock(text))


def _outcome(turn: Turn, following: Sequence[Turn], evidence: Evidence) -> Verdict[LoginOutcome]:
    reply = turn.replies[-1] if turn.replies else None
    if reply is not None and not is_lost(reply):
        outcome = _by_reply(reply)
        if outcome is not None:
            said = "the server closed the connection" if isinstance(reply, Closed) else "the server's reply"
            return Verdict(outcome, Ground.SHOWN, said, evidence.frames(turn.command, reply))
    for other in following:
        shown = next((one for one in other.replies if _is_of_transaction(one)), None)
        if shown is not None:
            because = "the reply is missing from the capture, and the server went on to serve this client"
            return Verdict("accepted", Ground.CONCLUDED, because, evidence.frames(turn.command, shown))
    because = "no reply to it was captured" if evidence.server_seen else "nothing that the server sent was captured"
    return Verdict("unknown", Ground.UNKNOWN, because, evidence.frames(turn.command))


def _by_reply(reply: ReplyEvent) -> LoginOutcome | None:
    if isinstance(reply, Closed):
        return "refused"
    if isinstance(reply, MessageData):
        return None
    if reply.kind is ReplyKind.OK:
        return "accepted"
    return "refused" if reply.kind is ReplyKind.ERROR else None


def _is_of_transaction(reply: ReplyEvent) -> bool:
    if isinstance(reply, MessageData):
        return reply.end - reply.start > reply.missing
    return not isinstance(reply, Closed) and reply.kind is ReplyKind.COUNT and not reply.missing


def _folders(turns: Sequence[Turn]) -> Iterator[FolderOpening]:
    for index, turn in enumerate(turns):
        line = turn.command
        if line is None or meant(turn.keyword) not in ("RETR", "RDEL") or not line.command.arguments:
            continue
        octets = len(line.raw.lstrip(b" \t")[len(turn.keyword) :].lstrip(b" \t")) + line.missing
        reply = turn.replies[0] if turn.replies else None
        asked = decode_text(line.command.arguments[0])
        if isinstance(reply, Closed) or primary_kind(turn) is ReplyKind.ERROR:
            yield FolderOpening(index, asked, octets, "refused", None, None)
        elif reply is None or isinstance(reply, MessageData) or reply.kind is not ReplyKind.COUNT or reply.missing:
            yield FolderOpening(index, asked, octets, "unknown", None, None)
        else:  # "#n" counts characters here, and not messages
            yield FolderOpening(index, asked, octets, "opened" if reply.value else "absent", None, None)


def _deliveries(turns: Sequence[Turn], evidence: Evidence) -> Iterator[Delivery]:
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
                yield Delivery(
                    turn=index,
                    start=start,
                    end=end,
                    mailbox=turn.mailbox,
                    number=number,
                    declared=_declared(data, start, end, is_last=number == len(places)),
                    disposition=disposed,
                    committed=committed,
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
    nothing: Verdict[bool | None] = Verdict(False, Ground.SHOWN)
    line = after.command if after else None
    if after is None or line is None or not is_captured(line):
        if after is None and evidence.client_over:
            return Verdict("unacknowledged", Ground.SHOWN, "the client ended the connection after it"), nothing, ()
        because = "what the client sent after it is missing from the capture"
        unsure: Verdict[bool | None] = Verdict(None, Ground.UNKNOWN, because) if turn.deletes is not False else nothing
        return Verdict("unknown", Ground.UNKNOWN, because), unsure, ()
    keyword, kind = meant(after.keyword), primary_kind(after)
    frames = evidence.frames(line, *after.replies[:1])
    said = f"the client's {after.keyword}"
    if keyword == "RSET" and kind is not ReplyKind.ERROR:
        return Verdict("refused", Ground.SHOWN, said, frames), nothing, ()
    if keyword != "RCVD":
        because = "the client's next command is no acknowledgement"
        return Verdict("unacknowledged", Ground.SHOWN, because, frames), nothing, ()
    if not turn.deletes:
        if kind is ReplyKind.ERROR:
            return Verdict("unacknowledged", Ground.SHOWN, f"the server refused {after.keyword}", frames), nothing, ()
        return Verdict("kept", Ground.SHOWN, said, frames), nothing, ()
    if kind is ReplyKind.ERROR:
        return Verdict("kept", Ground.SHOWN, NOT_DELETED, frames), nothing, (NOT_DELETED,)
    return Verdict("deleted", Ground.SHOWN, f"{said} after RDEL", frames), _committed(after, frames, evidence), ()


def _committed(after: Turn, frames: tuple[FrameRef, ...], evidence: Evidence) -> Verdict[bool | None]:
    if primary_kind(after) is ReplyKind.OK:
        return Verdict(True, Ground.SHOWN, f"the server answered {after.keyword}", frames)
    assert after.command is not None
    receipt = evidence.receipt(after.command)
    if (
        receipt is not None
        and not evidence.server.reset
        and not any(isinstance(reply, Closed) for reply in after.replies)
    ):
        because = f"the server's TCP acknowledged {after.keyword}; its answer is missing from the capture"
        return Verdict(True, Ground.CONCLUDED, because, (*frames, receipt))
    return Verdict(None, Ground.UNKNOWN, f"nothing captured shows that the server acted on {after.keyword}", frames)
