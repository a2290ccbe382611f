"""The contract of a protocol: what it declares and what it gives, so that nothing outside of it needs its name.

A protocol is a folder with ``grammar``, ``states``, ``dissector``, ``meaning`` and ``habits``, and one
:class:`Protocol` in its ``__init__``. :data:`pop2dissect.protocols.PROTOCOLS` lists them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from pop2dissect.patterns import expression
from pop2dissect.session import Deletion, Departure, Disposition, Field, FolderOpening, Listed, Login, Message, Software
from pop2dissect.tcp.stream import Stream

Range: TypeAlias = tuple[int, int]


class ReplyKind(StrEnum):
    """What a reply is; the values are those of the JSON document."""

    GREETING = "greeting"
    OK = "ok"
    ERROR = "error"
    COUNT = "count"
    LENGTH = "length"
    DATA = "data"
    CHALLENGE = "challenge"
    CLOSE = "close"
    UNKNOWN = "unknown"

    __hash__ = str.__hash__  # that of Enum is written in Python


class Command(NamedTuple):
    """A command line taken apart."""

    keyword: str
    """In capitals, as it was spelt; empty where the line is empty or begins with octets that are no keyword."""
    arguments: tuple[bytes, ...] = ()
    """As the protocol takes a line apart, unquoted; of a line that is no command the rest, if any."""
    well_formed: bool = True
    """The arguments are those that the grammar asks for."""
    secret: Range | None = None
    """Where in the line a password stands."""
    is_known: bool = True
    """The keyword is one of the protocol."""
    number: int | None = None
    """The message that it names by a number."""


class CommandLine(NamedTuple):
    """A line of the client."""

    start: int
    end: int
    raw: bytes
    """Without its line end; octets missing from the capture are left out."""
    command: Command
    missing: int
    """Octets of the line that are missing from the capture."""

    @property
    def argument_octets(self) -> int:
        """The octets of all that follows the keyword, those missing from the capture included."""
        return len(self.raw.lstrip(b" \t")[len(self.command.keyword) :].lstrip(b" \t")) + self.missing


class ReplyLine(NamedTuple):
    """A line of the server."""

    start: int
    end: int
    raw: bytes
    kind: ReplyKind
    value: int | None
    """The number that the reply gives: a count of messages, a length."""
    text: str
    missing: int


class MessageData(NamedTuple):
    """Data of the server that is no status line: a message, a mailbox, the lines of a multi-line reply."""

    start: int
    end: int
    announced: int | None
    """The octets that a reply announced; None where none did, or it was not captured."""
    missing: int
    is_message: bool = True
    """Mail; False for listings."""
    end_mark: int | None = None
    """Octets at its end that are the end mark of a multi-line reply; 0 where it was not seen, None where data is as
    long as was announced."""


class Closed(NamedTuple):
    """The server closed the connection instead of replying."""

    offset: int


ReplyEvent: TypeAlias = ReplyLine | MessageData | Closed


class Turn(NamedTuple):
    """A command and all that the server said to it. The greeting is a turn without a command."""

    command: CommandLine | None
    replies: tuple[ReplyEvent, ...]
    state: str
    """Of the server before the command."""
    next_state: str
    client_state: str
    """Of the client when it sent the command; ``?`` where the protocol has no such states."""
    mailbox: str | None
    """The mailbox that it is about, as the server named it, else as the client asked for it."""
    number: int | None
    """The message that it is about; None where that is not known."""
    departures: tuple[Departure, ...]
    notes: tuple[str, ...]
    deletes: bool | None = None
    """The transaction under way deletes what it reads (RFC 918's RDEL); None where that is not known or not so."""

    @property
    def keyword(self) -> str:
        """The command's keyword; empty without a command."""
        return self.command.command.keyword if self.command else ""


class Interpretation(NamedTuple):
    """What the turns of a conversation come to."""

    logins: tuple[Login, ...] = ()
    """Each attempt, in order."""
    messages: tuple[Message, ...] = ()
    """Those that the server sent, in order, and what became of them."""
    folders: tuple[FolderOpening, ...] = ()
    deletions: tuple[Deletion, ...] = ()
    """Each message that the client asked to delete by its number, in order, whether or not it was transferred."""
    listed: tuple[Listed, ...] = ()
    client: Software | None = None
    server: Software | None = None


class Signature(NamedTuple):
    """What the first octets of one end tell."""

    pattern: re.Pattern[bytes]
    evidence: str


def signatures(*rows: tuple[bytes, str]) -> tuple[Signature, ...]:
    """Return the signatures of pairs of a pattern and an evidence sentence; letters match in any case."""
    return tuple(Signature(expression(pattern, re.IGNORECASE | re.DOTALL), evidence) for pattern, evidence in rows)


END = rb"[ \t]*\r?$"
"""The end of a line, in a pattern of :attr:`CommandRule.arguments`."""


@dataclass(frozen=True, slots=True)
class CommandRule:
    """What a protocol declares of a command."""

    keyword: str
    """A pattern in capitals; mostly the keyword itself."""
    arguments: bytes = END
    """A pattern of what follows the keyword in a line that shows the protocol."""
    tells: bool = True
    """No other protocol has such a line, so that the first one of a client shows what it speaks."""
    harmless: bytes | None = None
    """A pattern of what follows the keyword in lines that hold no password whatever protocol it is; None where such
    a line may hold one."""
    continues: bool = False
    """Lines that follow it may hold a secret too, so that no grammar of single lines knows all of it."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a report says of a protocol: by which rules it was read, and what its commands mean for a message."""

    rules: str | None = None
    """By which its commands and replies were read; None where they were not."""
    framing: str | None = None
    """A sentence on which octets are those of a message."""
    deletion: str | None = None
    """A sentence on when a message is deleted."""
    commands: Mapping[Disposition, str] = field(default_factory=dict)
    """Which commands decide what becomes of a message: ``deleted`` is ``ACKD``."""


class StateDiagram(NamedTuple):
    """How a picture of a server's states is laid out: the states and transitions themselves are in the table."""

    places: Mapping[str, tuple[float, float]]
    """Where each state stands, and ``?`` where that of a server whose state is not known does."""
    bends: Mapping[tuple[str, str], float]
    """How much an arrow from one state to another bends; it is straight where it is not here."""
    labels: Mapping[tuple[str, str], tuple[float, float, str]]
    """Where what stands beside an arrow goes, and its vertical alignment."""


class Heard(NamedTuple):
    """What was heard of a conversation whose first octets are no protocol's signature."""

    command: CommandRule | None
    """The rule of the client's first command that tells a protocol, else of the first one that several share."""
    told: Protocol | None
    """The protocol that the command tells."""
    signs: bytes
    """The first octets of the server's lines from its start on that are all replies."""
    greeted_ok: bool
    """The server's first line is ``+OK``."""


@dataclass(frozen=True, slots=True, eq=False)
class Protocol:
    """A protocol as all layers above see it. Those that are only recognised have a name and signatures."""

    name: str
    """As JSON and tables call it."""
    server_signatures: tuple[Signature, ...] = ()
    """What a server's first octets tell at the start of a connection."""
    greeting_starts: tuple[bytes, ...] = ()
    """How a server's first line begins where its rest tells; of a line that is not whole yet more must be heard."""
    client_signatures: tuple[Signature, ...] = ()
    """What a client's first octets tell, where the server's do not speak against it."""
    may_greet: bytes | None = None
    """A pattern of a server's first octets that are another protocol's signature, and this one's where a command of
    it follows."""
    greets_ok: bool = False
    """Its servers greet with ``+OK``, as several do."""
    recognise: Callable[[Heard], str | None] | None = None
    """Gives the evidence where what was heard can be no other protocol."""
    greeted_by: re.Pattern[str] | None = None
    """What a greeting says after its sign: a group for the host, and one for the software."""
    lone_reply: Signature | None = None
    """What a reply in a segment of its own tells, where the start was not captured."""
    either: tuple[str, ...] = ()
    """The protocols that this one stands for where nothing tells them apart."""
    commands: tuple[CommandRule, ...] = ()
    dissect: Callable[[Stream, Stream, bool], Iterator[Turn]] | None = None
    """The turns of two streams, the client's first; the last argument tells that they begin with the connection."""
    interpret: Callable[[Sequence[Turn], Stream, Stream], Interpretation] | None = None
    initial_state: str | None = None
    """Of a server at which a connection begins; None for a protocol whose states are not followed."""
    server_states: tuple[str, ...] = ()
    client_states: tuple[str, ...] = ()
    transitions: tuple[tuple[str, str, str], ...] = ()
    """Those of the specification's table: state, command, next state."""
    diagram: StateDiagram | None = None
    """How its states are drawn; None where there is no picture of them."""
    words: Words = field(default_factory=Words)
    """What a report says of it."""
    command_fields: Callable[[bytes], tuple[Field, ...]] | None = None
    """The fields of a command line, with positions in it."""
    reply_fields: Callable[[bytes], tuple[Field, ...]] | None = None
    specification: str = ""
    """Where it is specified: ``RFC 937``."""
    ports: frozenset[int] = frozenset()
    """The TCP ports that are registered for it."""
    counted_as: str = ""
    """The name that the number of its sessions has in the summary of the JSON document, beside the list of all."""
    broken_into: Mapping[str, str] = field(default_factory=dict)
    """Where programs were broken into by overlong lines of any command: for which commands, and under which numbers
    that is known."""
    tls_ports: frozenset[int] = frozenset()
    """The TCP ports that are registered for it inside of TLS."""
    is_vulnerable: Callable[[str], bool] | None = None
    """Whether a greeting is that of a server that can be broken into."""
    farewell: bytes = b""
    """How a server's last words begin, also after an error."""
    is_encrypted: bool = False
    """What is not text of it is encrypted, and holds no password that could be read."""
    knows_secrets: bool = False
    """Its grammar finds every password of a client; else lines are looked through as those of any protocol."""
    is_subject: bool = False
    """A post office protocol, whose commands, states and passwords are known here."""


def primary_kind(turn: Turn) -> ReplyKind | None:
    """Return the kind of the reply proper; None where there is none, or not enough of it was captured to tell."""
    primary = turn.replies[0] if turn.replies else None
    if isinstance(primary, ReplyLine):
        return None if is_lost(primary) else primary.kind
    return ReplyKind.DATA if isinstance(primary, MessageData) else None


def is_lost(reply: ReplyEvent | None) -> bool:
    """Whether a reply was not captured far enough to know what it is."""
    return isinstance(reply, ReplyLine) and reply.kind is ReplyKind.UNKNOWN and reply.missing > 0
