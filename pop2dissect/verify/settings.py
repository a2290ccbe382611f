"""Reads the settings that a result records, so that it can be made again with them. Nothing in them is trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pop2dissect.limits import HIGHEST
from pop2dissect.settings import SETTINGS, Settings


def read_settings(recorded: object) -> tuple[Settings, list[int] | None, bool]:
    """Return the settings, the numbers of the sessions that were asked for, and whether passwords are shown.

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
    return Settings(**values), _sessions(recorded), _show_passwords(recorded)


def _sessions(recorded: Mapping[str, Any]) -> list[int] | None:
    values = recorded.get("sessions")
    if values is None:
        return None
    if not isinstance(values, list) or not all(type(number) is int and 1 <= number <= HIGHEST for number in values):
        raise ValueError("sessions must be a list of numbers")
    return values


def _show_passwords(recorded: Mapping[str, Any]) -> bool:
    value = recorded.get("show_passwords")
    if not isinstance(value, bool):
        raise ValueError("show_passwords must be true or false")
    return value
