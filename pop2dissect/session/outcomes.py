"""What a conversation comes to: logins, mailboxes opened, messages deleted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from pop2dissect.session.verdict import Verdict

LoginOutcome = Literal["accepted", "refused", "none", "unknown"]
Disposition = Literal["kept", "deleted", "refused", "unacknowledged", "unknown"]
FolderOutcome = Literal["opened", "empty", "absent", "kept", "refused", "unknown"]
"""opened: with messages. empty: it is there, and empty. absent: ``#0`` for nothing by that name. kept: the server could
not find it and stays in the mailbox before, which its reply names. refused: an error. unknown: not captured."""


class FolderOpening(NamedTuple):
    """A mailbox that was opened, or that a client asked for."""

    exchange: int
    """Index of the exchange that asked for it."""
    asked: str | None
    """As the client named it; None where a login opens the user's own."""
    octets: int
    """Of the name as on the wire, quoting and octets missing from the capture included."""
    outcome: FolderOutcome
    named: str | None
    """The mailbox as the server's reply names it by a path."""
    messages: int | None
    """How many the reply counts."""

    @property
    def path(self) -> str:
        """The path as far as it is known: as the server resolved it, else as the client asked for it."""
        return self.named if self.named is not None and self.outcome in ("opened", "empty") else self.asked or ""


class Listed(NamedTuple):
    """A message that the server listed with what it calls it for good."""

    exchange: int
    """Index of the exchange that asked for the listing."""
    number: int
    identifier: str


class Deletion(NamedTuple):
    """A message that a client asked the server to delete by its number."""

    exchange: int
    """Index of the exchange that asked for it, the last one where there were several."""
    number: int | None
    """None where the command does not name one."""
    identifier: str | None
    """What the server calls the message for good."""
    octets: int | None
    """Its size as the server listed it."""
    transferred: bool
    """The whole message was sent to the client in this session."""
    looked_at: bool
    """At least a part of it was."""
    disposed: Verdict[Disposition]
    """``deleted``; ``kept`` where the request was refused or taken back."""
    released: Verdict[bool | None]
    """Whether the deletion took effect."""


@dataclass(slots=True, frozen=True)
class Login:
    """An attempt to log in."""

    exchange: int
    """Index of the exchange that decides it."""
    mechanism: str
    """The command, and for SASL the mechanism: ``HELO``, ``PASS``, ``APOP``, ``AUTH PLAIN``."""
    user: str | None
    """None where there is none, or it was not captured whole."""
    password: str | None = field(repr=False)
    """None where there is none, it did not cross as it is, or it was not captured whole."""
    verdict: Verdict[LoginOutcome]
    locked: bool = False
    """The words or the code of the refusal say that the mailbox, and not the password, was the reason."""
    credentials_right: bool = False
    """It was refused for a reason that a server gives only once the password was right."""
    authorized_as: str | None = None
    """The identity that was asked for besides the user's own (SASL's authzid)."""
    challenge: str | None = None
    """What the server gave the client to prove itself by, where the password did not cross."""
    response: str | None = field(default=None, repr=False)
    """The client's proof."""
    realm: str | None = None
    """The domain or realm that the user belongs to (NTLM, DIGEST-MD5)."""
    offline: str | None = field(default=None, repr=False)
    """Challenge and proof in the notation of programs that try passwords (hashcat, John); as secret as a password."""
    other_host: str | None = None
    """The host to which the server was asked to log in (UW's ``host:user``)."""

    @property
    def outcome(self) -> LoginOutcome:
        """What came of it."""
        return self.verdict.value
