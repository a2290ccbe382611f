"""Reads an earlier result: a JSON document, an HTML report, or the manifest of an export.

Whatever the octets are, this gives a result or raises ResultError: the file may be damaged or forged.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args

from pop2dissect.analysis.findings import Thresholds
from pop2dissect.engine import EngineName
from pop2dissect.errors import Pop2DissectError, UsageError
from pop2dissect.export import manifest
from pop2dissect.pipeline import Settings
from pop2dissect.report import document
from pop2dissect.report.claims import read_claims

Form = Literal["document", "report", "manifest"]


class ResultError(Pop2DissectError):
    """An earlier result cannot be read: it is damaged, or none."""


@dataclass(frozen=True, slots=True)
class Result:
    """An earlier result, as it was recorded."""

    path: Path
    form: Form
    text: str
    """The document or manifest."""
    recorded: dict[str, Any]
    """What it says; numbers with a fraction are :class:`decimal.Decimal`."""
    settings: Settings
    selected: list[int] | None
    show_passwords: bool
    intact: bool
    """A report's seal holds; True where there is none."""

    @property
    def version(self) -> object:
        """The version of the program that made it."""
        tool = self.recorded.get("tool")
        return tool.get("version") if isinstance(tool, dict) else None

    @property
    def captures(self) -> list[dict[str, Any]]:
        """What it says of the captures."""
        captures = self.recorded.get("captures")
        return [one for one in captures if isinstance(one, dict)] if isinstance(captures, list) else []


def read_result(path: str) -> Result:
    """Read an earlier result; a folder stands for the manifest in it. Raises ResultError."""
    file = Path(path)
    try:
        if file.is_dir():
            file /= manifest.MANIFEST
        octets = file.read_bytes()
    except (OSError, ValueError) as error:
        raise ResultError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    form: Form = "document"
    intact = True
    try:
        if octets.lstrip()[:1] == b"{":
            text = octets.decode()
        else:
            form = "report"
            claims = read_claims(octets)
            text, intact = claims.document, claims.intact
        recorded = parse(text)
    except (UsageError, ValueError, RecursionError) as error:
        raise ResultError(f"{path} is no result of pop2dissect, or damaged: {_reason(error)}") from None
    schema = recorded.get("schema")
    if schema == manifest.SCHEMA and form == "document":
        form = "manifest"
    elif schema != document.SCHEMA:
        raise ResultError(f"{path} is no result of pop2dissect, or damaged: its schema is {schema!r:.40}")
    settings, selected, show_passwords = _settings(path, recorded.get("settings"))
    return Result(file, form, text, recorded, settings, selected, show_passwords, intact)


def parse(text: str) -> dict[str, Any]:
    """Parse a JSON object strictly: no name twice, no NaN. Raises ValueError, RecursionError."""
    value = json.loads(text, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_object)
    if not isinstance(value, dict):
        raise ValueError("it is no object")
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return made


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        if error.msg == "Extra data":
            return f"after its end, in line {error.lineno}, comes more (what --jsonl writes cannot be verified)"
        return f"in line {error.lineno}, column {error.colno}: {error.msg}"
    if isinstance(error, UnicodeDecodeError):
        return f"octet {error.start} is no UTF-8"
    return "it is nested too deep" if isinstance(error, RecursionError) else str(error)


def _settings(path: str, recorded: object) -> tuple[Settings, list[int] | None, bool]:
    """Give the recorded settings, the chosen sessions, and whether passwords are shown."""
    try:
        if not isinstance(recorded, dict):
            raise ValueError("they are missing")
        ports = _numbers(recorded, "ports", 1, 65535)
        overlap = recorded.get("overlap")
        if not ports or overlap not in ("first", "last"):
            raise ValueError("ports or overlap")
        selected = None if recorded.get("sessions") is None else _numbers(recorded, "sessions", 1, 1 << 62)
        thresholds = recorded.get("thresholds")
        known = {field.name for field in fields(Thresholds)}
        if not isinstance(thresholds, dict) or not thresholds.keys() <= known:
            raise ValueError("thresholds")
        for name in thresholds:
            _numbers({name: [thresholds[name]]}, name, 0, 1 << 62)
        engine = recorded.get("engine", "native")
        if engine not in get_args(EngineName):
            raise ValueError("engine")
        if recorded.get("tshark_options"):
            raise ValueError("preferences for tshark, whose values are not recorded")
        any_port = _truth(recorded, "any_port")
        settings = Settings(frozenset(ports), overlap, any_port, replace(Thresholds(), **thresholds), engine=engine)
        return settings, selected, _truth(recorded, "show_passwords")
    except ValueError as error:
        raise ResultError(f"the settings in {path} are damaged, or of another version: {error}") from None


def _numbers(recorded: dict[str, Any], name: str, lowest: int, highest: int) -> list[int]:
    values = recorded.get(name)
    if not isinstance(values, list) or not all(type(n) is int and lowest <= n <= highest for n in values):
        raise ValueError(name)
    return values


def _truth(recorded: dict[str, Any], name: str) -> bool:
    value = recorded.get(name)
    if not isinstance(value, bool):
        raise ValueError(name)
    return value
