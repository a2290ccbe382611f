"""The default output: the captures, a table of sessions, each session's timeline, probes, and totals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pop2dissect.capture.record import CaptureInfo
from pop2dissect.report.links import link_type_name
from pop2dissect.report.safe import cell_width, fit, terminal_safe
from pop2dissect.report.style import Style, pad
from pop2dissect.report.timeline import Look
from pop2dissect.report.totals import Totals
from pop2dissect.report.values import count, duration, frame_name, moment
from pop2dissect.session import Finding, Probe, Session, total_octets

_SEVERITIES = ("critical", "high", "medium", "low", "info")


class Column(NamedTuple):
    """A column of a table."""

    title: str
    right: bool = False
    widest: int = 40
    """Cells that it takes at the most where lines are fitted to a terminal."""
    dispensable: int = 0
    """Where a terminal is too narrow, the column with the highest number goes first; with 0 it stays."""


SESSION_COLUMNS = (
    Column("#", right=True),
    Column("start"),
    Column("client"),
    Column("server", dispensable=2),
    Column("protocol", dispensable=1),
    Column("user", widest=16),
    Column("login"),
    Column("end", dispensable=3),
    Column("messages", right=True),
    Column("octets", right=True),
    Column("duration", right=True, dispensable=4),
)
PROBE_COLUMNS = (
    Column("client"),
    Column("server"),
    Column("attempts", right=True),
    Column("answered", right=True),
    Column("refused", right=True),
    Column("unanswered", right=True),
    Column("first", dispensable=1),
    Column("frame", right=True),
)


def session_row(session: Session, look: Look) -> tuple[str, ...]:
    """Give a session's row of the table of sessions, its texts already harmless."""
    return (
        str(session.id),
        moment(session.start, look.zone).short_clock,
        str(session.client),
        str(session.server),
        session.protocol,
        terminal_safe(session.user or ""),
        "" if session.login == "none" else session.login,
        session.ending,
        str(len(session.messages)),
        f"{total_octets(session.messages):,}",
        duration(session.duration),
    )


def captures_text(captures: Iterable[CaptureInfo], warnings: Iterable[str], look: Look) -> Iterator[str]:
    """Give the facts about the captures, and what could not be read or decoded."""
    style = look.style
    for info in captures:
        yield f"{style.bold}{style.clip(terminal_safe(info.path))}{style.off}"
        links = ", ".join(link_type_name(link_type) for link_type in info.link_types)
        size = "" if info.size is None else f", {count(info.size, 'octet')}"
        facts = f"  {info.format}, {links or 'no interface'}{size}, {count(info.packets, 'packet')}"
        yield style.clip(facts)
        if info.first_time is not None and info.last_time is not None:
            first, last = moment(info.first_time, look.zone), moment(info.last_time, look.zone)
            until = last.clock if last.date == first.date else f"{last.date} {last.clock}"
            yield style.clip(
                f"  {first.date} {first.clock} to {until} {first.zone} ({duration(info.last_time - info.first_time)})"
            )
        for warning in info.warnings:
            yield f"  {style.notable}! {terminal_safe(warning)}{style.off}"
    for warning in warnings:
        yield f"  {style.notable}! {terminal_safe(warning)}{style.off}"


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], style: Style) -> Iterator[str]:
    """Give a table's lines: as wide as its texts, on a terminal no wider than that."""
    widths = [
        max([cell_width(column.title), *(cell_width(row[at]) for row in rows)]) for at, column in enumerate(columns)
    ]
    if style.width is not None:
        widths = [min(width, column.widest) for width, column in zip(widths, columns, strict=True)]
        kept = _columns_that_fit(columns, widths, style.width)
        columns, widths = [columns[at] for at in kept], [widths[at] for at in kept]
        rows = [[row[at] for at in kept] for row in rows]

    def line(cells: Sequence[str]) -> str:
        fitted = cells if style.width is None else [fit(cell, w) for cell, w in zip(cells, widths, strict=True)]
        padded = (pad(cell, width, column.right) for cell, width, column in zip(fitted, widths, columns, strict=True))
        return style.clip("  ".join(padded).rstrip())

    yield f"{style.heading}{line([column.title for column in columns])}{style.off}"
    for row in rows:
        yield line(row)


def _columns_that_fit(columns: Sequence[Column], widths: Sequence[int], room: int) -> list[int]:
    """Give the places of the columns that are left when enough of them have gone."""
    kept = list(range(len(columns)))
    while sum(widths[at] + 2 for at in kept) - 2 > room:
        first_to_go = max(kept, key=lambda at: columns[at].dispensable)
        if not columns[first_to_go].dispensable:
            break
        kept.remove(first_to_go)
    return kept


def probes_text(probes: Sequence[Probe], look: Look) -> Iterator[str]:
    """Give the table of connections without payload; nothing where there are none."""
    if not probes:
        return
    yield f"{look.style.heading}Connections without payload{look.style.off}"
    rows = [
        (
            probe.client_ip,
            str(probe.server),
            str(probe.attempts),
            str(probe.answered),
            str(probe.refused),
            str(probe.unanswered),
            moment(probe.first_time, look.zone).short_clock,
            frame_name(probe.first_frame, look.several_captures),
        )
        for probe in probes
    ]
    yield from table(PROBE_COLUMNS, rows, look.style)
    yield ""


def findings_text(findings: Sequence[Finding], look: Look) -> Iterator[str]:
    """Give findings, the most severe first; nothing where there are none."""
    if not findings:
        return
    style = look.style
    yield f"{style.heading}Findings{style.off}"
    for finding in sorted(findings, key=lambda finding: _SEVERITIES.index(finding.severity)):
        colour = style.bad if finding.severity in ("critical", "high") else style.notable
        yield f"{colour}{finding.severity:>8}{style.off}  {terminal_safe(finding.title)} ({finding.id})"
        yield look.said("", f"          {terminal_safe(finding.detail)}", finding.frames)
    yield ""


def totals_text(totals: Totals, style: Style) -> Iterator[str]:
    """Give what all sessions come to, in a few sentences."""
    spoken = ", ".join(f"{number:,} {name}" for name, number in sorted(totals.protocols.items()))
    yield style.clip(f"{count(totals.sessions, 'session')}" + (f" ({spoken})" if spoken else ""))
    if totals.users:
        yield style.clip(
            f"{count(len(totals.users), 'user')}, {count(totals.logins['accepted'], 'login')} accepted, "
            f"{totals.logins['refused']:,} refused"
        )
    if totals.messages:
        fates = ", ".join(f"{number:,} {fate}" for fate, number in sorted(totals.dispositions.items()))
        committed = f", {count(totals.committed, 'deletion')} committed" if totals.committed else ""
        yield style.clip(f"{count(totals.messages, 'message')} of {count(totals.octets, 'octet')}: {fates}{committed}")
    if totals.gaps or totals.conflicts:
        yield style.clip(
            f"{style.bullet} {count(totals.missing, 'octet')} missing in {count(totals.gaps, 'gap')}, "
            f"{count(totals.conflicts, 'conflict')} between copies"
        )
