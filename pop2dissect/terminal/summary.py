"""What stands at the head and at the end of the text output: the captures, probes, and totals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pop2dissect.capture.link_names import link_type_name
from pop2dissect.capture.record import CaptureInfo
from pop2dissect.document.totals import Totals
from pop2dissect.session import MOST_SEVERE_FIRST, Probe
from pop2dissect.terminal.look import Look
from pop2dissect.terminal.style import Style
from pop2dissect.terminal.table import Column, Table
from pop2dissect.terminal.wrap import wrapped
from pop2dissect.text.safe import cell_width, terminal_safe
from pop2dissect.text.values import count, duration, frame_name, moment

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

CAPTURES_SHOWN = 5
WARNINGS_SHOWN = 5
PROBES_SHOWN = 3
"""Rows of the table of probes that are written: a flood of SYNs has one for each of its forged addresses."""


def captures_text(captures: Sequence[CaptureInfo], warnings: Iterable[str], look: Look) -> Iterator[str]:
    """Yield the facts about the captures, each in two lines, and what could not be read or decoded."""
    style = look.style
    shown = captures if look.everything or len(captures) <= CAPTURES_SHOWN else captures[: CAPTURES_SHOWN - 1]
    for info in shown:
        size = "" if info.size is None else f", {count(info.size, 'byte')}"
        links = ", ".join(link_type_name(link_type) for link_type in info.link_types)
        kind = f"  {info.format}, {links or 'no interface'}{size}, {count(info.packets, 'packet')}"
        path = terminal_safe(info.path)
        if style.width is None or cell_width(path) + cell_width(kind) <= style.width:
            yield f"{style.bold}{path}{style.off}{kind if info.format else ''}"  # no format if it cannot be read at all
        else:
            yield f"{style.bold}{style.clip(path)}{style.off}"
            yield style.clip(kind)
        if info.first_time is not None and info.last_time is not None:
            first, last = moment(info.first_time, look.zone), moment(info.last_time, look.zone)
            until = last.clock if last.date == first.date else f"{last.date} {last.clock}"
            yield style.clip(
                f"  {first.date} {first.clock} to {until} {first.zone} ({duration(info.last_time - info.first_time)})"
            )
        yield from _warnings_text(info.warnings, look)
    if len(shown) < len(captures):
        left = captures[len(shown) :]
        warned = f", {count(sum(bool(info.warnings) for info in left), 'with a warning', 'with warnings')}"
        yield style.clip(f"and {len(left):,} captures more{warned if any(info.warnings for info in left) else ''}")
    yield from _warnings_text(warnings, look)


def _warnings_text(warnings: Iterable[str], look: Look) -> Iterator[str]:
    style, every = look.style, list(warnings)
    most = len(every) if look.everything or len(every) <= WARNINGS_SHOWN else WARNINGS_SHOWN - 1
    for warning in every[:most]:
        for line in wrapped(terminal_safe(warning), style.width, "  ! ", "    "):
            yield f"{line[:2]}{style.notable}{line[2:]}{style.off}"
    if len(every) > most:
        yield style.clip(f"  ! and {count(len(every) - most, 'warning')} more (--all shows them)")


def probes_text(probes: Sequence[Probe], look: Look) -> Iterator[str]:
    """Yield the table of connections without payload, in a line where they are many; nothing without any."""
    if not probes:
        return
    style = look.style
    yield f"{style.heading}Connections without payload{style.off}"
    if look.everything or len(probes) <= PROBES_SHOWN:
        with Table(PROBE_COLUMNS, style) as table:
            for place, probe in enumerate(probes):
                table.add(place, _probe_row(probe, look))
            yield from table.lines()
    else:
        clients, servers = ({of(probe) for probe in probes} for of in (_client, _server))
        attempts = count(sum(probe.attempts for probe in probes), "attempt")
        answered = f"{sum(probe.answered for probe in probes):,} answered"
        text = f"{attempts}, {answered}: {_few(clients, 'client')} to {_few(servers, 'server')} (--all lists them)"
        yield from wrapped(text, style.width, "", "  ")
    yield ""


def _client(probe: Probe) -> str:
    return probe.client_ip


def _server(probe: Probe) -> str:
    return str(probe.server)


def _few(names: set[str], noun: str) -> str:
    return next(iter(names)) if len(names) == 1 else count(len(names), noun)


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
    for sentence in _totals(totals, style):
        yield from wrapped(sentence, style.width, "", "  ")


def _totals(totals: Totals, style: Style) -> Iterator[str]:
    spoken = ", ".join(f"{number:,} {name}" for name, number in sorted(totals.protocols.items()))
    yield f"{count(totals.sessions, 'session')}" + (f" ({spoken})" if spoken else "")
    if totals.users:
        yield (
            f"{count(len(totals.users), 'user')}, {count(totals.logins['accepted'], 'login')} accepted, "
            f"{totals.logins['refused']:,} refused"
        )
    if totals.messages or totals.unread:
        fates = ", ".join(f"{number:,} {fate}" for fate, number in sorted(totals.dispositions.items()))
        committed = f", {count(totals.committed, 'deletion')} committed" if totals.committed else ""
        unread = f", {totals.unread:,} more deleted unread" if totals.unread else ""
        yield f"{count(totals.messages, 'message')} of {count(totals.octets, 'byte')}: {fates}{unread}{committed}"
    if totals.gaps or totals.conflicts:
        yield (
            f"{style.bullet} {count(totals.missing, 'byte')} missing in {count(totals.gaps, 'gap')}, "
            f"{count(totals.conflicts, 'conflict')} between copies"
        )
