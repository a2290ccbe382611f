"""Times in UTC and in the zone that was asked for."""

from __future__ import annotations

from pop2dissect.html.times import Times
from pop2dissect.text.values import zone_named


def test_times_in_two_zones() -> None:
    times = Times(zone_named("Europe/Berlin"))
    time = 1_795_500_000_123_456_000
    assert times.sentence(time) == "2026-11-24 06:00:00.123456 UTC = 2026-11-24 07:00:00.123456 CET"
    assert times.full(time + 1).utc == "2026-11-24 06:00:00.123456001"
    assert times.full(time - 123_456_000).utc == "2026-11-24 06:00:00"
    assert times.clock(time, time) == ("06:00:00.123456", "07:00:00.123456")
    assert times.clock(time, time - 86_400 * 10**9).utc == "2026-11-24 06:00:00.123456"
    assert times.sentence(None) == "not captured"
    assert Times().full(time).local == ""
