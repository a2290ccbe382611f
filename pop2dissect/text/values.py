"""How numbers and times are written: for people in words and columns, for programs exactly.

Times come as integer nanoseconds since 1970-01-01 UTC and are never turned into floating point. The
calendar is computed here, in integers, because a capture's time stamps may lie outside of the years
that :mod:`datetime` knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from pop2dissect.capture.record import capture_index, frame_number
from pop2dissect.errors import UsageError

SECOND = 10**9
_DAY = 86400
_UNITS = (
    ("d", _DAY * SECOND, 2 * _DAY * SECOND),
    ("h", 3600 * SECOND, 2 * 3600 * SECOND),
    ("min", 60 * SECOND, 2 * 60 * SECOND),
    ("s", SECOND, SECOND),
    ("ms", 1_000_000, 1_000_000),
    ("us", 1000, 1000),
)
"""Of a brief duration: name, size, and from what on it is used."""


class Zone(NamedTuple):
    """A time zone for showing times."""

    name: str
    offset: Callable[[int], tuple[int, str]]
    """Gives, for a time in s since 1970-01-01 UTC, the offset from UTC in s and the zone's name just then."""


def _utc_offset(_seconds: int) -> tuple[int, str]:
    return 0, "UTC"


UTC = Zone("UTC", _utc_offset)


def zone_named(name: str) -> Zone:
    """Find a zone by its IANA name, or ``local`` for that of this machine. Raises UsageError if there is none."""
    if name.upper() in ("UTC", "Z"):
        return UTC
    import datetime

    place: datetime.tzinfo | None = None
    if name != "local":
        from zoneinfo import ZoneInfo, available_timezones

        try:
            place = ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            if not available_timezones():
                raise UsageError(
                    f"the time zone {name!r} is not known: this machine has no data about zones; pip install tzdata"
                ) from None
            raise UsageError(f"there is no time zone {name!r}; give an IANA name such as Europe/Berlin") from None

    @lru_cache(maxsize=1024)
    def offset(quarter: int) -> tuple[int, str]:
        try:
            moment = datetime.datetime.fromtimestamp(quarter * 900, datetime.UTC).astimezone(place)
        except (ValueError, OverflowError, OSError):
            return 0, "UTC"  # beyond the years 1 to 9999
        delta = moment.utcoffset()
        return (round(delta.total_seconds()) if delta else 0), moment.tzname() or name

    # Offsets change at whole quarters of an hour at the finest.
    return Zone(name, lambda seconds: offset(seconds // 900))


class Moment(NamedTuple):
    """A time taken apart for showing."""

    date: str
    """``2026-11-23``."""
    clock: str
    """``07:20:01.123456789``."""
    zone: str
    """``UTC``, ``CET``."""

    @property
    def short_clock(self) -> str:
        """The clock to the millisecond, cut and not rounded."""
        return self.clock[:12]


def moment(time: int, zone: Zone = UTC) -> Moment:
    """Take a time in ns apart."""
    seconds, nanoseconds = divmod(time, SECOND)
    offset, name = zone.offset(seconds)
    days, second = divmod(seconds + offset, _DAY)
    minute, second = divmod(second, 60)
    return Moment(_date(days), f"{minute // 60:02}:{minute % 60:02}:{second:02}.{nanoseconds:09}", name)


@lru_cache(maxsize=256)
def _date(days: int) -> str:
    """Return the Gregorian date of a day counted from 1970-01-01."""
    # Counted from 0000-03-01, so that the leap day is a year's last; an era is 400 years.
    era, day = divmod(days + 719_468, 146_097)
    year = (day - day // 1460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5
    year += era * 400 + (month >= 10)
    return f"{year:04}-{month + 3 if month < 10 else month - 9:02}-{day + 1:02}"


def both_times(time: int, zone: Zone = UTC) -> str:
    """Write a time in UTC, and in another zone too: ``2026-11-23 07:20:01.5 UTC = 2026-11-23 08:20:01.5 CET``."""
    return " = ".join(dated(time, one) for one in ((UTC,) if zone is UTC else (UTC, zone)))


def dated(time: int, zone: Zone = UTC) -> str:
    """Write date, clock and zone; the fraction of a second as far as it has digits."""
    when = moment(time, zone)
    return f"{when.date} {short_fraction(time, when.clock)} {when.zone}"


def short_fraction(time: int, clock: str) -> str:
    """Cut the clock of a time to microseconds, or to seconds, where what is cut off is zero."""
    if time % SECOND == 0:
        return clock[:-10]
    return clock if time % 1000 else clock[:-3]


def rfc3339(time: int) -> str:
    """Write a time in ns as RFC 3339 has it, in UTC and to the nanosecond."""
    seconds, nanoseconds = divmod(time, SECOND)
    return f"{_second(seconds)}.{nanoseconds:09}Z"


@lru_cache(maxsize=256)
def _second(seconds: int) -> str:
    when = moment(seconds * SECOND)
    return f"{when.date}T{when.clock[:8]}"


def decimal_seconds(nanoseconds: int) -> str:
    """Write a duration as decimal seconds, exactly, with no more digits than it needs: ``3.0212``, ``60``."""
    sign, nanoseconds = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    whole, rest = divmod(nanoseconds, SECOND)
    return f"{sign}{whole}.{rest:09}".rstrip("0").rstrip(".")


def elapsed(nanoseconds: int) -> str:
    """Write a time since a start for a column, to the millisecond: ``3.021``, ``1:03:00.250``."""
    sign, nanoseconds = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    milliseconds = nanoseconds // 1_000_000
    if milliseconds < 60_000:
        return f"{sign}{milliseconds // 1000}.{milliseconds % 1000:03}"
    minutes, milliseconds = divmod(milliseconds, 60_000)
    text = f"{milliseconds // 1000:02}.{milliseconds % 1000:03}"
    if minutes < 60:
        return f"{sign}{minutes}:{text}"
    return f"{sign}{minutes // 60}:{minutes % 60:02}:{text}"


def duration(nanoseconds: int) -> str:
    """Write a duration in words: ``0.354 s``, ``4 min 31 s``, ``2 h 5 min``, ``3 d 4 h``."""
    sign, nanoseconds = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    seconds = nanoseconds // SECOND
    if seconds < 60:
        return f"{sign}{seconds}.{nanoseconds % SECOND // 1_000_000:03} s"
    if seconds < 3600:
        return f"{sign}{seconds // 60} min {seconds % 60} s"
    if seconds < _DAY:
        return f"{sign}{seconds // 3600} h {seconds % 3600 // 60} min"
    return f"{sign}{seconds // _DAY} d {seconds % _DAY // 3600} h"


def brief(nanoseconds: int) -> str:
    """Write a duration with three digits and a unit: ``87.0 us``, ``3.02 s``, ``5.60 h``."""
    for unit, size, least in _UNITS:
        if abs(nanoseconds) >= least:
            value = nanoseconds / size
            digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
            return f"{value:,.{digits}f} {unit}"
    return f"{nanoseconds} ns"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Write a number, its thousands apart, and what it counts: ``1 octet``, ``9,982 octets``."""
    return f"1 {noun}" if number == 1 else f"{number:,} {plural or noun + 's'}"


def frame_list(frames: Sequence[int], several_captures: bool = False) -> str:
    """Cite frames in full, runs of them as ranges: ``6, 8-12``; with several captures ``1:6, 2:8-12``."""
    if len(frames) == 1:
        return frame_name(frames[0], several_captures)
    return ", ".join(frame_runs(frames, several_captures))


def frame_runs(frames: Iterable[int], several_captures: bool = False) -> list[str]:
    """Cite frames as :func:`frame_list` does, run by run."""
    pieces: list[str] = []
    first = last = -1
    for frame in frames:
        if frame != last + 1:
            if last >= 0:
                pieces.append(_run(first, last, several_captures))
            first = frame
        last = frame
    if last >= 0:
        pieces.append(_run(first, last, several_captures))
    return pieces


def cite(frames: Iterable[int]) -> str:
    """Cite frames as :func:`frame_list` does, captures named where a frame is not of the first one."""
    frames = tuple(frames)
    if len(frames) == 1 and not capture_index(frames[0]):
        return int.__repr__(frames[0])  # nearly always
    return frame_list(frames, several_captures=any(map(capture_index, frames)))


def _run(first: int, last: int, several_captures: bool) -> str:
    name = frame_name(first, several_captures)
    return name if first == last else f"{name}-{frame_number(last)}"


def frame_name(frame: int, several_captures: bool = False) -> str:
    """Name a frame: its number, or with several captures ``capture:number``, both counted from 1."""
    if several_captures:
        return f"{capture_index(frame) + 1}:{frame_number(frame)}"
    return int.__repr__(frame)


def decode_text(octets: bytes) -> str:
    """Decode text from the wire: UTF-8 where it is, else Latin-1, which takes any octets."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")
