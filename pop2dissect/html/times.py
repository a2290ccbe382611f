"""Times as the report shows them: in UTC, and beside it in the zone that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from pop2dissect.text.values import SECOND, UTC, Zone, moment


class Stamp(NamedTuple):
    """A time in UTC, and in the zone that was asked for, with its name. The latter is empty where that is UTC,
    both where the time was not captured."""

    utc: str
    local: str = ""


NO_TIME = Stamp("")


@dataclass(frozen=True, slots=True)
class Times:
    """Writes times. A capture's fraction of a second is given as far as it has digits: a whole second has none."""

    zone: Zone = UTC

    @property
    def zone_name(self) -> str:
        """The zone that was asked for beside UTC; empty if none was."""
        return "" if self.zone is UTC else self.zone.name

    def full(self, time: int | None) -> Stamp:
        """Write date and clock."""
        if time is None:
            return NO_TIME
        local = f"{_dated(time, self.zone)} {moment(time, self.zone).zone}" if self.zone_name else ""
        return Stamp(_dated(time, UTC), local)

    def sentence(self, time: int | None) -> str:
        """Write date, clock and zone, in both zones."""
        if time is None:
            return "not captured"
        stamp = self.full(time)
        return " = ".join(text for text in (f"{stamp.utc} UTC", stamp.local) if text)

    def clock(self, time: int | None, day: int) -> Stamp:
        """Write the clock alone, with the date where it is another than that of the time ``day``."""
        if time is None:
            return NO_TIME
        return Stamp(_clock(time, day, UTC), _clock(time, day, self.zone) if self.zone_name else "")


def _dated(time: int, zone: Zone) -> str:
    when = moment(time, zone)
    return f"{when.date} {_fraction(time, when.clock)}"


def _clock(time: int, day: int, zone: Zone) -> str:
    when = moment(time, zone)
    clock = _fraction(time, when.clock)
    return clock if when.date == moment(day, zone).date else f"{when.date} {clock}"


def _fraction(time: int, clock: str) -> str:
    if time % SECOND == 0:
        return clock[:-10]
    return clock if time % 1000 else clock[:-3]
