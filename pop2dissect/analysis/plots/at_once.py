"""How many sessions there were at once, over time."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pop2dissect.analysis.plots.clock import Clock
from pop2dissect.analysis.plots.style import INK, PALE, caption, clear_frame, count, nothing
from pop2dissect.analysis.statistics import Statistics
from pop2dissect.session import Session


def at_once(ax: Axes, sessions: Sequence[Session]) -> Axes:
    """Draw how many sessions were open as a step line. x is the time in UTC, y the number of sessions."""
    if not sessions:
        return nothing(ax, "no sessions")
    statistics = Statistics()
    statistics.intervals.extend((session.start, session.end) for session in sessions)
    steps = statistics.sessions_at_once()
    most = statistics.most_at_once()
    clock = Clock(steps[0].time, steps[-1].time)
    places = clock.places(step.time for step in steps)
    heights = [step.open for step in steps]
    ax.fill_between(places, heights, step="post", color=PALE, lw=0)
    ax.step(places, heights, where="post", color=INK, lw=0.8 if len(steps) < 400 else 0.4)
    ax.set_ylim(0, most * 1.08)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylabel("open sessions")
    clock.draw(ax)
    clear_frame(ax)
    caption(ax, f"How many of {count(len(sessions), 'session')} were open at the same time; at most {most:,}.")
    return ax
