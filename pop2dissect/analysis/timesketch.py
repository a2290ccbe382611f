"""Timelines for Plaso and Timesketch: JSON, an event a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeAlias

from pop2dissect.analysis.text import rfc3339, terminal_safe
from pop2dissect.analysis.timeline import Entry, timeline
from pop2dissect.capture.record import frame_number
from pop2dissect.session import Finding, Session

_DESCRIPTIONS = {
    "start": "Connection Start Time",
    "command": "Command Time",
    "reply": "Reply Time",
    "message": "Message Transfer Time",
    "gap": "Capture Gap Time",
    "end": "Connection End Time",
}

Field: TypeAlias = str | int | list[str] | list[int]


def timesketch_events(
    sessions: Iterable[Session], findings: Iterable[Finding] = (), show_passwords: bool = False
) -> Iterator[dict[str, Field]]:
    """Give what happened as events that Timesketch and Plaso's tools understand.

    Each has ``message``, ``datetime`` (RFC 3339, UTC, to the microsecond), ``timestamp`` (microseconds
    since 1970-01-01 UTC), ``timestamp_desc`` and ``data_type``, and fields of its session. What was not captured
    when has the time before it, which ``timestamp_desc`` says. ``nanoseconds`` has the exact time.
    """
    for session in sessions:
        known = session.start
        for entry in timeline(session, show_passwords):
            time, description = entry.time, _DESCRIPTIONS[entry.event]
            if time is None:
                time, description = known, f"Time Before {description}"
            known = time
            event = _event(time, description, f"pop2dissect:session:{entry.event}", _sentence(session, entry))
            event |= _context(session)
            event |= {"octets": entry.octets, "frames": [frame_number(frame) for frame in entry.frames]}
            if entry.direction is not None:
                event["direction"] = entry.direction
            if entry.state is not None:
                event["state"] = entry.state
            yield event
        for finding in session.findings:
            yield _finding_event(finding, session.start) | _context(session)
    for finding in findings:
        if finding.time is not None:
            yield _finding_event(finding, finding.time)


def write_timesketch(
    out: TextIO, sessions: Iterable[Session], findings: Iterable[Finding] = (), show_passwords: bool = False
) -> int:
    """Write :func:`timesketch_events` as JSON, an event a line, ASCII only; give how many there were."""
    count = 0
    for event in timesketch_events(sessions, findings, show_passwords):
        out.write(json.dumps(event, separators=(",", ":")) + "\n")
        count += 1
    return count


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
        context["username"] = session.user
    return context


def _sentence(session: Session, entry: Entry) -> str:
    who = f"{entry.direction}: " if entry.direction else ""
    octets = f" ({entry.octets} octets)" if entry.event == "message" else ""
    return f"[session {session.id}] {who}{terminal_safe(entry.what)}{octets}"


def _finding_event(finding: Finding, otherwise: int) -> dict[str, Field]:
    time = otherwise if finding.time is None else finding.time
    message = f"[{finding.severity}] {terminal_safe(finding.title)}: {terminal_safe(finding.detail)}"
    event = _event(time, "Finding Time", "pop2dissect:finding", message)
    event |= {"finding": finding.id, "severity": finding.severity, "tag": list(finding.techniques)}
    event["frames"] = [frame_number(frame) for frame in finding.frames]
    return event
