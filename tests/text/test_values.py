"""Numbers and times, for people and for programs."""

from __future__ import annotations

import datetime
import sys
import zoneinfo
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.capture.record import FRAME_BITS
from pop2dissect.errors import UsageError
from pop2dissect.text import values
from pop2dissect.text.values import SECOND, UTC, Zone

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MICROSECONDS = st.datetimes(timezones=st.just(datetime.UTC)).map(
    lambda time: (time - EPOCH) // datetime.timedelta(microseconds=1)
)


@given(MICROSECONDS)
def test_the_calendar_is_that_of_datetime(microseconds: int) -> None:
    expected = EPOCH + datetime.timedelta(microseconds=microseconds)
    text = values.rfc3339(microseconds * 1000)
    assert (
        text
        == expected.strftime("%Y").zfill(4) + expected.strftime("-%m-%dT%H:%M:%S.") + f"{expected.microsecond:06}000Z"
    )


def test_times_beyond_the_calendars_of_others() -> None:
    assert values.rfc3339((1 << 64) * 1000).startswith("586524-01-19T08:01:49.551616")
    assert values.rfc3339(-1) == "1969-12-31T23:59:59.999999999Z"


def test_zones_follow_their_rules() -> None:
    berlin = values.zone_named("Europe/Berlin")
    winter, summer = 1_767_265_200 * SECOND, 1_782_903_600 * SECOND
    assert values.moment(winter, berlin) == ("2026-01-01", "12:00:00.000000000", "CET")
    assert values.moment(summer, berlin) == ("2026-07-01", "13:00:00.000000000", "CEST")
    assert values.moment((1 << 64) * 1000, berlin).zone == "UTC"
    assert values.zone_named("utc") is UTC
    assert isinstance(values.zone_named("local"), Zone)


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "", "\0", "Europe"])
def test_no_such_zone(name: str) -> None:
    with pytest.raises(UsageError, match="there is no time zone"):
        values.zone_named(name)


def test_where_no_zones_are_known_it_is_not_the_name_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in {"tzdata", *(name for name in sys.modules if name.startswith("tzdata."))}:
        monkeypatch.setitem(sys.modules, name, None)
    zoneinfo.reset_tzpath([])
    zoneinfo.ZoneInfo.clear_cache()
    try:
        with pytest.raises(UsageError, match="this machine has no data about zones"):
            values.zone_named("Europe/Berlin")
        assert values.zone_named("UTC") is UTC
    finally:
        zoneinfo.reset_tzpath()


@given(st.integers(-(1 << 80), 1 << 80))
def test_decimal_seconds_are_exact(nanoseconds: int) -> None:
    text = values.decimal_seconds(nanoseconds)
    assert Fraction(text) == Fraction(nanoseconds, SECOND)
    assert text == "0" or not text.startswith("-0") or "." in text


@pytest.mark.parametrize(
    ("nanoseconds", "elapsed", "duration"),
    [
        (0, "0.000", "0.000 s"),
        (3_021_234_567, "3.021", "3.021 s"),
        (-1_500_000_000, "-1.500", "-1.500 s"),
        (59_999_999_999, "59.999", "59.999 s"),
        (61_250_000_000, "1:01.250", "1 min 1 s"),
        (3_600_000_000_000, "1:00:00.000", "1 h 0 min"),
        (90_000 * SECOND, "25:00:00.000", "1 d 1 h"),
    ],
)
def test_durations_for_people(nanoseconds: int, elapsed: str, duration: str) -> None:
    assert values.elapsed(nanoseconds) == elapsed
    assert values.duration(nanoseconds) == duration


def test_counts() -> None:
    assert values.count(1, "octet") == "1 octet"
    assert values.count(0, "octet") == "0 octets"
    assert values.count(9982, "octet") == "9,982 octets"
    assert values.count(2, "session was", "sessions were") == "2 sessions were"


def test_frames_are_cited_as_runs() -> None:
    second = 1 << FRAME_BITS
    assert values.frame_list(()) == ""
    assert values.frame_list((6,)) == "6"
    assert values.frame_list((6, 8, 9, 10, 12)) == "6, 8-10, 12"
    assert values.frame_list((10, 9)) == "10, 9"
    assert values.frame_list((6, 7, second + 8), True) == "1:6-7, 2:8"


def test_brief_durations_have_three_digits() -> None:
    durations = (
        0,
        999,
        1000,
        87_000,
        999_949,
        3_021_000,
        43_500_000,
        3_008_000_000,
        119 * 10**9,
        180 * 10**9,
        20_160 * 10**9,
    )
    assert [values.brief(value) for value in durations] == [
        "0 ns",
        "999 ns",
        "1.00 us",
        "87.0 us",
        "1,000 us",
        "3.02 ms",
        "43.5 ms",
        "3.01 s",
        "119 s",
        "3.00 min",
        "5.60 h",
    ]
