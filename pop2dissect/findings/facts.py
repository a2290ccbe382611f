"""What the findings of a session look at: its logins, the folders it asked for, and its odd exchanges."""

from __future__ import annotations

import re
from typing import NamedTuple

from pop2dissect.findings.evidence import reply_text
from pop2dissect.findings.folders import FolderRequest, folder_requests, names_of_owner
from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.protocols.identify import POP2
from pop2dissect.protocols.pop2.grammar import has_unusual_octets
from pop2dissect.protocols.pop2.states import ServerState
from pop2dissect.session import Exchange, Login, Session

_PLAIN = frozenset({None, "RETR", "ACKS", "ACKD", "NACK", "READ", "QUIT"})
"""Commands in which there is nothing to look for unless the dissector found something odd. A bare keyword or number
holds no path and no password."""


_LOGGED_IN = (ServerState.MBOX, ServerState.ITEM, ServerState.NEXT)
"""States in which HELO is a command in the wrong place, and its refusal says nothing of the password."""

_LOCKED = re.compile(r"\block|\bbusy\b|in use|try (?:again )?later|temporar", re.IGNORECASE)
"""Words of refusals that have nothing to do with the password."""


class LoginAttempt(NamedTuple):
    """A user and a password that were tried."""

    user: str | None
    password: str | None
    """None where there is none, or it was not captured whole."""
    outcome: Login
    exchange: Exchange

    locked: bool
    """The words of the refusal say that the mailbox, and not the password, was the reason."""

    @property
    def digest(self) -> int | None:
        """Tells passwords apart without keeping them, within one run of the program."""
        return None if self.password is None else hash(self.password)


class SessionFacts:
    """One look at a session's exchanges, shared by all checks."""

    __slots__ = ("folders", "logins", "odd", "own_names", "server", "session", "suspects", "thresholds", "violations")

    def __init__(self, session: Session, thresholds: Thresholds) -> None:
        self.session = session
        self.thresholds = thresholds
        self.server = str(session.server)
        self.suspects = [one for one in session.exchanges if one.violations or one.command not in _PLAIN]
        """Exchanges that are worth a closer look."""
        self.violations: dict[str, list[Exchange]] = {}
        for exchange in self.suspects:
            for violation in exchange.violations:
                self.violations.setdefault(violation, []).append(exchange)
        self.odd = [exchange for exchange in self.suspects if _is_odd(exchange, thresholds)]
        """Those that are more than a line of text: what exploits are among."""
        self.logins = _logins(session, self.suspects)
        self.folders: list[FolderRequest] = folder_requests(session, self.openings)
        self.own_names = names_of_owner(session) if self.folders else frozenset()
        """The user's names, where folders were asked for; empty where nobody logged in or it was not captured."""

    @property
    def openings(self) -> list[Exchange]:
        """Exchanges among which are all that open a folder."""
        return self.suspects if self.session.protocol == POP2 else self.session.exchanges

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


def _logins(session: Session, suspects: list[Exchange]) -> list[LoginAttempt]:
    """Return the logins that were tried; in POP2 mostly one, as a refusal is to end the session."""
    if session.protocol == POP2:
        return _helos(session, [one for one in suspects if one.command == "HELO" and one.state not in _LOGGED_IN])
    attempts: list[LoginAttempt] = []
    user: str | None = None
    for exchange in suspects:
        argument = exchange.arguments[0] if exchange.arguments and not exchange.missing else None
        if exchange.command == "USER":
            user = argument
        elif exchange.command == "PASS":
            kind = next((reply.kind for reply in exchange.replies), None)
            outcome: Login = "accepted" if kind == "ok" else "refused" if kind in ("error", "close") else "none"
            attempts.append(_attempt(user, argument, outcome, exchange))
    return attempts


def _helos(session: Session, helos: list[Exchange]) -> list[LoginAttempt]:
    """Return the tries to log in by HELO; of the one that the session counts it knows more than the reply tells."""
    attempts: list[LoginAttempt] = []
    for helo in helos:
        if helo.index == session.login_exchange:
            attempts.append(_attempt(session.user, session.password, session.login, helo))
            continue
        user, password = (*helo.arguments, None, None)[:2]
        refused = any(reply.kind in ("error", "close", "ok") for reply in helo.replies)
        attempts.append(_attempt(user, None if helo.missing else password, "refused" if refused else "none", helo))
    return attempts


def _attempt(user: str | None, password: str | None, outcome: Login, exchange: Exchange) -> LoginAttempt:
    locked = outcome == "refused" and _LOCKED.search(reply_text(exchange) or "") is not None
    return LoginAttempt(user, password, outcome, exchange, locked)
