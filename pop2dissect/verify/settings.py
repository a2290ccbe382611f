"""Reads the settings that a result records, so that it can be made again with them. Nothing in them is trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar, cast, get_args

from pop2dissect.engine import EngineName
from pop2dissect.findings import Thresholds
from pop2dissect.limits import Limits
from pop2dissect.pipeline import Settings
from pop2dissect.tcp.reassembly import OverlapPolicy

_HIGHEST = 1 << 62
_Numbers = TypeVar("_Numbers", Thresholds, Limits)


def read_settings(recorded: object) -> tuple[Settings, list[int] | None, bool]:
    """Return the settings, the numbers of the sessions that were asked for, and whether passwords are shown.

    Raises ValueError, with a part of a sentence, where they are damaged, of another version, or not whole.
    """
    if not isinstance(recorded, dict):
        raise ValueError("they are missing")
    if recorded.get("tshark_options"):
        raise ValueError("preferences were given to tshark, and their values are not recorded")
    settings = Settings(
        ports=frozenset(_integers(recorded, "ports", 1, 65535)),
        overlap=cast("OverlapPolicy", _one_of(recorded, "overlap", get_args(OverlapPolicy))),
        any_port=_truth(recorded, "any_port"),
        thresholds=_numbers(recorded, "thresholds", Thresholds()),
        check_checksums=_truth(recorded, "check_checksums"),
        limits=_numbers(recorded, "limits", Limits()),
        engine=cast("EngineName", _one_of(recorded, "engine", get_args(EngineName))),
    )
    if not settings.ports:
        raise ValueError("there are no ports")
    selected = None if recorded.get("sessions") is None else _integers(recorded, "sessions", 1, _HIGHEST)
    return settings, selected, _truth(recorded, "show_passwords")


def _integers(recorded: Mapping[str, Any], name: str, lowest: int, highest: int) -> list[int]:
    values = recorded.get(name)
    if not isinstance(values, list) or not all(type(n) is int and lowest <= n <= highest for n in values):
        raise ValueError(f"{name} should be numbers")
    return values


def _numbers(recorded: Mapping[str, Any], name: str, usual: _Numbers) -> _Numbers:
    values = recorded.get(name)
    known = {field.name for field in fields(usual)}
    if not isinstance(values, dict) or values.keys() != known:
        raise ValueError(f"{name} are not those of this version")
    if not all(type(n) is int and 0 <= n <= _HIGHEST for n in values.values()):
        raise ValueError(f"{name} should be numbers")
    return replace(usual, **values)


def _one_of(recorded: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = recorded.get(name)
    if value not in allowed:
        raise ValueError(f"{name} should be {' or '.join(allowed)}")
    return str(value)


def _truth(recorded: Mapping[str, Any], name: str) -> bool:
    value = recorded.get(name)
    if not isinstance(value, bool):
        raise ValueError(f"{name} should be true or false")
    return value
