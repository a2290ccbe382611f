"""What the findings of a session look at: its logins, the folders it asked for, and its odd exchanges."""

from __future__ import annotations

from typing import NamedTuple

from pop2dissect.findings.folders import FolderRequest, folder_requests, names_of_owner
from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.protocols import protocol_of
from pop2dissect.protocols.base import Protocol
from pop2dissect.protocols.lines import has_unusual_octets
from pop2dissect.session import Departure, Exchange, Login, LoginOutcome, Session

_PLAIN = frozenset({None, "RETR", "ACKS", "ACKD", "NACK", "READ", "QUIT"})
"""Commands in which there is nothing to look for unless the dissector found something odd. A bare keyword or number
holds no path and no password."""


_PLAIN_OCTETS = 16
"""Octets of such a line with a number, which is below ten million."""


_TYPED = 64
"""Characters of a password up to which it is kept while sessions are compared, as people may have typed it."""


class LoginAttempt(NamedTuple):
    """A user and a password that were tried."""

    user: str | None
    password: str | None
    """None where there is none, or it was not captured whole."""
    outcome: LoginOutcome
    exchange: Exchange
    login: Login

    @property
    def locked(self) -> bool:
        """The refusal says that the mailbox, and not the password, was the reason."""
        return self.login.locked

    @property
    def is_proven(self) -> bool:
        """A password was given, or what stands for it (APOP's digest, RFC 1939, section 7)."""
        return self.password is not None or self.login.response is not None

    @property
    def tried(self) -> str | None:
        """What tells passwords apart: a password, and of a proof or a long one something that stands for it."""
        if self.password is not None and len(self.password) <= _TYPED:
            return self.password
        return f"\0{hash(self.password or self.login.response)}" if self.is_proven else None


class SessionFacts:
    """One look at a session's exchanges, shared by all checks."""

    __slots__ = ("departures", "folders", "logins", "odd", "own_names", "server", "session", "suspects", "thresholds")

    def __init__(self, session: Session, thresholds: Thresholds) -> None:
        self.session = session
        self.thresholds = thresholds
        self.server = str(session.server)
        self.suspects = [
            one
            for one in session.exchanges
            if one.departures or one.command not in _PLAIN or one.end - one.start > _PLAIN_OCTETS
        ]
        """Exchanges that are worth a closer look."""
        self.departures: dict[str, list[tuple[Exchange, Departure]]] = {}
        """By their ids, with the exchange that each is in."""
        for exchange in self.suspects:
            for departure in exchange.departures:
                self.departures.setdefault(departure.id, []).append((exchange, departure))
        self.odd = [exchange for exchange in self.suspects if _is_odd(exchange, thresholds)]
        """Those that are more than a line of text: what exploits are among."""
        self.logins = [_attempt(session, login) for login in session.logins]
        self.folders: list[FolderRequest] = folder_requests(session)
        self.own_names = names_of_owner(session) if self.folders else frozenset()
        """The user's names, where folders were asked for; empty where nobody logged in or it was not captured."""

    @property
    def spoken(self) -> Protocol:
        """The protocol that was spoken."""
        return protocol_of(self.session.protocol)

    @property
    def commands(self) -> frozenset[str]:
        """The commands of the protocol that was spoken."""
        return frozenset(rule.keyword for rule in self.spoken.commands)

    @property
    def sessions(self) -> tuple[int, ...]:
        """The session's id, as findings name it."""
        return (self.session.id,)


def _is_odd(exchange: Exchange, thresholds: Thresholds) -> bool:
    """Whether a command is long, or holds what is no text, or the path of a shell."""
    raw = exchange.raw or b""
    return (
        exchange.end - exchange.start >= thresholds.overlong_fold
        or has_unusual_octets(raw)
        or (b"/" in raw and b"sh" in raw.lower())
    )


def _attempt(session: Session, login: Login) -> LoginAttempt:
    return LoginAttempt(login.user, login.password, login.outcome, session.exchanges[login.exchange], login)
