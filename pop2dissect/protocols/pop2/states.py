"""The state machines of RFC 937, as tables. Nothing else decides about a state.

The server's is the decision table of the section "The Server Decision Table", the client's that of
"The Client Decision Table". A pair that is not in a table is an error by the RFC.
"""

from __future__ import annotations

from enum import StrEnum

from pop2dissect.protocols.base import ReplyKind, StateDiagram


class ServerState(StrEnum):
    """States of the server; UNKNOWN where the capture began in the middle."""

    AUTH = "AUTH"
    MBOX = "MBOX"
    ITEM = "ITEM"
    NEXT = "NEXT"
    DONE = "DONE"
    UNKNOWN = "?"

    __hash__ = str.__hash__  # that of Enum is written in Python


class ClientState(StrEnum):
    """States of the client; UNKNOWN where the capture began in the middle."""

    CALL = "CALL"
    NMBR = "NMBR"
    SIZE = "SIZE"
    XFER = "XFER"
    EXIT = "EXIT"
    UNKNOWN = "?"

    __hash__ = str.__hash__  # that of Enum is written in Python


_S, _C, _K = ServerState, ClientState, ReplyKind

SERVER: dict[tuple[str, str], tuple[ReplyKind, ServerState]] = {
    (_S.AUTH, "HELO"): (_K.COUNT, _S.MBOX),
    (_S.MBOX, "FOLD"): (_K.COUNT, _S.MBOX),
    (_S.ITEM, "FOLD"): (_K.COUNT, _S.MBOX),
    (_S.MBOX, "READ"): (_K.LENGTH, _S.ITEM),
    (_S.ITEM, "READ"): (_K.LENGTH, _S.ITEM),
    (_S.ITEM, "RETR"): (_K.DATA, _S.NEXT),
    (_S.NEXT, "ACKS"): (_K.LENGTH, _S.ITEM),
    (_S.NEXT, "ACKD"): (_K.LENGTH, _S.ITEM),
    (_S.NEXT, "NACK"): (_K.LENGTH, _S.ITEM),
    (_S.AUTH, "QUIT"): (_K.OK, _S.DONE),
    (_S.MBOX, "QUIT"): (_K.OK, _S.DONE),
    (_S.ITEM, "QUIT"): (_K.OK, _S.DONE),
}
"""(state, command) -> the reply of success, and the state after it. Any other reply ends the session."""

SUCCESS: dict[str, tuple[ReplyKind, ServerState]] = {command: outcome for (_, command), outcome in SERVER.items()}
"""command -> the reply of success, and the state after it: the same in every state that allows the
command, so that a session which was not captured from its start finds its state with the first reply."""

AFTER_REPLY: dict[ReplyKind, ServerState] = dict(SERVER.values())
"""reply of success -> the state after it, which does not depend on the command."""

CLIENT: dict[tuple[ClientState, ReplyKind], dict[str, ClientState]] = {
    (_C.CALL, _K.GREETING): {"HELO": _C.NMBR, "QUIT": _C.EXIT},
    (_C.NMBR, _K.COUNT): {"FOLD": _C.NMBR, "READ": _C.SIZE, "QUIT": _C.EXIT},
    (_C.SIZE, _K.LENGTH): {"READ": _C.SIZE, "RETR": _C.XFER, "FOLD": _C.NMBR, "QUIT": _C.EXIT},
    (_C.XFER, _K.DATA): {"ACKS": _C.SIZE, "ACKD": _C.SIZE, "NACK": _C.SIZE},
}
"""(state, reply received) -> what the client may send, and its state after that. After anything else it
sends QUIT and is in EXIT."""

CLIENT_AFTER: dict[str, ClientState] = {command: after for row in CLIENT.values() for command, after in row.items()}
"""command -> the client's state once it has sent it."""

DIAGRAM = StateDiagram(
    places={
        "AUTH": (0.0, 0.0),
        "MBOX": (2.0, 0.0),
        "ITEM": (4.0, 0.0),
        "NEXT": (6.0, 0.0),
        "DONE": (3.0, -2.6),
        "?": (0.0, -2.6),
    },
    bends={
        ("MBOX", "ITEM"): -0.28,
        ("ITEM", "MBOX"): -0.28,
        ("ITEM", "NEXT"): -0.28,
        ("NEXT", "ITEM"): -0.28,
        ("AUTH", "DONE"): 0.12,
        ("NEXT", "DONE"): -0.12,
    },
    labels={
        ("AUTH", "MBOX"): (1.0, 0.46, "bottom"),
        ("MBOX", "ITEM"): (3.0, 0.36, "bottom"),
        ("ITEM", "MBOX"): (3.0, -0.36, "top"),
        ("ITEM", "NEXT"): (5.0, 0.36, "bottom"),
        ("NEXT", "ITEM"): (5.0, -0.36, "top"),
        ("MBOX", "MBOX"): (2.0, 0.92, "bottom"),
        ("ITEM", "ITEM"): (4.0, 0.92, "bottom"),
        ("AUTH", "AUTH"): (0.0, 0.92, "bottom"),
        ("NEXT", "NEXT"): (6.0, 0.92, "bottom"),
        ("AUTH", "DONE"): (0.6, -1.45, "top"),
        ("MBOX", "DONE"): (1.85, -1.25, "center"),
        ("ITEM", "DONE"): (4.15, -1.25, "center"),
        ("NEXT", "DONE"): (5.4, -1.45, "top"),
    },
)
"""The server's states as the section "The Server State Diagram" orders them."""


def allowed(state: str, command: str) -> bool:
    """Whether the server's table has the command in a state; nothing is wrong in an unknown one."""
    return state == ServerState.UNKNOWN or (state, command) in SERVER


def after_reply(state: str, command: str, reply: ReplyKind) -> str:
    """Return the server's state after it answered a command; an empty one stands for one that was not captured."""
    if reply in (ReplyKind.ERROR, ReplyKind.CLOSE):
        return ServerState.DONE
    if not command:
        return AFTER_REPLY.get(reply, state)
    row = SUCCESS.get(command)
    return row[1] if row is not None and reply is row[0] else state


def after_greeting(refused: bool) -> tuple[ServerState, ClientState]:
    """Return the states after the first line of a server; one that refuses logins closes at once."""
    return (ServerState.DONE, ClientState.EXIT) if refused else (ServerState.AUTH, ClientState.CALL)
