"""Times as the report shows them: in UTC, and beside it in the zone that was asked for."""

from __future__ import annotations

from typing import NamedTuple

from pop2dissect.text.values import UTC, Zone, dated, moment, short_fraction


class Stamp(NamedTuple):
    """A time in UTC, and in the zone that was asked for, with its name. The latter is empty where that is UTC,
    both where the time was not captured."""

    utc: str
    local: str = ""


NO_TIME = Stamp("")


def zone_name(zone: Zone) -> str:
    """Return the name of a zone that was asked for beside UTC; empty if none was."""
    return "" if zone is UTC else zone.name


def stamp(time: int | None, zone: Zone) -> Stamp:
    """Write date and clock; in UTC without the zone's name."""
    if time is None:
        return NO_TIME
    return Stamp(dated(time).removesuffix(" UTC"), "" if zone is UTC else dated(time, zone))


def clock_stamp(time: int | None, day: int, zone: Zone) -> Stamp:
    """Write the clock alone, with the date where it is another than that of the time ``day``."""
    if time is None:
        return NO_TIME
    return Stamp(_clock(time, day, UTC), "" if zone is UTC else _clock(time, day, zone))


def _clock(time: int, day: int, zone: Zone) -> str:
    when = moment(time, zone)
    clock = short_fraction(time, when.clock)
    return clock if when.date == moment(day, zone).date else f"{when.date} {clock}"
