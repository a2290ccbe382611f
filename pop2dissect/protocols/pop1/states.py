"""The state machine of RFC 918, as a table. Nothing else decides about a state.

It is that of the section "Combined Flow Diagram". The RFC draws the states and gives them no names;
here they have those of RFC 937 where they mean the same, and PASS for the one that POP2 lacks.
"""

from __future__ import annotations

from enum import StrEnum

from pop2dissect.protocols.base import ReplyKind
from pop2dissect.protocols.pop1.grammar import SPELLINGS


class ServerState(StrEnum):
    """What the server waits for; UNKNOWN where the capture began in the middle."""

    AUTH = "AUTH"
    """A user name."""
    PASS = "PASS"
    """The password that belongs to it."""
    MBOX = "MBOX"
    """A mail reading transaction to begin."""
    ITEM = "ITEM"
    """The client to be ready for the mail, whose length was announced."""
    NEXT = "NEXT"
    """The client to say that it has received the mail."""
    DONE = "DONE"
    UNKNOWN = "?"

    __hash__ = str.__hash__  # that of Enum is written in Python


_S, _K = ServerState, ReplyKind

SERVER: dict[tuple[str, str], tuple[ReplyKind, ServerState, ServerState]] = {
    (_S.AUTH, "USER"): (_K.OK, _S.PASS, _S.AUTH),
    # A refused password leads back to where USER or QUIT may come.
    (_S.PASS, "PASS"): (_K.OK, _S.MBOX, _S.AUTH),
    (_S.MBOX, "RETR"): (_K.COUNT, _S.ITEM, _S.MBOX),
    (_S.MBOX, "RDEL"): (_K.COUNT, _S.ITEM, _S.MBOX),
    # No reply of failure: the server aborts the connection.
    (_S.ITEM, "RCEV"): (_K.DATA, _S.NEXT, _S.DONE),
    # -ERR: the mail could not be deleted. The transaction is over all the same.
    (_S.NEXT, "RCVD"): (_K.OK, _S.MBOX, _S.MBOX),
    (_S.MBOX, "RSET"): (_K.OK, _S.MBOX, _S.MBOX),
    (_S.ITEM, "RSET"): (_K.OK, _S.MBOX, _S.ITEM),
    (_S.NEXT, "RSET"): (_K.OK, _S.MBOX, _S.NEXT),
    (_S.MBOX, "NOOP"): (_K.OK, _S.MBOX, _S.MBOX),
    (_S.AUTH, "QUIT"): (_K.OK, _S.DONE, _S.AUTH),
    (_S.MBOX, "QUIT"): (_K.OK, _S.DONE, _S.MBOX),
}
"""(state, command) -> the reply of success, the state after it, and the state after ``-ERR``."""

_LENIENT = {
    command: (reply, after) for (state, command), (reply, after, _) in SERVER.items() if command not in ("NOOP", "RSET")
}
"""command -> the reply of success and the state after it, wherever a server accepts it. NOOP changes nothing,
and RSET nothing where no transaction is under way."""

_AFTER_REPLY = {_K.COUNT: _S.ITEM, _K.DATA: _S.NEXT}
"""reply -> the state after it, where the command was not captured."""


def allowed(state: str, command: str) -> bool:
    """Whether the table has the command in a state; nothing is wrong in an unknown one."""
    return state == ServerState.UNKNOWN or (state, SPELLINGS.get(command, command)) in SERVER


def expected_reply(state: str, command: str) -> ReplyKind | None:
    """Return the reply of success to a command; None where the command is not allowed."""
    row = SERVER.get((state, SPELLINGS.get(command, command)))
    return row[0] if row else None


def after_reply(state: str, command: str, reply: ReplyKind) -> str:
    """Return the server's state after it answered a command; an empty one stands for one that was not captured."""
    if reply is ReplyKind.CLOSE:
        return ServerState.DONE
    if not command:
        return _AFTER_REPLY.get(reply, state)
    command = SPELLINGS.get(command, command)
    row = SERVER.get((state, command))
    if reply is ReplyKind.ERROR:
        return row[2] if row else state
    if command == "RCEV" and reply is ReplyKind.OK:
        reply = ReplyKind.DATA  # "+OK" alone, before an empty mailbox or data that was lost
    success = row[:2] if row else _LENIENT.get(command)
    return success[1] if success is not None and reply is success[0] else state
