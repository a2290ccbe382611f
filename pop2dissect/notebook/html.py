"""How captures, sessions and messages show themselves in notebooks: short HTML, everything captured escaped.

It looks like the report as far as a notebook's own colours, dark or light, allow. Where a notebook is shown without
styles, as on GitHub, it is plain tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from pop2dissect.api import Capture
from pop2dissect.document.facts import brief_facts, fate
from pop2dissect.masking import shown
from pop2dissect.session import Finding, Message, Session
from pop2dissect.session.timeline import message_name
from pop2dissect.statistics.sums import Statistics, largest
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.safe import terminal_safe
from pop2dissect.text.values import brief, cite, count, decode_text, rfc3339

MAX_ROWS = 50
"""Rows of a list that are shown: enough for an overview, and little enough for a notebook file."""
MAX_TEXT = 200
"""Characters of a text that are shown."""
MAX_BODY = 4000
"""Characters of a message that are shown."""

# Its class twice, to weigh more than Jupyter's own rules for tables.
_STYLE = """<style>
& { font: .8125rem/1.45 "Helvetica Neue", Arial, "Liberation Sans", sans-serif; margin: .3rem 0 .8rem; }
& p { margin: 0 0 .5rem; max-width: 60rem; }
& p b { font-size: 1.15em; }
& .dim { opacity: .7; }
& table { border-collapse: collapse; border: 0; margin: 0 0 .7rem; font: inherit; }
& tr, & tbody tr:nth-child(odd) { background: none; border: 0; }
& th, & td { text-align: left; vertical-align: top; padding: .15rem .9rem .15rem 0; border: 0;
  border-bottom: 1px solid rgba(128, 128, 128, .35); font-variant-numeric: tabular-nums; max-width: 44rem; }
& thead th { font-weight: 400; opacity: .7; border-bottom-color: currentColor; }
& .r { text-align: right; }
& .wire, & pre { overflow-wrap: anywhere;
  font: .92em/1.45 Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; }
& .client .wire { color: #3f7cc4; }
& .server .wire { color: #b0712f; }
& .gap .wire, & .critical, & .high, & .refused { color: #c8374b; }
& .accepted { color: #3d8b55; }
& pre { max-height: 22em; overflow: auto; margin: 0; padding: .5rem .7rem; background: none;
  border: 1px solid rgba(128, 128, 128, .35); white-space: pre-wrap; }
& details { margin: .1rem 0; }
& summary { cursor: pointer; }
& .inside { margin: .1rem 0 .5rem 1.2rem; }
</style>""".replace("&", ".pop2dissect.pop2dissect")


_NUMBERS = (
    "packets",
    "session",
    "sessions",
    "messages",
    "bytes",
    "s",
    "accepted",
    "refused",
    "commands",
    "deleted for good",
    "bytes missing",
)
"""Titles of columns that stand to the right."""


class _Cell(NamedTuple):
    value: object
    look: str = ""
    """One of our own class names."""


def capture_html(capture: Capture) -> str:
    """Show what was found in captures: the files, the sessions, and the findings that span them."""
    sessions = capture.sessions
    attempts = sum(probe.attempts for probe in capture.probes)
    files = _table(
        ("capture", "format", "packets", "first packet", "last packet", "warnings"),
        (
            (
                info.path.replace("\\", "/").rsplit("/", 1)[-1],
                info.format,
                _Cell(f"{info.packets:,}", "r"),
                info.first_time and rfc3339(info.first_time),
                info.last_time and rfc3339(info.last_time),
                "; ".join(info.warnings),
            )
            for info in capture.captures
        ),
    )
    return page(
        f"<p><b>{count(len(sessions), 'session')}</b> "
        f'<span class="dim">with payload, {count(attempts, "connection")} without</span></p>',
        files,
        _sessions(sessions[:MAX_ROWS]),
        more(len(sessions), "sessions"),
        findings_table(capture.findings),
    )


def _sessions(sessions: Iterable[Session]) -> str:
    return _table(
        ("session", "start", "client", "server", "protocol", "user", "login", "messages", "bytes", "ending"),
        (
            (
                _Cell(session.id, "r"),
                rfc3339(session.start),
                session.client,
                session.server,
                session.protocol,
                session.user,
                _Cell(
                    "" if session.login == "none" else session.login,
                    "" if session.login == "unknown" else session.login,
                ),
                _Cell(len(session.messages), "r"),
                _Cell(f"{session.client_stream.octets + session.server_stream.octets:,}", "r"),
                session.ending,
            )
            for session in sessions
        ),
    )


def session_html(session: Session) -> str:
    """Show a session: the facts, its findings, and what was said; its password masked."""
    session = shown(session)
    facts = [
        f"{session.client} → {session.server}",
        f"{rfc3339(session.start)}, {brief(session.duration)}",
        *brief_facts(session, Rendering(several_captures=session.last_frame.capture > 1)),
    ]
    entries = session.timeline()
    talk = _table(
        ("s", "", "what", "bytes", "frames", "state"),
        (
            (
                _Cell(None if entry.time is None else _seconds(entry.time - session.start), "r"),
                {"client": "→", "server": "←", None: ""}[entry.direction],
                _Cell(entry.what, "wire" if entry.direction else "dim"),
                _Cell(f"{entry.octets:,}" if entry.octets else "", "r"),
                _Cell(cite(entry.frames), "dim"),
                _Cell(entry.state if entry.event in ("reply", "message") else "", "dim"),
            )
            for entry in entries[:MAX_ROWS]
        ),
        ("gap" if entry.event == "gap" else entry.direction or "" for entry in entries),
    )
    return page(
        f"<p><b>Session {session.id}</b> {dim(facts)}</p>",
        findings_table(session.findings),
        talk,
        more(len(entries), "entries"),
    )


def message_html(message: Message) -> str:
    """Show a message: the facts, its headers, and its beginning as on the wire, as text and nothing else."""
    mail = message.mail
    facts = [
        count(message.octets, "byte") + (f", {message.missing_octets:,} missing" if message.missing_octets else ""),
        fate(message, ""),
        f"frames {cite(message.frames)}",
        f"SHA-256 {message.sha256}",
    ]
    headers = _table(
        (),
        (
            (_Cell(name, "dim"), value)
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
    text = message.shown(decode_text(message.head(MAX_BODY)))
    body = "\n".join(html_safe(line) for line in text.replace("\r\n", "\n").split("\n"))
    rest = "\n…" if message.octets > MAX_BODY else ""
    name = _text(message_name(message).replace("m", "M", 1))
    return page(f"<p><b>{name}</b> {dim(facts)}</p>", headers, f"<pre>{body}{rest}</pre>")


def statistics_html(statistics: Statistics) -> str:
    """Show what sessions come to, as a whole and by protocol and server: those with most first."""
    groups = [("all", statistics.total), *largest(statistics.protocols), *largest(statistics.servers)[:MAX_ROWS]]
    rows = (
        (
            name,
            *(
                _Cell(f"{number:,}", "r")
                for number in (tally.sessions, tally.logins["accepted"], tally.logins["refused"])
            ),
            *(_Cell(f"{number:,}", "r") for number in (tally.commands, tally.messages, tally.committed, tally.missing)),
        )
        for name, tally in groups
    )
    head = ("", "sessions", "accepted", "refused", "commands", "messages", "deleted for good", "bytes missing")
    return page(_table(head, rows), more(len(statistics.servers), "servers"))


def findings_table(findings: Sequence[Finding]) -> str:
    """Show findings: how severe, what, and where."""
    if not findings:
        return ""
    rows = (
        (_Cell(finding.severity, finding.severity), finding.title, _Cell(cite(finding.frames), "dim"))
        for finding in findings[:MAX_ROWS]
    )
    return _table(("severity", "finding", "frames"), rows) + more(len(findings), "findings")


def page(*pieces: str) -> str:
    """Put pieces together, with the styles that they need."""
    return f'<div class="pop2dissect">{_STYLE}{"".join(pieces)}</div>'


def dim(facts: Iterable[object]) -> str:
    """Show facts in a line, in small importance."""
    return f'<span class="dim">{" · ".join(map(_text, facts))}</span>'


def _table(head: Sequence[str], rows: Iterable[Sequence[object]], looks: Iterable[str] = ()) -> str:
    look = iter(looks)
    lines = [f"<tr{_class(next(look, ''))}>{''.join(map(_cell, row))}</tr>" for row in rows]
    titles = f"<thead><tr>{''.join(map(_title, head))}</tr></thead>" if head else ""
    return f"<table>{titles}<tbody>{''.join(lines)}</tbody></table>" if lines else ""


def _title(title: str) -> str:
    return f"<th{_class('r') if title in _NUMBERS else ''}>{title}</th>"


def _cell(cell: object) -> str:
    value, look = cell if isinstance(cell, _Cell) else (cell, "")
    return f"<td{_class(look)}>{_text(value)}</td>"


def _class(look: str) -> str:
    return f' class="{look}"' if look else ""


def _text(value: object) -> str:
    text = "" if value is None else str(value)
    return html_safe(text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…")


def html_safe(text: str) -> str:
    """Make captured text harmless in HTML: control characters are seen, markup is text."""
    return escape(terminal_safe(text))


def _seconds(nanoseconds: int) -> str:
    microseconds = abs(nanoseconds) // 1000
    sign = "-" if nanoseconds < 0 else ""
    return f"{sign}{microseconds // 1_000_000}.{microseconds % 1_000_000:06}"


def more(count: int, what: str) -> str:
    """Say how many are not shown."""
    return f'<p class="dim">… and {count - MAX_ROWS} more {what}</p>' if count > MAX_ROWS else ""
