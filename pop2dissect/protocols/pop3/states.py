"""The state machine of RFC 1939 and its extensions, as a table. Nothing else decides about a state."""

from __future__ import annotations

from enum import StrEnum

from pop2dissect.protocols.base import ReplyKind, StateDiagram


class ServerState(StrEnum):
    """What the server is in; UNKNOWN where the capture began in the middle, or TLS hides it."""

    AUTHORIZATION = "AUTHORIZATION"
    TRANSACTION = "TRANSACTION"
    UPDATE = "UPDATE"
    """After QUIT in TRANSACTION: the server removes what was marked, and closes."""
    DONE = "DONE"
    """After QUIT in AUTHORIZATION, or after the server closed: nothing is removed."""
    UNKNOWN = "?"

    __hash__ = str.__hash__  # that of Enum is written in Python


_S = ServerState

SERVER: dict[tuple[str, str], ServerState] = {
    # RFC 1939, section 4
    (_S.AUTHORIZATION, "USER"): _S.AUTHORIZATION,
    (_S.AUTHORIZATION, "PASS"): _S.TRANSACTION,
    (_S.AUTHORIZATION, "APOP"): _S.TRANSACTION,
    (_S.AUTHORIZATION, "QUIT"): _S.DONE,
    # RFC 5034; RFC 2595, section 4; RFC 2449, section 5; RFC 6856, sections 2 and 3; RFC 1081
    (_S.AUTHORIZATION, "AUTH"): _S.TRANSACTION,
    (_S.AUTHORIZATION, "STLS"): _S.UNKNOWN,
    (_S.AUTHORIZATION, "CAPA"): _S.AUTHORIZATION,
    (_S.AUTHORIZATION, "UTF8"): _S.AUTHORIZATION,
    (_S.AUTHORIZATION, "LANG"): _S.AUTHORIZATION,
    (_S.AUTHORIZATION, "RPOP"): _S.TRANSACTION,
    # RFC 1939, section 5; RFC 1460 (LAST); RFC 1082 (XTND); qpopper (XSENDER)
    **{
        (_S.TRANSACTION, command): _S.TRANSACTION
        for command in (
            *("STAT", "LIST", "RETR", "DELE", "NOOP", "RSET", "TOP", "UIDL"),
            *("LAST", "CAPA", "LANG", "XTND", "XSENDER"),
        )
    },
    (_S.TRANSACTION, "QUIT"): _S.UPDATE,
}
"""(state, command) -> the state after ``+OK``. After ``-ERR`` it stays, but for QUIT, which ends the session."""

DIAGRAM = StateDiagram(
    places={
        "AUTHORIZATION": (0.0, 0.0),
        "TRANSACTION": (3.0, 0.0),
        "UPDATE": (6.0, 0.0),
        "DONE": (0.0, -2.6),
        "?": (3.0, -2.6),
    },
    bends={},
    labels={
        ("AUTHORIZATION", "AUTHORIZATION"): (0.0, 0.92, "bottom"),
        ("AUTHORIZATION", "TRANSACTION"): (1.5, 0.1, "bottom"),
        ("AUTHORIZATION", "DONE"): (0.0, -1.3, "center"),
        ("AUTHORIZATION", "?"): (1.5, -1.3, "center"),
        ("TRANSACTION", "TRANSACTION"): (4.1, -0.5, "top"),
        ("TRANSACTION", "UPDATE"): (4.5, 0.1, "bottom"),
        ("TRANSACTION", "DONE"): (1.5, -1.9, "center"),
    },
)
"""The server's states as RFC 1939 orders them (section 3)."""

_SHOWS_TRANSACTION = frozenset(
    command for (state, command) in SERVER if state is _S.TRANSACTION and (_S.AUTHORIZATION, command) not in SERVER
)
"""Commands that a server answers with ``+OK`` in TRANSACTION only."""


def allowed(state: str, command: str) -> bool:
    """Whether the table has the command in a state; nothing is wrong in an unknown one."""
    return state == ServerState.UNKNOWN or (state, command) in SERVER


def after_reply(state: str, command: str, reply: ReplyKind) -> str:
    """Return the server's state after it answered a command."""
    if reply is ReplyKind.CLOSE:
        return ServerState.UPDATE if (state, command) == (ServerState.TRANSACTION, "QUIT") else ServerState.DONE
    if command == "QUIT" and reply in (ReplyKind.OK, ReplyKind.ERROR):
        # RFC 1939, section 6: the server closes in any case.
        return SERVER.get((state, command), ServerState.DONE)
    if reply is not ReplyKind.OK:
        return state
    after = SERVER.get((state, command))
    if after is not None:
        return after
    if state == ServerState.UNKNOWN:
        if command in _SHOWS_TRANSACTION:
            return ServerState.TRANSACTION
        return SERVER.get((ServerState.AUTHORIZATION, command), state) if command != "CAPA" else state
    return state
