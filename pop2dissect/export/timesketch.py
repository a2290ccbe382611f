"""Timelines for Plaso and Timesketch: JSON, an event a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from pop2dissect.capture.record import FrameRef
from pop2dissect.masking import shown
from pop2dissect.session import Entry, Finding, Session
from pop2dissect.text.safe import terminal_safe
from pop2dissect.text.values import rfc3339

_DESCRIPTIONS = {
    "start": "Connection Start Time",
    "command": "Command Time",
    "reply": "Reply Time",
    "message": "Message Transfer Time",
    "gap": "Capture Gap Time",
    "end": "Connection End Time",
}

Field: TypeAlias = str | int | list[str] | list[int]


def session_events(session: Session, show_passwords: bool = False) -> Iterator[dict[str, Field]]:
    """Yield what happened in a session, and its findings, as events that Timesketch and Plaso's tools understand.

    Each has ``message``, ``datetime`` (RFC 3339, UTC, to the microsecond), ``timestamp`` (microseconds
    since 1970-01-01 UTC), ``timestamp_desc`` and ``data_type``, and fields of its session. What was not captured
    when has the time before it, which ``timestamp_desc`` says. ``nanoseconds`` has the exact time.
    """
    session = shown(session, show_passwords)
    known = session.start
    context = _context(session)
    for entry in session.timeline(show_passwords):
        time, description = entry.time, _DESCRIPTIONS[entry.event]
        if time is None:
            time, description = known, f"Time Before {description}"
        known = time
        event = _event(time, description, f"pop2dissect:session:{entry.event}", _sentence(session, entry))
        event |= context | {"octets": entry.octets} | _frames(entry.frames)
        if entry.direction is not None:
            event["direction"] = entry.direction
        if entry.state is not None:
            event["state"] = entry.state
        if len(entry.messages) == 1:
            event["disposition"] = entry.messages[0].disposition
            if entry.messages[0].committed is not None:
                event["committed"] = entry.messages[0].committed
        yield event
    for finding in session.findings:
        yield _finding_event(finding, session.start) | context


def finding_events(findings: Iterable[Finding]) -> Iterator[dict[str, Field]]:
    """Yield findings that span sessions as events; those without a time are left out, since an event needs one."""
    for finding in findings:
        if finding.time is not None:
            yield _finding_event(finding, finding.time) | {"sessions": list(finding.sessions)}


def event_line(event: dict[str, Field]) -> str:
    """Write an event as a line of JSON, ASCII only."""
    return json.dumps(event, separators=(",", ":")) + "\n"


def _event(time: int, description: str, data_type: str, message: str) -> dict[str, Field]:
    return {
        "message": message,
        "datetime": f"{rfc3339(time)[:-4]}+00:00",
        "timestamp": time // 1000,
        "nanoseconds": time,
        "timestamp_desc": description,
        "data_type": data_type,
        "source_short": "NET",
        "source_long": "POP2 session in a packet capture",
    }


def _context(session: Session) -> dict[str, Field]:
    context: dict[str, Field] = {
        "session": session.id,
        "protocol": session.protocol,
        "src_ip": session.client.ip,
        "src_port": session.client.port,
        "dst_ip": session.server.ip,
        "dst_port": session.server.port,
    }
    if session.user is not None:
        context["username"] = terminal_safe(session.user)
    return context


def _sentence(session: Session, entry: Entry) -> str:
    who = f"{entry.direction}: " if entry.direction else ""
    return f"[session {session.id}] {who}{terminal_safe(entry.what)}"


def _finding_event(finding: Finding, otherwise: int) -> dict[str, Field]:
    time = otherwise if finding.time is None else finding.time
    message = f"[{finding.severity}] {terminal_safe(finding.title)}: {terminal_safe(finding.detail)}"
    event = _event(time, "Finding Time", "pop2dissect:finding", message)
    event |= {"finding": finding.id, "severity": finding.severity, "tag": list(finding.techniques)}
    return event | _frames(finding.frames)


def _frames(frames: Sequence[FrameRef]) -> dict[str, Field]:
    """Return the numbers of frames; of those of a second capture read together with others, which one it is too."""
    numbers: dict[str, Field] = {"frames": [frame.number for frame in frames]}
    if frames and frames[0].capture > 1:
        numbers["capture"] = frames[0].capture
    return numbers
