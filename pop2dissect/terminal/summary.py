"""The default output: the captures, a table of sessions, each session's timeline, probes, and totals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pop2dissect.capture.link_names import link_type_name
from pop2dissect.capture.record import CaptureInfo
from pop2dissect.document.facts import login_words
from pop2dissect.document.totals import Totals
from pop2dissect.session import MOST_SEVERE_FIRST, Probe, Session, total_octets
from pop2dissect.terminal.look import Look
from pop2dissect.terminal.style import Style
from pop2dissect.terminal.table import Column, Table
from pop2dissect.terminal.wrap import wrapped
from pop2dissect.text.safe import terminal_safe
from pop2dissect.text.values import count, duration, frame_name, moment

SESSION_COLUMNS = (
    Column("#", right=True),
    Column("date", if_varied=True),
    Column("start", dispensable=1),
    Column("client", least=16),
    Column("server", dispensable=5),
    Column("protocol", dispensable=3),
    Column("user", widest=16, least=10),
    Column("login"),
    Column("end", dispensable=7),
    Column("messages", right=True, dispensable=2),
    Column("deleted", right=True, dispensable=6),
    Column("bytes", right=True, dispensable=4),
    Column("duration", right=True, dispensable=8),
    Column("notes", elastic=True),
)
PROBE_COLUMNS = (
    Column("client"),
    Column("server"),
    Column("attempts", right=True),
    Column("answered", right=True, dispensable=1),
    Column("refused", right=True, dispensable=2),
    Column("unanswered", right=True, dispensable=3),
    Column("date", if_varied=True, dispensable=5),
    Column("first", dispensable=4),
    Column("frame", right=True),
)

PROBES_SHOWN = 50
"""Rows of the table of probes that are written: a flood of SYNs has one for each of its forged addresses."""


def session_row(session: Session, look: Look) -> tuple[str, ...]:
    """Return a session's row of the table of sessions, its texts already harmless."""
    start = moment(session.start, look.zone)
    deleted = len(session.deleted)
    return (
        str(session.id),
        start.date,
        start.short_clock,
        str(session.client),
        str(session.server),
        session.protocol,
        terminal_safe(session.user or ""),
        "" if session.login == "none" else login_words(session),
        _end(session),
        f"{len(session.messages):,}" if session.messages else "",
        f"{deleted:,}" if deleted else "",
        f"{total_octets(session.messages):,}" if session.messages else "",
        duration(session.duration),
        _notes(session),
    )


def _end(session: Session) -> str:
    """Return how a session ended, and in which state of the protocol if not in the last."""
    if session.ending == "quit" or session.state in (None, "DONE"):
        return session.ending
    return f"{session.ending} in {session.state}"


def _notes(session: Session) -> str:
    """Return in a few words what is unusual about a session."""
    uncommitted = sum(one.released.value is False for one in session.deleted)
    unsure = sum(one.released.value is None for one in session.deleted)
    lost = session.client_stream.missing + session.server_stream.missing
    conflicts = len(session.client_stream.conflicts) + len(session.server_stream.conflicts)
    departures = sum(len(exchange.violations) for exchange in session.exchanges)
    grave = [finding.severity for finding in session.findings if finding.severity.is_grave]
    notes = (
        f"{max(grave)}: {count(len(grave), 'finding')}" if grave else "",
        "start missing" if session.handshake == "missing" else "",
        f"{count(lost, 'byte')} missing" if lost else "",
        count(conflicts, "conflict") if conflicts else "",
        f"{uncommitted:,} not committed" if uncommitted else "",
        f"{unsure:,} not known to be committed" if unsure else "",
        f"{count(departures, 'protocol violation')}" if departures else "",
    )
    return ", ".join(note for note in notes if note)


def captures_text(captures: Iterable[CaptureInfo], warnings: Iterable[str], look: Look) -> Iterator[str]:
    """Yield the facts about the captures, and what could not be read or decoded."""
    style = look.style
    for info in captures:
        yield f"{style.bold}{style.clip(terminal_safe(info.path))}{style.off}"
        if info.format:  # none of a file that cannot be read at all
            links = ", ".join(link_type_name(link_type) for link_type in info.link_types)
            size = "" if info.size is None else f", {count(info.size, 'byte')}"
            yield style.clip(f"  {info.format}, {links or 'no interface'}{size}, {count(info.packets, 'packet')}")
        if info.first_time is not None and info.last_time is not None:
            first, last = moment(info.first_time, look.zone), moment(info.last_time, look.zone)
            until = last.clock if last.date == first.date else f"{last.date} {last.clock}"
            yield style.clip(
                f"  {first.date} {first.clock} to {until} {first.zone} ({duration(info.last_time - info.first_time)})"
            )
        yield from _warnings_text(info.warnings, style)
    yield from _warnings_text(warnings, style)


def _warnings_text(warnings: Iterable[str], style: Style) -> Iterator[str]:
    for warning in warnings:
        for line in wrapped(terminal_safe(warning), style.width, "  ! ", "    "):
            yield f"{line[:2]}{style.notable}{line[2:]}{style.off}"


def sessions_text(sessions: Table, style: Style) -> Iterator[str]:
    """Yield the table of sessions; nothing where there are none."""
    if len(sessions):
        yield from sessions.lines({"accepted": style.good, "refused": style.bad} if style.off else None)
        yield ""


def probes_text(probes: Sequence[Probe], look: Look) -> Iterator[str]:
    """Yield the table of connections without payload, of many those with most attempts; nothing without any."""
    if not probes:
        return
    insistent = sorted(range(len(probes)), key=lambda place: -probes[place].attempts)[:PROBES_SHOWN]
    yield f"{look.style.heading}Connections without payload{look.style.off}"
    with Table(PROBE_COLUMNS, look.style) as table:
        for place in insistent:
            table.add(place, _probe_row(probes[place], look))
        yield from table.lines()
    if len(probes) > PROBES_SHOWN:
        attempts = sum(probe.attempts for probe in probes) - sum(probes[place].attempts for place in insistent)
        more = f"{count(len(probes) - PROBES_SHOWN, 'more row')} with {count(attempts, 'attempt')}"
        yield look.style.clip(f"and {more}, each with fewer or later (--json and --csv list all)")
    yield ""


def _probe_row(probe: Probe, look: Look) -> tuple[str, ...]:
    first = moment(probe.first_time, look.zone)
    return (
        probe.client_ip,
        str(probe.server),
        f"{probe.attempts:,}",
        f"{probe.answered:,}",
        f"{probe.refused:,}",
        f"{probe.unanswered:,}",
        first.date,
        first.short_clock,
        frame_name(probe.first_frame, look.several_captures),
    )


def findings_line(totals: Totals) -> str:
    """Return how many findings there are of each severity, for output that does not list them."""
    numbers = [
        f"{totals.findings[severity]:,} {severity}" for severity in MOST_SEVERE_FIRST if totals.findings[severity]
    ]
    return f"{count(totals.findings.total(), 'finding')}: {', '.join(numbers)}" if numbers else "no findings"


def totals_text(totals: Totals, style: Style) -> Iterator[str]:
    """Yield what all sessions come to, in a few sentences."""
    spoken = ", ".join(f"{number:,} {name}" for name, number in sorted(totals.protocols.items()))
    yield style.clip(f"{count(totals.sessions, 'session')}" + (f" ({spoken})" if spoken else ""))
    if totals.users:
        yield style.clip(
            f"{count(len(totals.users), 'user')}, {count(totals.logins['accepted'], 'login')} accepted, "
            f"{totals.logins['refused']:,} refused"
        )
    if totals.messages or totals.unread:
        fates = ", ".join(f"{number:,} {fate}" for fate, number in sorted(totals.dispositions.items()))
        committed = f", {count(totals.committed, 'deletion')} committed" if totals.committed else ""
        unread = f", {totals.unread:,} more deleted unread" if totals.unread else ""
        yield style.clip(
            f"{count(totals.messages, 'message')} of {count(totals.octets, 'byte')}: {fates}{unread}{committed}"
        )
    if totals.gaps or totals.conflicts:
        yield style.clip(
            f"{style.bullet} {count(totals.missing, 'byte')} missing in {count(totals.gaps, 'gap')}, "
            f"{count(totals.conflicts, 'conflict')} between copies"
        )
