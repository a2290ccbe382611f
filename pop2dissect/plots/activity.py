"""When there was activity, as a heat map."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator

from pop2dissect.plots.clock import NS
from pop2dissect.plots.given import GivenRows, sessions_of
from pop2dissect.plots.style import Inks, axes, caption, nothing
from pop2dissect.text.values import count, moment, zone_named

MAX_ROWS = 400
"""More would be thinner than a pixel."""


class _Grid(NamedTuple):
    row: int
    """Seconds of a row."""
    columns: int
    row_name: str
    column_name: str
    shown: slice
    """What of date and clock names a row."""
    ticks: int


_GRIDS = (
    _Grid(60, 60, "minute", "second of the minute", slice(11, 16), 5),
    _Grid(3600, 60, "hour", "minute of the hour", slice(5, 16), 5),
    _Grid(86_400, 24, "day", "hour of the day", slice(0, 10), 2),
    _Grid(604_800, 7, "week", "day of the week", slice(0, 10), 1),
)
_MANY_ROWS = 48
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONDAY = 4 * 86_400
"""1970-01-05, a Monday."""


def activity(sessions: GivenRows, ax: Axes | None = None, *, tz: str = "UTC") -> Axes:
    """Draw how many sessions started in each second, minute, hour or day, the stronger the shade the more.

    By how long the capture is, a row is a minute, an hour, a day or a week, in the zone ``tz``. With a colour bar.
    """
    sessions = sessions_of(sessions)
    ax = axes(ax, 8.0, 4.5)
    inks, zone = Inks.of(ax), zone_named(tz)
    if not sessions:
        return nothing(ax, "no sessions")
    starts = [(second := session.start // NS) + zone.offset(second)[0] for session in sessions]
    first, last = min(starts), max(starts)
    grid = next((grid for grid in _GRIDS if (last - first) // grid.row < _MANY_ROWS), _GRIDS[-1])
    shift = _MONDAY if grid.columns == 7 else 0
    top = (first - shift) // grid.row
    rows = min((last - shift) // grid.row - top + 1, MAX_ROWS)
    cell = grid.row // grid.columns
    counts = Counter(divmod(start - shift - top * grid.row, grid.row) for start in starts)
    cells = [[0] * grid.columns for _ in range(rows)]
    outside = 0
    for (row, rest), number in counts.items():
        if row < rows:
            cells[row][rest // cell] += number
        else:
            outside += number
    greys = LinearSegmentedColormap.from_list("greys", [inks.paper, inks.ink])
    image = ax.imshow(cells, cmap=greys, aspect="auto", interpolation="nearest", vmin=0)
    times = [moment(((top + row) * grid.row + shift) * NS) for row in range(rows)]  # by the zone's clock
    names = [f"{time.date} {time.clock}"[grid.shown] for time in times]
    every = -(-rows // 16)
    ax.set_yticks(range(0, rows, every), names[::every])
    if grid.columns == 7:
        ax.set_xticks(range(7), _DAYS)
    else:
        ax.set_xticks(range(0, grid.columns, grid.ticks))
    ax.set_xlabel(f"{grid.column_name} ({zone.name})")
    ax.set_ylabel(f"{grid.row_name} ({zone.name})")
    figure = ax.get_figure(root=True)
    if figure is not None:
        bar = figure.colorbar(image, ax=ax, label="sessions started", pad=0.02)
        bar.ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    more = f" {outside:,} later ones are left out." if outside else ""
    caption(ax, f"Starts of {count(len(sessions), 'session')}; a row is a {grid.row_name}. Empty is none.{more}")
    return ax
