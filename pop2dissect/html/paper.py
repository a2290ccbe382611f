"""What of a report is printed: paper has what matters, the screen has everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pop2dissect.choices import ReportScope
from pop2dissect.incidents import Incident
from pop2dissect.session import Finding, Session, Severity

MAX_SESSIONS = 8
"""Sessions that are printed in full, the gravest first, unless all are asked for."""
MAX_ROWS = 20
"""Rows of the list of sessions that are printed, unless all are asked for."""


def printed_sessions(
    scope: ReportScope,
    sessions: Sequence[Session],
    about: Mapping[int, Sequence[Finding]],
    incidents: Sequence[Incident],
) -> set[int]:
    """Return the numbers of the sessions that are printed in full.

    Noteworthy is a session of an incident in which something grave was done: the session itself has a high or critical
    finding, or it let the client of an incident in.
    """
    if scope == "all":
        return {session.id for session in sessions}
    if scope == "findings":
        return set()
    involved = {number for one in incidents if one.severity.is_grave for number in one.sessions}
    grave = [
        session
        for session in sessions
        if any(one.severity.is_grave for one in session.findings)
        or (session.id in involved and session.login == "accepted")
    ]
    grave.sort(key=lambda session: (-_rank(about[session.id]), -len(session.exchanges), session.id))
    return {session.id for session in grave[:MAX_SESSIONS]}


def printed_rows(scope: ReportScope, sessions: Sequence[Session], about: Mapping[int, Sequence[Finding]]) -> set[int]:
    """Return the numbers of the sessions that the printed list has: all, or those with the gravest findings."""
    if scope == "all" or len(sessions) <= MAX_ROWS:
        return {session.id for session in sessions}
    ordered = sorted(sessions, key=lambda session: (-_rank(about[session.id]), session.id))
    return {session.id for session in ordered[:MAX_ROWS]}


def _rank(findings: Sequence[Finding]) -> int:
    return max((finding.severity for finding in findings), default=Severity.INFO).rank
