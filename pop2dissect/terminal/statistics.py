"""Statistics for a terminal: what all sessions come to, then a table each for commands, servers, clients and users."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import get_args

from pop2dissect.session import Disposition
from pop2dissect.statistics.spread import Spread, quantile, spread
from pop2dissect.statistics.sums import NOBODY, CommandTally, Statistics, Tally, largest
from pop2dissect.terminal.look import Look
from pop2dissect.terminal.style import Style
from pop2dissect.terminal.table import Column, Table
from pop2dissect.text.safe import terminal_safe
from pop2dissect.text.values import SECOND, brief, count, duration, moment

MAX_GROUPS = 20
"""Commands, servers, clients and users that are listed, those with most; the rest is counted."""
_NAME = 12
_CURVE = 50
"""Cells of a curve over time."""

_SPREAD = tuple(Column(title, right=True) for title in ("min", "median", "p95", "max"))
_TIMES = (Column("time"), Column("count", right=True), *_SPREAD)
_COMMANDS = (
    Column("command", widest=16),
    Column("sent", right=True),
    Column("errors", right=True),
    Column("unanswered", right=True, dispensable=2),
    Column("violations", right=True, dispensable=1),
    *_SPREAD,
)


def _group_columns(title: str) -> tuple[Column, ...]:
    return (
        Column(title, widest=40),
        Column("sessions", right=True),
        Column("accepted", right=True),
        Column("refused", right=True),
        Column("messages", right=True, dispensable=1),
        Column("deleted", right=True, dispensable=5),
        Column("bytes", right=True, dispensable=2),
        Column("lost", right=True, dispensable=6),
        Column("median", right=True, dispensable=3),
        Column("p95", right=True, dispensable=4),
    )


def statistics_text(statistics: Statistics, look: Look) -> Iterator[str]:
    """Yield the lines. Captured names are made harmless; lines are fitted to the terminal, in a pipe they are whole."""
    style = look.style
    for name, text in _facts(statistics, look):
        yield f"{style.heading}{name:<{_NAME}}{style.off}{style.clip(text, _NAME)}"
    if not statistics.total.sessions:
        return
    yield ""
    yield from _table(_TIMES, list(_times(statistics)), style)
    yield from _groups("command", _COMMANDS, [_command(*row) for row in statistics.most_used()], style)
    for title, tallies in (("server", statistics.servers), ("client", statistics.clients), ("user", statistics.users)):
        yield from _groups(title, _group_columns(title), [_group(*row) for row in largest(tallies)], style)


def _facts(statistics: Statistics, look: Look) -> Iterator[tuple[str, str]]:
    total = statistics.total
    protocols = ", ".join(f"{tally.sessions:,} {terminal_safe(name)}" for name, tally in largest(statistics.protocols))
    yield "Sessions", f"{total.sessions:,}" + (f" ({protocols})" if protocols else "")
    if not total.sessions:
        return
    first, last = statistics.span
    begin, end = moment(first, look.zone), moment(last, look.zone)
    until = end.clock[:8] if begin.date == end.date else f"{end.date} {end.clock[:8]}"
    yield "Time", f"{begin.date} {begin.clock[:8]} to {until} {begin.zone} ({duration(last - first)})"
    yield "At once", f"{_curve(statistics, look.style)} at most {statistics.most_at_once():,}"
    yield "Logins", _logins(total)
    if total.messages:
        yield "Messages", _messages(total)
        yield "", _sizes(statistics)
    yield "Bytes", f"{total.client_octets:,} from clients, {total.server_octets:,} from servers"
    yield "Losses", f"{count(total.missing, 'byte')} in {count(total.gaps, 'gap')} missing from the capture"
    yield "Repeats", f"{count(total.repeated, 'byte')} captured again, {count(total.late, 'segment')} late"
    yield "Departures", f"{total.violations:,} from the RFC"


def _logins(tally: Tally) -> str:
    rate = tally.success_rate
    accepted = f"{tally.logins['accepted']:,} accepted" + ("" if rate is None else f" ({rate * 100:.1f} %)")
    return f"{accepted}, {tally.logins['refused']:,} refused; {tally.logins['none']:,} sessions without"


def _messages(tally: Tally) -> str:
    fates = [f"{number:,} {fate}" for fate in get_args(Disposition) if (number := tally.dispositions[fate])]
    return f"{tally.messages:,} read: {', '.join(fates)}; {count(tally.committed, 'deletion')} committed"


def _sizes(statistics: Statistics) -> str:
    sizes = spread(statistics.sizes)
    assert sizes is not None
    text = f"{sizes.total:,} bytes: {sizes.minimum:,} to {sizes.maximum:,}, median {sizes.median:,}"
    rates = sorted(transfer.octets * SECOND // transfer.duration for transfer in statistics.transfers)
    return f"{text}; median {quantile(rates, 1, 2):,} bytes/s" if rates else text


def _times(statistics: Statistics) -> Iterator[tuple[str, ...]]:
    for name, values in (
        ("reply", spread(statistics.total.latencies)),
        ("  server, at least", statistics.think_times()),
        ("  network, at most", statistics.network_times()),
        ("session", spread(end - start for start, end in statistics.intervals)),
        ("message of several segments", spread(transfer.duration for transfer in statistics.transfers)),
    ):
        if values is not None:
            yield name, f"{values.count:,}", *_four(values)


def _command(command: str, tally: CommandTally) -> tuple[str, ...]:
    return (
        terminal_safe(command) or "(none)",
        f"{tally.count:,}",
        _unless_zero(tally.replies["error"]),
        _unless_zero(tally.replies["none"]),
        _unless_zero(tally.violations),
        *_four(spread(tally.latencies)),
    )


def _group(name: str, tally: Tally) -> tuple[str, ...]:
    _, median, p95, _ = _four(spread(tally.latencies))
    return (
        "(nobody)" if name == NOBODY else terminal_safe(name),
        f"{tally.sessions:,}",
        _unless_zero(tally.logins["accepted"]),
        _unless_zero(tally.logins["refused"]),
        _unless_zero(tally.messages),
        _unless_zero(tally.dispositions["deleted"]),
        f"{tally.client_octets + tally.server_octets:,}",
        _unless_zero(tally.missing),
        median,
        p95,
    )


def _groups(title: str, columns: Sequence[Column], rows: Sequence[Sequence[str]], style: Style) -> Iterator[str]:
    if rows:
        yield ""
        yield from _table(columns, rows[:MAX_GROUPS], style)
        if len(rows) > MAX_GROUPS:
            yield f"{style.dim}and {len(rows) - MAX_GROUPS:,} more{style.off}"


def _table(columns: Sequence[Column], rows: Sequence[Sequence[str]], style: Style) -> Iterator[str]:
    with Table(columns, style) as table:
        for number, row in enumerate(rows):
            table.add(number, row)
        yield from table.lines()


def _curve(statistics: Statistics, style: Style) -> str:
    """Draw the most sessions that were open at once in each of equal times, in one line."""
    first, last = statistics.span
    width = (last - first) // _CURVE + 1
    most = [0] * ((last - first) // width + 1)
    steps = statistics.sessions_at_once()
    for step, following in zip(steps, chain(steps[1:], [None]), strict=True):
        until = last if following is None else following.time - 1
        for place in range((step.time - first) // width, (until - first) // width + 1):
            most[place] = max(most[place], step.open)
    peak = max(most)
    levels = len(style.levels)
    return "".join(style.levels[-(-number * levels // peak) - 1] if number else " " for number in most)


def _four(values: Spread | None) -> tuple[str, str, str, str]:
    if values is None:
        return "", "", "", ""
    return brief(values.minimum), brief(values.median), brief(values.p95), brief(values.maximum)


def _unless_zero(number: int) -> str:
    return f"{number:,}" if number else ""
