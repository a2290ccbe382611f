"""A time axis for times in integer nanoseconds, of any year and in any zone.

matplotlib's own dates are floating-point days and end with the year 9999, captures need neither.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter

from pop2dissect.text.values import UTC, Moment, Zone, moment

NS = 10**9
_DAY = 86_400
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, _DAY)
_MAX_TICKS = 7
_INCHES_A_TICK = 0.75
"""What the longest label of a tick takes, with some air."""


class Clock:
    """Places on a time axis: seconds since the midnight before the first time, by the zone's clock just then."""

    def __init__(self, first: int, last: int, zone: Zone = UTC) -> None:
        self.first = first
        self.last = max(first, last)
        self.zone = zone
        ahead = zone.offset(first // NS)[0] * NS
        self.midnight = first - (first + ahead) % (_DAY * NS)
        self._ticks = _MAX_TICKS

    def place(self, time: int) -> float:
        """Return the place of a time."""
        return (time - self.midnight) / NS

    def places(self, times: Iterable[int]) -> list[float]:
        """Return the places of times."""
        return [self.place(time) for time in times]

    def label(self, place: float) -> str:
        """Write the time at a place: the clock, and the date where several days are shown and one begins."""
        date, clock, _ = self._moment(self.midnight + round(float(place) * NS))
        days = self.last - self.midnight > _DAY * NS
        if days and (clock.startswith("00:00:00") or self._step() >= _DAY):  # an hour off where the clocks were changed
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
        day, _, name = self._moment(self.first)
        until, _, later = self._moment(self.last)
        zone = name if name == later else f"{name}, {later}"
        ax.set_xlabel(f"time ({zone}) on {day}" if day == until else f"time ({zone}), {day} to {until}")

    def _moment(self, time: int) -> Moment:
        return moment(time, self.zone)

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
