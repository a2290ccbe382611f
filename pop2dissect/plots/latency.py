"""How long the server took to reply, by command."""

from __future__ import annotations

from collections import defaultdict

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, PercentFormatter

from pop2dissect.plots.given import Given, whole_sessions_of
from pop2dissect.plots.style import Inks, axes, caption, clear_frame, label, nothing, span_of_time
from pop2dissect.statistics.spread import quantile

MAX_COMMANDS = 8
MAX_POINTS = 1000
"""Points of a curve: more would fall on the same pixels."""

_LINES = (("-", 2.0), ("--", 1.2), (":", 1.6), ("-.", 1.2))
"""Style and width in points: first in ink, then in grey."""


def latency(sessions: Given, ax: Axes | None = None) -> Axes:
    """Draw, for each command, which part of its replies came within a time.

    x is the time from the command to the first reply, logarithmic; y is the part of the replies,
    0 to 1. The eight commands used most are drawn.
    """
    sessions = whole_sessions_of(sessions)
    ax = axes(ax, 9.0, 4.5)
    inks = Inks.of(ax)
    looks = [(colour, *line) for colour in (inks.ink, inks.shade(0.5)) for line in _LINES]
    latencies: defaultdict[str, list[int]] = defaultdict(list)
    for session in sessions:
        for exchange in session.exchanges:
            if exchange.command is not None and exchange.latency is not None:
                latencies[exchange.command].append(max(exchange.latency, 1))
    if not latencies:
        return nothing(ax, "no replies")
    curves = sorted(latencies.items(), key=lambda item: (-len(item[1]), item[0]))
    for _, values in curves:
        values.sort()
    for (command, values), (colour, style, width) in zip(curves[:MAX_COMMANDS], looks, strict=False):
        points = _thinned(values)
        name = label(command, 12) or "(none)"
        ax.step(
            [value / 1e9 for value in (points[0], *points)],
            [place / len(points) for place in range(len(points) + 1)],
            where="post",
            color=colour,
            ls=style,
            lw=width,
            label=f"{name}: median {span_of_time(quantile(values, 1, 2))} (n = {len(values):,})",
        )
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(_seconds))
    ax.xaxis.set_minor_formatter(NullFormatter())
    fastest, slowest = min(values[0] for _, values in curves), max(values[-1] for _, values in curves)
    if slowest < 100 * fastest:
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.set_xlim(fastest / 1e9 / 1.5, slowest / 1e9 * 1.5)
    ax.set_ylim(0, 1.02)
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.set_xlabel("time from the command to the reply (logarithmic)")
    ax.set_ylabel("part of the replies")
    ax.grid(True, which="major", color=inks.faint, lw=0.6)
    ax.set_axisbelow(True)
    legend = ax.legend(fontsize="small", frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=3)
    for text in legend.get_texts():
        text.set_parse_math(False)
    clear_frame(ax)
    more = f" {len(curves) - MAX_COMMANDS} rarer commands are left out." if len(curves) > MAX_COMMANDS else ""
    caption(
        ax,
        "The further left a curve rises, the faster the replies. It holds the server's time and the network's. "
        + ("A step at 3 s, under HELO, is often refused logins." if "HELO" in dict(curves) else "")
        + more,
    )
    return ax


def _thinned(values: list[int]) -> list[int]:
    if len(values) <= MAX_POINTS:
        return values
    return [quantile(values, place, MAX_POINTS - 1) for place in range(MAX_POINTS)]


def _seconds(place: float, _: object) -> str:
    value = span_of_time(round(place * 1e9))
    number, unit = value.split(" ")
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number} {unit}"
