"""What an examiner sees first: what happened, the gravest first, and what is not known."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Final

from pop2dissect.incidents import Incident
from pop2dissect.protocols import protocol_of
from pop2dissect.session import Session
from pop2dissect.terminal.findings import FindingsDigest, labelled
from pop2dissect.terminal.look import Look
from pop2dissect.terminal.wrap import wrapped
from pop2dissect.text.safe import terminal_safe
from pop2dissect.text.values import count, frame_list, frame_runs, moment

_INCIDENTS = 9
"""Incidents that a first look shows."""
_RUNS = 6
"""Runs of sessions that it names."""
_INDENT = " " * 10


def story(incidents: Sequence[Incident], findings: FindingsDigest, sessions: int, look: Look) -> Iterator[str]:
    """Yield what happened in so many sessions, then what else was found; a line that nothing was, where it was not."""
    style = look.style
    others = list(findings.brief(look, sessions, incidents))
    yield f"{style.heading}What happened{style.off}"
    if not incidents:
        yield f"{_INDENT}no incident was recognised"
    most = len(incidents) if look.everything else _INCIDENTS
    for one in incidents[:most]:
        circumstances = f"{style.dim}[{_circumstances(one, look)}]{style.off}"
        yield from labelled(one.severity, f"{terminal_safe(one.sentence)} {circumstances}", look)
    if len(incidents) > most:
        yield f"{_INDENT}and {count(len(incidents) - most, 'incident')} more (--all shows them)"
    yield ""
    if others:
        yield f"{style.heading}Found besides{style.off}"
        yield from others
        yield style.clip(f"{style.dim}{_INDENT}in full: pop2dissect findings CAPTURE{style.off}")
        yield ""


def _circumstances(incident: Incident, look: Look) -> str:
    pieces = []
    if incident.first_time is not None and incident.last_time is not None:
        first, last = moment(incident.first_time, look.zone), moment(incident.last_time, look.zone)
        until = last.clock[:8] if last.date == first.date else f"{last.date} {last.clock[:8]}"
        period = f" to {until}" if last.clock[:8] != first.clock[:8] or last.date != first.date else ""
        pieces.append(f"{first.date} {first.clock[:8]}{period} {first.zone}")
    if incident.sessions:
        pieces.append(_sessions(incident.sessions))
    return ", ".join(pieces)


def _sessions(numbers: Sequence[int]) -> str:
    runs = frame_runs(numbers)
    noun = "session" if len(numbers) == 1 else "sessions"
    if len(runs) > _RUNS:
        return f"{len(numbers):,} {noun}: {', '.join(runs[:_RUNS])} ..."
    return f"{noun} {frame_list(numbers)}"


_UNKNOWN: Final = {
    "login": "whether a login was accepted",
    "commit": "whether deletions took effect",
    "fate": "what became of messages",
    "missing": "what bytes that are missing from the capture said",
    "conflict": "which of two copies that differ was received",
    "start": "what was said before the capture began",
    "end": "how the connection ended",
    "closed": "what was said in another protocol, which is only named",
}
"""What may not be known, in the order in which it is said."""


class Unknowns:
    """Takes sessions, and keeps what is not known of which."""

    def __init__(self) -> None:
        self._about: dict[str, array[int]] = {}

    def add(self, session: Session) -> None:
        """Take a session."""
        client, server = session.client_stream, session.server_stream
        for name, is_so in (
            ("login", session.login == "unknown"),
            ("commit", None in [one.released.value for one in session.deleted]),
            ("fate", "unknown" in [one.disposed.value for one in session.messages]),
            ("missing", client.missing or server.missing),
            ("conflict", client.conflicts or server.conflicts),
            ("start", session.handshake == "missing"),
            ("end", session.ending == "incomplete"),
            ("closed", not protocol_of(session.protocol).is_subject),
        ):
            if is_so:
                self._about.setdefault(name, array("Q")).append(session.id)

    def lines(self, look: Look) -> Iterator[str]:
        """Yield what is not known; nothing where all is."""
        if not self._about:
            return
        style = look.style
        yield f"{style.heading}Not known{style.off}"
        for name, words in _UNKNOWN.items():
            if name in self._about:
                text = f"{words}: {_sessions(sorted(self._about[name]))}"
                yield from wrapped(text, style.width, f"  {style.bullet} ", "    ")
        yield ""
