"""How captures, sessions and messages show themselves in notebooks: short HTML, everything escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pop2dissect.analysis.text import cite, decimal_seconds, html_safe, rfc3339
from pop2dissect.analysis.timeline import timeline_rows
from pop2dissect.session import Message, Session, decode_text

if TYPE_CHECKING:
    from pop2dissect.pipeline import Capture

MAX_ROWS = 50
"""Rows of a list that are shown: enough for an overview, and little enough for a notebook file."""
MAX_TEXT = 200
"""Characters of a text that are shown."""
MAX_BODY = 4000
"""Characters of a message that are shown."""


def capture_html(capture: Capture) -> str:
    """Show a capture: its files, and its sessions."""
    files = _table(
        ("capture", "format", "packets", "first packet", "last packet", "warnings"),
        (
            (
                info.path.replace("\\", "/").rsplit("/", 1)[-1],
                info.format,
                info.packets,
                info.first_time and rfc3339(info.first_time),
                info.last_time and rfc3339(info.last_time),
                "; ".join(info.warnings),
            )
            for info in capture.captures
        ),
    )
    sessions = _table(
        ("session", "start", "client", "server", "protocol", "user", "login", "messages", "octets", "ending"),
        (
            (
                session.id,
                rfc3339(session.start),
                session.client,
                session.server,
                session.protocol,
                session.user,
                session.login,
                len(session.messages),
                session.client_stream.octets + session.server_stream.octets,
                session.ending,
            )
            for session in capture.sessions[:MAX_ROWS]
        ),
    )
    return (
        f"<div><p><b>{len(capture.sessions)} sessions</b> with payload, "
        f"{sum(probe.attempts for probe in capture.probes)} connections without</p>"
        f"{files}{sessions}{_more(len(capture.sessions), 'sessions')}</div>"
    )


def session_html(session: Session) -> str:
    """Show a session: the facts, and what was said; its password masked."""
    facts = [
        f"{session.client} → {session.server}",
        session.protocol,
        f"{rfc3339(session.start)}, {decimal_seconds(session.duration)} s",
        f"frames {cite((session.first_frame,))} to {cite((session.last_frame,))}, {session.packets} packets",
    ]
    if session.user is not None:
        facts.append(f"user {session.user}, login {session.login}")
    facts.append(f"ended: {session.ending}")
    if session.client_stream.missing or session.server_stream.missing:
        facts.append(f"{session.client_stream.missing + session.server_stream.missing} octets not captured")
    rows = list(timeline_rows(session))
    talk = _table(
        ("s", "from", "state", "what", "octets", "frames"),
        (
            (
                None if entry.time is None else decimal_seconds(entry.time - session.start),
                entry.direction,
                entry.state,
                entry.what,
                entry.octets,
                cite(entry.frames),
            )
            for entry, _ in rows[:MAX_ROWS]
        ),
    )
    findings = "".join(
        f"<li><b>{html_safe(finding.severity)}</b> {html_safe(finding.title)}</li>" for finding in session.findings
    )
    return (
        f"<div><p><b>session {session.id}</b> · {' · '.join(map(_cell, facts))}</p>"
        f"{f'<ul>{findings}</ul>' if findings else ''}{talk}{_more(len(rows), 'entries')}</div>"
    )


def message_html(message: Message) -> str:
    """Show a message: the facts, its headers, and its beginning as on the wire, as text and nothing else."""
    mail = message.mail
    number = "?" if message.number is None else message.number
    facts = [
        f"message {number} of {message.mailbox or 'an unknown mailbox'}",
        f"{message.octets} octets" + (f", {message.missing_octets} not captured" if message.missing_octets else ""),
        message.disposition + (" for good" if message.committed else ""),
        f"frames {cite(message.frames)}",
        f"SHA-256 {message.sha256}",
    ]
    headers = _table(
        ("header", "value"),
        (
            (name, value)
            for name, value in (
                ("From", mail.sender),
                ("To", mail.recipients),
                ("Subject", mail.subject),
                ("Date", mail.date),
                *(("Attachment", part.filename or part.content_type) for part in mail.attachments[:MAX_ROWS]),
            )
            if value is not None
        ),
    )
    text = decode_text(message.stream.read(message.start, min(message.end, message.start + MAX_BODY)))
    body = "\n".join(html_safe(line) for line in text.replace("\r\n", "\n").split("\n"))
    more = "\n…" if message.end - message.start > MAX_BODY else ""
    return (
        f"<div><p>{' · '.join(map(_cell, facts))}</p>{headers}"
        f'<pre style="max-height: 20em; overflow: auto">{body}{more}</pre></div>'
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["".join(f"<td>{_cell(value)}</td>" for value in row) for row in rows]
    return (
        f"<table><thead><tr>{''.join(f'<th>{name}</th>' for name in head)}</tr></thead>"
        f"<tbody>{''.join(f'<tr>{line}</tr>' for line in lines)}</tbody></table>"
    )


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return html_safe(text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…")


def _more(count: int, what: str) -> str:
    return f"<p>… and {count - MAX_ROWS} more {what}</p>" if count > MAX_ROWS else ""
