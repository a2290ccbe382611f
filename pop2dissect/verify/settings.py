"""Reads the settings that a result records, so that it can be made again with them. Nothing in them is trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pop2dissect.filters import Filters
from pop2dissect.settings import SETTINGS, Settings


def read_settings(recorded: object) -> tuple[Settings, bool]:
    """Return the settings, and whether passwords are shown.

    Raises ValueError, with a part of a sentence, where they are damaged, of another version, or not whole.
    """
    if not isinstance(recorded, dict):
        raise ValueError("they are missing")
    values = {}
    for name, setting in SETTINGS.items():
        if name not in recorded:
            raise ValueError(f"{name} is missing")
        try:
            values[name] = setting.recalled(recorded[name])
        except ValueError as error:
            raise ValueError(f"{name} {error}") from None
    filters = Filters.recalled(recorded.get("sessions"), recorded.get("filters", {}))
    return Settings(filters=filters, **values), _show_passwords(recorded)


def _show_passwords(recorded: Mapping[str, Any]) -> bool:
    value = recorded.get("show_passwords")
    if not isinstance(value, bool):
        raise ValueError("show_passwords must be true or false")
    return value
