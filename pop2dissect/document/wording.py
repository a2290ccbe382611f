"""What a report says of a protocol in words: by which rules it was read, and what its commands mean for a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pop2dissect.protocols.identify import POP2, POP3, RFC918, RFC918_OR_POP3
from pop2dissect.session import Disposition, Message


@dataclass(frozen=True, slots=True)
class Words:
    """Of one protocol."""

    rules: str | None = None
    """By which its commands and replies were read; None where they were not."""
    framing: str | None = None
    """A sentence on which octets are those of a message."""
    deletion: str | None = None
    """A sentence on when a message is deleted."""
    commands: Mapping[Disposition, str] = field(default_factory=dict)
    """Which commands decide what becomes of a message."""

    def fate(self, message: Message) -> str:
        """Return what became of a message, with the command that says so."""
        command = self.commands.get(message.disposition)
        by = f" ({command})" if command else ""
        match message.disposition:
            case "deleted":
                return f"deleted{by}, committed" if message.committed else f"marked as deleted{by}, not committed"
            case "refused":
                return f"refused by the client{by}"
            case "unacknowledged":
                return "not acknowledged"
            case _:
                return f"kept{by}"


_WORDS: Final[Mapping[str, Words]] = {
    POP2: Words(
        rules="RFC 937 (POP2)",
        framing="POP2 announces the length of each message; the octets of a message are those that the server sent "
        "between RETR and the next reply.",
        deletion="By RFC 937 a message is deleted when the mailbox is released, by QUIT or another FOLD, after ACKD.",
        commands={"kept": "ACKS", "deleted": "ACKD", "refused": "NACK"},
    ),
    RFC918: Words(
        rules="RFC 918 (POP)",
        framing="RFC 918 announces the length of the mailbox as a whole, which the server sends after RCEV; its "
        "messages are taken apart by the lines that separate them.",
        deletion="By RFC 918 the mail that RDEL asked for is deleted when the client says RCVD and the server agrees.",
        commands={"kept": "RCVD", "deleted": "RDEL, RCVD", "refused": "RSET"},
    ),
    POP3: Words(
        rules="RFC 1939 (POP3)",
        deletion="By RFC 1939 a message that DELE marked is deleted when the client says QUIT and the server agrees.",
    ),
    RFC918_OR_POP3: Words(rules="what RFC 918 (POP) and RFC 1939 (POP3) have in common"),
}


def words_of(protocol: str) -> Words:
    """Return what is said of a protocol, by its name as sessions have it."""
    return _WORDS.get(protocol, _OTHER)


_OTHER = Words()
