"""A command, the replies to it, and where it departs from its protocol.

Offsets are octets from the start of a stream, gaps included.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from pop2dissect.capture.record import FrameRef
from pop2dissect.session.ends import Direction
from pop2dissect.text.values import decode_text

PASSWORD_MASK = "********"


class Field(NamedTuple):
    """A run of octets of a line that has a meaning in the grammar."""

    name: str
    """``keyword``, ``user``, ``password``, ``argument``, ``indicator``, ``code``, ``number``, ``text``."""
    start: int
    """Offset in the line."""
    end: int


class Departure(NamedTuple):
    """A place where a conversation departs from its protocol."""

    id: str
    """As the findings catalogue lists it: ``protocol.state`` ..."""
    side: Direction
    """Whose stream it is in."""
    start: int
    end: int
    """Offsets in that stream."""
    frames: tuple[FrameRef, ...]


@dataclass(slots=True)
class Reply:
    """One reply of the server: a line, the data of a message, or the closing of the connection."""

    kind: str
    """``greeting``, ``ok``, ``error``, ``count``, ``length``, ``data``, ``challenge``, ``close`` or ``unknown``."""
    start: int
    """Offset in the server's stream."""
    end: int
    """Offset after its last octet (its line end included)."""
    time: int | None
    """Time of its first octet; None where no octet of it was captured."""
    frames: tuple[FrameRef, ...]
    raw: bytes = b""
    """The line as on the wire without its line end; empty for data and close. Lost octets are left out."""
    value: int | None = None
    """The number of a ``#n`` or ``=n`` reply, or the octets on the wire of data."""
    text: str = ""
    """What follows the sign and the number."""
    missing: int = 0
    """Octets between ``start`` and ``end`` that the capture lacks."""

    @property
    def line(self) -> str:
        """The reply as text: UTF-8 where it is, else Latin-1."""
        return decode_text(self.raw)


@dataclass(slots=True)
class Exchange:
    """A command and the replies to it. The first exchange of a whole session is the greeting, without a command."""

    index: int
    """Counted from 0 in the session."""
    command: str | None
    """The keyword in capitals, as the protocol knows it; ``""`` where the line has none; None where there is no
    command (the greeting) or it was not captured."""
    arguments: tuple[str, ...] = field(repr=False)
    """Unquoted. For HELO the user and the password."""
    raw: bytes | None = field(repr=False)
    """The command as on the wire, without its line end, lost octets left out; None without a command."""
    secret: tuple[int, int] | None
    """The part of ``raw`` that is a password, to be masked; None where there is none."""
    start: int
    """Offset of the command in the client's stream."""
    end: int
    time: int | None
    """Time of the command's first octet; of the first reply where there is no command."""
    frames: tuple[FrameRef, ...]
    """Frames of the command, in order of its octets."""
    state: str
    """The server's state before it by RFC 937: AUTH MBOX ITEM NEXT DONE, by RFC 918 also PASS, or ``?`` where not
    known."""
    next_state: str
    client_state: str
    """The client's state when it sent the command by RFC 937: CALL NMBR SIZE XFER EXIT, or ``?``."""
    replies: list[Reply]
    departures: tuple[Departure, ...] = ()
    """Where it departs from the protocol."""
    notes: tuple[str, ...] = ()
    """Sentences for a person: what is unusual here, lost, or inferred."""
    missing: int = 0
    """Octets of the command that the capture lacks."""
    end_time: int | None = None
    """Time of the command's last octet; None where there is no command, or that octet was not captured."""

    @property
    def violations(self) -> tuple[str, ...]:
        """The ids of :attr:`departures`, each once."""
        return tuple(dict.fromkeys(departure.id for departure in self.departures)) if self.departures else ()

    @property
    def latency(self) -> int | None:
        """Time in ns from the command's last octet to the first reply; None where it cannot be known.

        That is where either was not captured, or where the time stamps have the reply first.
        """
        if self.command is not None and self.end_time is not None:
            for reply in self.replies:
                if reply.time is not None:
                    return reply.time - self.end_time if reply.time >= self.end_time else None
        return None

    def shown_line(self, show_passwords: bool = False) -> str | None:
        """Return the command line as text, its password masked unless asked for."""
        if self.raw is None:
            return None
        if self.secret is None or show_passwords:
            return decode_text(self.raw)
        first, last = self.secret
        return decode_text(self.raw[:first]) + PASSWORD_MASK + decode_text(self.raw[last:])

    def shown_arguments(self, show_passwords: bool = False) -> tuple[str, ...]:
        """Return the arguments, a password among them masked unless asked for."""
        if self.secret is None or show_passwords or not self.arguments:
            return self.arguments
        return (*self.arguments[:-1], PASSWORD_MASK)
