"""A time axis in UTC for times in integer nanoseconds, of any year.

matplotlib's own dates are floating-point days and end with the year 9999, captures need neither.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter

from pop2dissect.text.values import rfc3339

NS = 10**9
_DAY = 86_400
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, _DAY)
_MAX_TICKS = 7
_INCHES_A_TICK = 0.75
"""What the longest label of a tick takes, with some air."""


class Clock:
    """Places on a time axis: seconds since the midnight before the first time."""

    def __init__(self, first: int, last: int) -> None:
        self.first = first
        self.last = max(first, last)
        self.midnight = first - first % (_DAY * NS)
        self._ticks = _MAX_TICKS

    def place(self, time: int) -> float:
        """Return the place of a time."""
        return (time - self.midnight) / NS

    def places(self, times: Iterable[int]) -> list[float]:
        """Return the places of times."""
        return [self.place(time) for time in times]

    def label(self, place: float) -> str:
        """Write the time at a place: the clock, and the date where a day begins and several are shown."""
        date, clock = rfc3339(self.midnight + round(float(place) * NS)).rstrip("Z").split("T")
        if self.last - self.midnight > _DAY * NS and clock.startswith("00:00:00"):
            return date[5:]
        clock = clock.rstrip("0").rstrip(".") if "." in clock else clock
        return clock[:12] if self.last - self.first < 10 * NS else clock[:8] if self._step() < 60 else clock[:5]

    def draw(self, ax: Axes) -> None:
        """Put limits, ticks and a label to the x axis."""
        figure = ax.get_figure(root=True)
        if figure is not None:
            inches = ax.get_position().width * figure.get_figwidth()
            self._ticks = max(2, min(_MAX_TICKS, int(inches / _INCHES_A_TICK)))
        first, last = self.place(self.first), self.place(self.last)
        margin = (last - first) * 0.02 or 0.5
        ax.set_xlim(first - margin, last + margin)
        step = self._step()
        begin = math.ceil((first - margin) / step)
        ticks = [number * step for number in range(begin, math.floor((last + margin) / step) + 1)]
        ax.xaxis.set_major_locator(FixedLocator(ticks))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda place, _: self.label(place)))
        day = rfc3339(self.first)[:10]
        until = rfc3339(self.last)[:10]
        ax.set_xlabel(f"time (UTC) on {day}" if day == until else f"time (UTC), {day} to {until}")

    def _step(self) -> float:
        return nice_step((self.last - self.first) / NS / self._ticks or 0.2)


def nice_step(seconds: float) -> float:
    """Return the least duration that is not below so many seconds and that clocks are divided by: 0.5, 15, 3600."""
    if seconds < 1:
        power = 10.0 ** math.floor(math.log10(seconds))
        return next(power * times for times in (1, 2, 5, 10) if power * times >= seconds)
    if seconds > _DAY:
        return math.ceil(seconds / _DAY) * _DAY
    return next(step for step in _STEPS if step >= seconds)
