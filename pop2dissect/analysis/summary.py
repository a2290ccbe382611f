"""Statistics as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pop2dissect.analysis.spread import Spread, quantile, spread
from pop2dissect.analysis.statistics import NOBODY, Statistics, Tally, largest
from pop2dissect.analysis.text import cell_width, rfc3339, shorten

MAX_GROUPS = 20
"""Servers, clients and users that are listed, those with most sessions; the rest is counted."""
MAX_NAME = 32

_NS = 1_000_000_000
_UNITS = (
    ("d", 86_400 * _NS, 2 * 86_400 * _NS),
    ("h", 3600 * _NS, 2 * 3600 * _NS),
    ("min", 60 * _NS, 2 * 60 * _NS),
    ("s", _NS, _NS),
    ("ms", 1_000_000, 1_000_000),
    ("us", 1000, 1000),
)
"""Name, size, and from what on it is used."""


def summary(statistics: Statistics, groups: int = MAX_GROUPS) -> str:
    """Write statistics as text: ASCII but for captured names, which are made harmless; lines end in LF."""
    return "\n".join(_lines(statistics, groups)) + "\n"


def _lines(statistics: Statistics, groups: int) -> Iterator[str]:
    total = statistics.total
    yield f"Sessions          {total.sessions:,}, at most {statistics.most_at_once():,} at once"
    if statistics.intervals:
        first, last = min(start for start, _ in statistics.intervals), max(end for _, end in statistics.intervals)
        yield f"Time              {rfc3339(first)} to {rfc3339(last)}"
    protocols = ", ".join(
        f"{shorten(name, MAX_NAME)} {tally.sessions:,}" for name, tally in largest(statistics.protocols)
    )
    yield f"Protocols         {protocols or '-'}"
    yield f"Logins            {_logins(total)}"
    kept, deleted = total.dispositions["kept"], total.dispositions["deleted"]
    yield (
        f"Messages          {total.messages:,} read, {kept:,} kept, {deleted:,} deleted "
        f"({total.committed:,} for good), {total.message_octets:,} octets"
    )
    yield f"Octets            {total.client_octets:,} from clients, {total.server_octets:,} from servers"
    yield f"Not captured      {total.missing:,} octets in {total.gaps:,} gaps; {total.late:,} segments late"
    yield f"Violations        {total.violations:,}"
    yield f"Reply latency     {_spread(spread(total.latencies))}"
    yield f"  network at most {_spread(statistics.network_times())}"
    yield f"  server at least {_spread(statistics.think_times())}"
    yield f"Message sizes     {_sizes(spread(statistics.sizes))}"
    yield f"Throughput        {_rates(statistics)}"
    yield from _commands(statistics)
    for title, named in (("Server", statistics.servers), ("Client", statistics.clients), ("User", statistics.users)):
        yield from _groups(title, named, groups)


def _commands(statistics: Statistics) -> Iterator[str]:
    rows = [
        (
            shorten(command, MAX_NAME) or "(none)",
            f"{tally.count:,}",
            f"{tally.replies['error']:,}",
            f"{tally.replies['none']:,}",
            *_columns(spread(tally.latencies)),
        )
        for command, tally in statistics.most_used()[:MAX_GROUPS]
    ]
    yield from _table(("Command", "count", "errors", "unanswered", "min", "median", "p95", "max"), rows)
    yield from _rest(len(statistics.commands), MAX_GROUPS)


def _groups(title: str, named: dict[str, Tally], groups: int) -> Iterator[str]:
    rows = [
        (
            "(nobody)" if name == NOBODY else shorten(name, MAX_NAME),
            f"{tally.sessions:,}",
            f"{tally.logins['accepted']:,}",
            f"{tally.logins['refused']:,}",
            f"{tally.messages:,}",
            f"{tally.dispositions['deleted']:,}",
            f"{tally.client_octets + tally.server_octets:,}",
            *_columns(spread(tally.latencies))[1:3],
        )
        for name, tally in largest(named)[:groups]
    ]
    yield from _table((title, "sessions", "accepted", "refused", "read", "deleted", "octets", "median", "p95"), rows)
    yield from _rest(len(named), groups)


def _rest(count: int, shown: int) -> Iterator[str]:
    if count > shown:
        yield f"... and {count - shown:,} more"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lay out a table: the first column to the left, all others to the right."""
    if not rows:
        return
    widths = [max(map(cell_width, column)) for column in zip(head, *rows, strict=True)]
    yield ""
    for row in (head, *rows):
        first, *others = [
            " " * (width - cell_width(cell)) if place else cell + " " * (width - cell_width(cell))
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield first + "".join(f"  {blanks}{cell}" for blanks, cell in zip(others, row[1:], strict=True))


def _logins(tally: Tally) -> str:
    rate = tally.success_rate
    logins = tally.logins
    text = f"{logins['accepted']:,} accepted, {logins['refused']:,} refused, {logins['none']:,} sessions without"
    return text if rate is None else f"{text} ({rate:.1%} accepted)"


def _columns(values: Spread | None) -> tuple[str, str, str, str]:
    if values is None:
        return "-", "-", "-", "-"
    return duration(values.minimum), duration(values.median), duration(values.p95), duration(values.maximum)


def _spread(values: Spread | None) -> str:
    if values is None:
        return "-"
    minimum, median, p95, maximum = _columns(values)
    return f"min {minimum}, median {median}, p95 {p95}, max {maximum} (n = {values.count:,})"


def _sizes(values: Spread | None) -> str:
    if values is None:
        return "-"
    return (
        f"min {values.minimum:,}, median {values.median:,}, p95 {values.p95:,}, max {values.maximum:,} octets "
        f"(n = {values.count:,})"
    )


def _rates(statistics: Statistics) -> str:
    rates = sorted(transfer.octets * _NS // transfer.duration for transfer in statistics.transfers)
    if not rates:
        return "-"
    return f"median {quantile(rates, 1, 2):,} octets/s (n = {len(rates):,} messages of several segments)"


def duration(nanoseconds: int) -> str:
    """Write a duration with three digits and a unit: ``87.0 us``, ``3.02 s``, ``5.60 h``."""
    for unit, size, least in _UNITS:
        if abs(nanoseconds) >= least:
            value = nanoseconds / size
            digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
            return f"{value:,.{digits}f} {unit}"
    return f"{nanoseconds} ns"
