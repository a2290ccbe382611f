"""From the turns of RFC 918 and POP3 to messages and a login."""

from __future__ import annotations

from collections.abc import Sequence

from pop2dissect.protocols.pop1 import MessageData, ReplyLine, Turn
from pop2dissect.protocols.pop1.mailbox import split
from pop2dissect.protocols.pop2.conversation import NO_REPLY
from pop2dissect.protocols.pop2.grammar import ReplyKind, decode
from pop2dissect.session import Disposition, Login, Message
from pop2dissect.tcp import Stream

NOT_DELETED = "the server could not delete the mail"


def messages(turns: Sequence[Turn], server: Stream) -> list[Message]:
    """Return the messages of every mailbox that was transmitted (RFC 918 has no other unit than the mailbox).

    ``number`` is a message's place in the mailbox. The server announces the octets of the mailbox only:
    each message but the last is as long as its separator lines say, and the last one has what is left of
    the announcement. So the declared octets of a mailbox's messages add up to its ``#n``, and a mailbox
    that was cut short shows as an incomplete last message.
    """
    found: list[Message] = []
    for index, turn in enumerate(turns):
        for data in turn.replies:
            if not isinstance(data, MessageData):
                continue
            disposition, committed, note = _disposition(turn, turns[index + 1 :])
            places = split(server, data.start, data.end)
            for number, (start, end) in enumerate(places, 1):
                missing = server.missing_between(start, end)
                found.append(
                    Message(
                        index=len(found) + 1,
                        exchange=index,
                        mailbox=turn.mailbox,
                        number=number,
                        declared_octets=_declared(data, start, end, is_last=number == len(places)),
                        start=start,
                        end=end,
                        octets=end - start - missing,
                        missing_octets=missing,
                        start_time=server.time_at(start),
                        end_time=server.time_at(end - 1),
                        frames=server.frames(start, end),
                        disposition=disposition,
                        committed=committed,
                        stream=server,
                        notes=(*turn.notes, *note),
                    )
                )
    return found


def _declared(data: MessageData, start: int, end: int, *, is_last: bool) -> int | None:
    if data.announced is None:
        return None
    return data.announced - (start - data.start) if is_last else end - start


def _disposition(turn: Turn, following: Sequence[Turn]) -> tuple[Disposition, bool, tuple[str, ...]]:
    """Return what became of a mailbox that was transmitted: the disposition, whether it is final, and a note.

    RFC 918, "RCVD": it says that the mail was accepted and ends the transaction. After RDEL the mail is
    deleted by then, unless an error reply says that it is not. RSET aborts the transaction.
    """
    after = following[0] if following else None
    command = after.command if after else None
    if after is None or command is None:
        return "unacknowledged", False, ()
    kind = _kind(after)
    if command.command.keyword == "RSET" and kind is not ReplyKind.ERROR:
        return "refused", False, ()
    if command.command.keyword != "RCVD":
        return "unacknowledged", False, ()
    if not turn.deletes:
        return ("unacknowledged" if kind is ReplyKind.ERROR else "kept"), False, ()
    if kind is ReplyKind.ERROR:
        return "kept", False, (NOT_DELETED,)
    return "deleted", kind is ReplyKind.OK or NO_REPLY in after.notes, ()


def _kind(turn: Turn) -> ReplyKind | None:
    primary = turn.replies[0] if turn.replies else None
    return primary.kind if isinstance(primary, ReplyLine) else None


def login(turns: Sequence[Turn]) -> tuple[str | None, str | None, Login, int | None]:
    """Return user, password, outcome and index: of the login that was accepted, else of the last one that was tried.

    A refused password may be followed by other tries in the same session.
    """
    user: str | None = None
    password: str | None = None
    outcome: Login = "none"
    tried: int | None = None
    for index, turn in enumerate(turns):
        if turn.command is None:
            continue
        keyword, arguments = turn.command.command.keyword, turn.command.command.arguments
        argument = decode(arguments[0]) if arguments else None
        if keyword == "USER":
            user, password = argument, None
        elif keyword == "PASS":
            password = argument
        elif keyword == "APOP":  # RFC 1939, section 7: a digest stands for the password
            user, password = (argument or "").split(" ")[0] or None, None
        else:
            continue
        tried = index
        kind = _kind(turn)
        if keyword != "USER" and kind is ReplyKind.OK:
            return user, password, "accepted", index
        if kind is ReplyKind.ERROR:
            outcome = "refused"
    return user, password, outcome, tried
