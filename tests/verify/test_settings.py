"""Recorded settings are read back whole: none is forgotten."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from pop2dissect.document.head import settings_object
from pop2dissect.filters import Filters
from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.limits import Limits
from pop2dissect.settings import Settings
from pop2dissect.verify.settings import read_settings

UNUSUAL: dict[str, Any] = {
    "ports": frozenset({110, 1109}),
    "overlap": "last",
    "any_port": True,
    "as_they_end": True,
    "thresholds": Thresholds(**{field.name: 77 for field in fields(Thresholds)}),
    "check_checksums": True,
    "limits": Limits(**{field.name: 78 for field in fields(Limits)}),
    "engine": "tshark",
    "filters": Filters.of({"session": [3, "5-7"], "user": "anna", "sort": "bytes", "top": 3}),
}


def test_every_setting_is_read_back() -> None:
    settings = Settings(**UNUSUAL)
    assert read_settings(settings_object(settings, True)) == (settings, True)
    assert read_settings(settings_object(Settings(), False)) == (Settings(), False)
    assert set(UNUSUAL) | {"tshark_options"} == {field.name for field in fields(Settings)}


def test_what_is_not_recorded_whole_is_refused() -> None:
    recorded = settings_object(Settings(engine="tshark", tshark_options=("uat:80211_keys:secret",)), False)
    with pytest.raises(ValueError, match="their values are not recorded"):
        read_settings(recorded)


@pytest.mark.parametrize("name", [*UNUSUAL, "sessions", "show_passwords"])
@pytest.mark.parametrize("value", ["x", [True], {"a": 1}, 7, [0.5], []])
def test_anything_else_is_refused(name: str, value: object) -> None:
    recorded = settings_object(Settings(), False)
    recorded[name] = value  # type: ignore[assignment]
    with pytest.raises(ValueError, match=r"\w"):
        read_settings(recorded)
