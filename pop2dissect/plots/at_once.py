"""How many sessions there were at once, over time."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pop2dissect.plots.clock import Clock
from pop2dissect.plots.given import GivenRows, sessions_of
from pop2dissect.plots.style import Inks, axes, caption, clear_frame, nothing
from pop2dissect.statistics.sums import Statistics, Step
from pop2dissect.text.values import count, zone_named

MAX_STEPS = 4000
"""More would fall on the same pixels."""


def at_once(sessions: GivenRows, ax: Axes | None = None, *, tz: str = "UTC") -> Axes:
    """Draw how many sessions were open as a step line. x is the time in the zone ``tz``, y the number of sessions."""
    sessions = sessions_of(sessions)
    ax = axes(ax)
    inks = Inks.of(ax)
    if not sessions:
        return nothing(ax, "no sessions")
    statistics = Statistics()
    statistics.intervals.extend((session.start, session.end) for session in sessions)
    steps = statistics.sessions_at_once()
    most = statistics.most_at_once()
    clock = Clock(steps[0].time, steps[-1].time, zone_named(tz))
    dense = len(steps) > MAX_STEPS
    if dense:
        steps = _thinned(steps)
    places = clock.places(step.time for step in steps)
    heights = [step.open for step in steps]
    ax.fill_between(places, heights, step="post", color=inks.grey if dense else inks.pale, lw=0)
    ax.step(places, heights, where="post", color=inks.ink, lw=0.0 if dense else 0.6)
    ax.set_ylim(0, most * 1.08)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylabel("open sessions")
    clock.draw(ax)
    clear_frame(ax)
    caption(ax, f"How many of {count(len(sessions), 'session')} were open at the same time; at most {most:,}.")
    return ax


def _thinned(steps: Sequence[Step]) -> list[Step]:
    """Return the most that were open in each of MAX_STEPS equal times, what was open when it began included."""
    first, last = steps[0].time, steps[-1].time
    width = -(-(last - first + 1) // MAX_STEPS)
    most: dict[int, int] = {}
    for step in steps:
        number = (step.time - first) // width
        most[number] = max(most.get(number, 0), step.open)
        most[number + 1] = step.open  # stays so until the next step
    del most[(last - first) // width + 1]
    return [Step(first + number * width, open_) for number, open_ in sorted(most.items())]
