"""What the ledger says: mailboxes, and what was seen of each in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from pop2dissect.capture.record import FrameRef
from pop2dissect.session import Endpoint, Verdict

Kind = Literal["count", "announcement", "deletion", "release"]
KINDS: tuple[Kind, ...] = get_args(Kind)

Outcome = Literal["took effect", "did not", "not shown"]
"""What later sessions show of a deletion."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(slots=True)
class LedgerEntry:
    """Something that a session shows of a mailbox."""

    kind: Kind
    """``count``: the server said how many messages there are. ``announcement``: it announced a message's length.
    ``deletion``: the client asked for one. ``release``: the mailbox was released, which makes deletions final."""
    session: int
    exchange: int
    """Index of the exchange in which it was said."""
    user: str | None
    time: int | None
    """In ns since 1970-01-01 UTC; None where no octet of it was captured."""
    frames: tuple[FrameRef, ...]
    number: int | None = None
    """The message's number in the mailbox; None where it cannot be told, or it is about no single message."""
    message: int | None = None
    """The message's index in its session."""
    messages: int | None = None
    """How many a count counts."""
    octets: int | None = None
    """How many an announcement announces."""
    committed: Verdict[bool | None] | None = None
    """Of a deletion: whether it took effect, by its own session and by later ones; the same as the message's."""
    outcome: Outcome | None = None
    """Of a deletion: what later sessions show."""
    because: str = ""
    """Of a deletion: why they show that."""


class Act(NamedTuple):
    """What a client did with a message."""

    what: Literal["fetched", "deleted"]
    session: int
    client: str
    """Its address."""
    frames: tuple[FrameRef, ...]


class SharedMessage(NamedTuple):
    """A message that clients at several addresses fetched or deleted: one unique-id in several sessions."""

    identifier: str
    acts: tuple[Act, ...]
    """In order of the sessions' beginnings."""


@dataclass(slots=True)
class Mailbox:
    """A mailbox on a server."""

    server: Endpoint
    name: str | None
    """As the server gives it, else as a client asked for it; None where it is the user's own and nothing names it."""
    users: tuple[str | None, ...]
    """Who was logged in when it was opened, in order of first use."""
    entries: tuple[LedgerEntry, ...]
    """In order of time; those of one session in the order of its exchanges."""
    at_once: tuple[tuple[int, int], ...]
    """Sessions that had it open at the same time, each with one that it overlaps."""
    shared: tuple[SharedMessage, ...] = ()
    """Messages that clients at several addresses fetched or deleted."""

    @property
    def sessions(self) -> tuple[int, ...]:
        """The sessions that opened it, in order of time."""
        return tuple(dict.fromkeys(entry.session for entry in self.entries))

    @property
    def counts(self) -> tuple[int, ...]:
        """Every count, in order of time."""
        return tuple(entry.messages for entry in self.entries if entry.messages is not None)

    def outcomes(self) -> Counter[Outcome]:
        """Count the deletions by what later sessions show of them."""
        return Counter(entry.outcome for entry in self.entries if entry.outcome is not None)

    @property
    def contradicted(self) -> tuple[LedgerEntry, ...]:
        """The deletions of which two sessions show opposite things."""
        return tuple(entry for entry in self.entries if entry.committed and entry.committed.ground == "contradicted")


def about_mailboxes(mailboxes: Sequence[Mailbox], selected: Sequence[int] | None) -> list[Mailbox]:
    """Return the mailboxes that sessions which were asked for have opened; None for all."""
    if selected is None:
        return list(mailboxes)
    wanted = set(selected)
    return [one for one in mailboxes if any(entry.session in wanted for entry in one.entries)]
