"""Timelines: what happened in a session, in order; as a data frame, and for Plaso and Timesketch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TextIO, TypeAlias, get_args

from pop2dissect.analysis.columns import Column, Kind, Table
from pop2dissect.analysis.rows import gap_time
from pop2dissect.analysis.schema import SERVER_STATES
from pop2dissect.analysis.text import cite, rfc3339, terminal_safe
from pop2dissect.capture.record import frame_number
from pop2dissect.session import Exchange, Finding, Message, Reply, Session

if TYPE_CHECKING:
    import pandas as pd

Event: TypeAlias = Literal["start", "command", "reply", "message", "gap", "end"]
Who: TypeAlias = Literal["client", "server"]

_ENDINGS = {
    "quit": "the connection ends after QUIT",
    "closed": "the connection is closed without QUIT",
    "reset": "the connection is reset",
    "incomplete": "no end of the connection was captured",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened in a session."""

    event: Event
    time: int | None
    """In ns; None where it was not captured when."""
    direction: Who | None
    """Who sent it; None for the connection itself."""
    state: str | None
    """The server's state before it, by the RFC; None where there is none."""
    what: str
    """Exact text from the wire where there is one; a password is masked unless asked for."""
    octets: int
    frames: tuple[int, ...]


def timeline(session: Session, show_passwords: bool = False) -> Iterator[Entry]:
    """Give what happened in a session, in the order of the conversation, which may not be that of the clock.

    Gaps stand where the conversation had got to when they were missed.
    """
    yield Entry("start", session.start, None, None, _opening(session), 0, (session.first_frame,))
    gaps = sorted(_gaps(session), key=lambda entry: entry.time or 0)
    for entry in _talk(session, show_passwords):
        while gaps and entry.time is not None and (gaps[0].time or 0) < entry.time:
            yield gaps.pop(0)
        yield entry
    yield from gaps
    yield Entry("end", session.end, None, session.state, _ENDINGS[session.ending], 0, (session.last_frame,))


def _opening(session: Session) -> str:
    how = {
        "complete": "connects",
        "partial": "connects (part of the handshake was not captured)",
        "missing": "is connected already when the capture begins",
    }
    return f"{session.client} {how[session.handshake]} to {session.server}, {session.protocol}"


def _gaps(session: Session) -> Iterator[Entry]:
    for who in get_args(Who):
        stream = session.stream(who)
        for gap in stream.gaps:
            what = f"{gap.length} octets: {gap.reason}"
            yield Entry("gap", gap_time(stream, gap), who, None, what, gap.length, ())


def _talk(session: Session, show_passwords: bool) -> Iterator[Entry]:
    messages = {message.exchange: message for message in session.messages}
    for exchange in session.exchanges:
        line = exchange.shown_line(show_passwords)
        if line is not None:
            octets = exchange.end - exchange.start
            yield Entry("command", exchange.time, "client", exchange.state, line, octets, exchange.frames)
        for reply in exchange.replies:
            yield _reply(exchange, reply, messages.get(exchange.index))
    if not session.exchanges:
        for who in get_args(Who):
            stream = session.stream(who)
            if stream.octets:
                what = f"{stream.octets} octets of {session.protocol}"
                frames = stream.frames(0, stream.length)
                yield Entry("message", stream.time_at(0), who, None, what, stream.octets, frames)


def _reply(exchange: Exchange, reply: Reply, message: Message | None) -> Entry:
    if reply.kind == "close":
        return Entry("reply", reply.time, "server", exchange.next_state, "closes", 0, reply.frames)
    if reply.kind == "data":
        what = "data"
        if message is not None:
            number = "?" if message.number is None else message.number
            what = f"message {number} of {message.mailbox or 'an unknown mailbox'}"
            if message.disposition != "unacknowledged":
                what += f", {message.disposition}" + (" for good" if message.committed else "")
        return Entry("message", reply.time, "server", exchange.next_state, what, reply.end - reply.start, reply.frames)
    octets = reply.end - reply.start
    return Entry("reply", reply.time, "server", exchange.next_state, reply.line, octets, reply.frames)


# As a data frame -----------------------------------------------------------------------------------


class EntryRow(NamedTuple):
    """An entry, and the time of the entry before it whose time is known."""

    entry: Entry
    before: int | None


TIMELINE: Table[EntryRow] = Table(
    "timeline",
    "What happened in one session, in the order of the conversation: `session.timeline()`.",
    (),
    (
        Column("time", Kind.TIME, "when; NA where not captured", lambda row: row.entry.time),
        Column(
            "delta",
            Kind.DURATION,
            "since the row before; negative where the capture's clock went backwards, or both sides spoke at once",
            lambda row: None if row.entry.time is None or row.before is None else row.entry.time - row.before,
        ),
        Column(
            "direction",
            Kind.CATEGORY,
            "who sent it; NA for the connection itself",
            lambda row: row.entry.direction,
            categories=get_args(Who),
        ),
        Column(
            "event", Kind.CATEGORY, "what kind of thing it is", lambda row: row.entry.event, categories=get_args(Event)
        ),
        Column(
            "state",
            Kind.CATEGORY,
            "the server's state by the RFC: before a command, after a reply",
            lambda row: row.entry.state,
            categories=SERVER_STATES,
        ),
        Column("what", Kind.TEXT, "the line as on the wire, or a description", lambda row: row.entry.what),
        Column("octets", Kind.INTEGER, "its length", lambda row: row.entry.octets, "octets"),
        Column("frames", Kind.TEXT, "frames that carried it", lambda row: cite(row.entry.frames)),
    ),
)


def timeline_rows(session: Session, show_passwords: bool = False) -> Iterator[EntryRow]:
    """Give a session's timeline with the time before each entry."""
    before: int | None = None
    for entry in timeline(session, show_passwords):
        yield EntryRow(entry, before)
        before = before if entry.time is None else entry.time


def timeline_table(session: Session, show_passwords: bool = False) -> pd.DataFrame:
    """Give a session's timeline as a data frame with the columns of :data:`TIMELINE`, a row an entry."""
    from pop2dissect.analysis.optional import need

    need("pandas", "analysis")
    from pop2dissect.analysis.frames import data_frame

    return data_frame(TIMELINE, timeline_rows(session, show_passwords))


# For Plaso and Timesketch --------------------------------------------------------------------------

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
