"""Times in UTC and in the zone that was asked for."""

from __future__ import annotations

from pop2dissect.html.times import clock_stamp, stamp
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.values import UTC, zone_named


def test_times_in_two_zones() -> None:
    zone = zone_named("Europe/Berlin")
    rendering = Rendering(zone=zone)
    time = 1_795_500_000_123_456_000
    assert rendering.when(time) == "2026-11-24 06:00:00.123456 UTC = 2026-11-24 07:00:00.123456 CET"
    assert stamp(time + 1, zone).utc == "2026-11-24 06:00:00.123456001"
    assert stamp(time - 123_456_000, zone).utc == "2026-11-24 06:00:00"
    assert clock_stamp(time, time, zone) == ("06:00:00.123456", "07:00:00.123456")
    assert clock_stamp(time, time - 86_400 * 10**9, zone).utc == "2026-11-24 06:00:00.123456"
    assert rendering.when(None) == "not captured"
    assert stamp(time, UTC).local == ""
