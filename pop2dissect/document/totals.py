"""Totals over sessions, added up one session after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from pop2dissect.session import Deletion, Finding, Session


@dataclass(slots=True)
class Totals:
    """What all sessions come to."""

    sessions: int = 0
    protocols: Counter[str] = field(default_factory=Counter)
    users: set[str] = field(default_factory=set)
    """Names that were logged in with, accepted or not."""
    logins: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    octets: int = 0
    """Captured bytes of messages."""
    dispositions: Counter[str] = field(default_factory=Counter)
    committed: int = 0
    """Deletions that were released by QUIT or FOLD."""
    unread: int = 0
    """Messages that were marked as deleted and not transferred in that session."""
    violations: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    """By severity."""
    gaps: int = 0
    missing: int = 0
    """Bytes of streams that are missing from the captures."""
    conflicts: int = 0

    def add(self, session: Session) -> None:
        """Add a session."""
        self.sessions += 1
        self.protocols[session.protocol] += 1
        if session.user is not None:
            self.users.add(session.user)
        self.logins[session.login] += 1
        for message in session.messages:
            self.messages += 1
            self.octets += message.octets
            self.dispositions[message.disposition] += 1
        for one in session.deleted:
            self.committed += one.released.value is True
            self.unread += isinstance(one, Deletion)
        for exchange in session.exchanges:
            if exchange.departures:
                self.violations.update(exchange.violations)
        for stream in (session.client_stream, session.server_stream):
            self.gaps += len(stream.gaps)
            self.missing += stream.missing
            self.conflicts += len(stream.conflicts)
        self.add_findings(session.findings)

    def add_findings(self, findings: Iterable[Finding]) -> None:
        """Add findings, those of a session or others."""
        for finding in findings:
            self.findings[finding.severity] += 1
