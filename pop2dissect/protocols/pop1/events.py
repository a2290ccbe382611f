"""The events of an RFC 918 conversation: those of POP2, with commands and states of their own."""

from __future__ import annotations

from typing import NamedTuple

from pop2dissect.protocols.pop1.grammar import Command
from pop2dissect.protocols.pop2.events import Closed, MessageData, ReplyEvent, ReplyLine

__all__ = ["Closed", "CommandLine", "MessageData", "ReplyEvent", "ReplyLine", "Turn"]


class CommandLine(NamedTuple):
    """A line of the client."""

    start: int
    end: int
    raw: bytes
    """Without its line end; octets that the capture lacks are left out."""
    command: Command
    missing: int
    """Octets of the line that the capture lacks."""


class Turn(NamedTuple):
    """A command and all that the server said to it. The greeting is a turn without a command.

    :class:`MessageData` in it is a mailbox whole, and its announced length that of ``#n``.
    """

    command: CommandLine | None
    replies: tuple[ReplyEvent, ...]
    state: str
    """Of the server before the command: one of :class:`pop2dissect.protocols.pop1.states.ServerState`."""
    next_state: str
    client_state: str
    """Always ``?``: RFC 918 knows no states of the client apart from the server's."""
    mailbox: str | None
    """The mailbox that the transaction under way is about, as the client named it."""
    deletes: bool | None
    """The transaction under way is RDEL and not RETR; None where there is none, or its begin was not captured."""
    violations: tuple[str, ...]
    notes: tuple[str, ...]
