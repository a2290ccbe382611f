"""The events of a POP2 conversation. Offsets are those of the stream that each was read from."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from pop2dissect.protocols.pop2.grammar import Command, ReplyKind
from pop2dissect.protocols.pop2.states import ClientState, ServerState


class CommandLine(NamedTuple):
    """A line of the client."""

    start: int
    end: int
    raw: bytes
    """Without its line end; octets that the capture lacks are left out."""
    command: Command
    missing: int
    """Octets of the line that the capture lacks."""


class ReplyLine(NamedTuple):
    """A line of the server."""

    start: int
    end: int
    raw: bytes
    kind: ReplyKind
    value: int | None
    """The number of a ``#n`` or ``=n`` reply."""
    text: str
    missing: int


class MessageData(NamedTuple):
    """The data of a message, which has no terminator: only the announced length frames it."""

    start: int
    end: int
    announced: int | None
    """The octets that the last ``=n`` reply announced; None where that was not captured."""
    missing: int


class Closed(NamedTuple):
    """The server closed the connection instead of replying."""

    offset: int


ReplyEvent: TypeAlias = ReplyLine | MessageData | Closed


class Turn(NamedTuple):
    """A command and all that the server said to it. The greeting is a turn without a command."""

    command: CommandLine | None
    replies: tuple[ReplyEvent, ...]
    state: ServerState
    """Of the server before the command."""
    next_state: ServerState
    client_state: ClientState
    """Of the client when it sent the command."""
    mailbox: str | None
    """The mailbox that is open after it, as the server named it, else as the client asked for it."""
    number: int | None
    """The message that a READ or RETR is about, or to which an acknowledgement moved on; None if unknown."""
    violations: tuple[str, ...]
    notes: tuple[str, ...]
