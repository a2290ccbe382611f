"""Reads an earlier result: a JSON document, a report, or the manifest of an export.

Whatever the bytes are, this gives a result or raises ResultError: the file may be damaged or forged.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NoReturn

from pop2dissect.capture.paths import printable
from pop2dissect.document import document
from pop2dissect.document.claims import read_claims
from pop2dissect.errors import Pop2DissectError, UsageError
from pop2dissect.export import manifest
from pop2dissect.export.folder import is_plain_name
from pop2dissect.export.recorded import manifest_path
from pop2dissect.settings import Settings
from pop2dissect.verify.files import octets_of
from pop2dissect.verify.settings import read_settings

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
    show_passwords: bool
    intact: bool
    """A report's seal holds; True where there is none."""
    data: Path | None = None
    """The file that a manifest is about; None where it is about the files of its folder."""

    @property
    def version(self) -> object:
        """The version of the program that made it."""
        tool = self.recorded.get("tool")
        return tool.get("version") if isinstance(tool, dict) else None

    @property
    def captures(self) -> list[dict[str, Any]]:
        """What it says of the captures."""
        captures: list[dict[str, Any]] = self.recorded["captures"]
        return captures

    @property
    def files(self) -> list[dict[str, Any]]:
        """What a manifest says of files."""
        files = self.recorded.get("files")
        return [one for one in files if isinstance(one, dict)] if isinstance(files, list) else []

    @property
    def file_names(self) -> list[str]:
        """The names of those."""
        return [name for one in self.files if isinstance(name := one.get("file"), str)]


def read_result(path: str) -> Result:
    """Read an earlier result; for an export, a folder or a file, stands its manifest. Raises ResultError."""
    file = Path(path)
    data: Path | None = None
    try:
        beside = manifest_path(file)
        if file.is_dir():
            file = beside
        elif os.path.lexists(beside):
            file, data = beside, file
        octets = octets_of(file, follow=str(file) == path)
    except (OSError, ValueError) as error:
        raise ResultError(
            f"{printable(str(file))} cannot be read: {getattr(error, 'strerror', None) or error}", path=path
        ) from None
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
        hint = f"; an export needs {beside.name} beside it" if file != beside and form == "report" else ""
        raise ResultError(
            f"{path} is not a result of pop2dissect, or is damaged: {_reason(error)}{hint}", path=path
        ) from None
    schema = recorded.get("schema")
    if schema == manifest.SCHEMA and form == "document":
        form = "manifest"
    elif schema != document.SCHEMA:
        raise ResultError(
            f"{path} is not a result of pop2dissect, or is damaged: its schema is {schema!r:.40}", path=path
        )
    captures = recorded.get("captures")
    if not isinstance(captures, list) or not all(isinstance(one, dict) for one in captures):
        raise ResultError(f"{path} is damaged: it does not say which captures it is about", path=path)
    try:
        settings, show_passwords = read_settings(recorded.get("settings"))
    except ValueError as error:
        raise ResultError(f"{path} cannot be verified, because of its settings: {error}", path=path) from None
    result = Result(file, form, text, recorded, settings, show_passwords, intact)
    if form == "manifest" and file.name != manifest.MANIFEST:
        names = result.file_names
        if len(names) != 1 or not is_plain_name(names[0]):
            raise ResultError(f"{path} is damaged: it does not say which file it is about", path=path)
        return replace(result, data=data or file.with_name(file.name.removesuffix(f".{manifest.MANIFEST}")))
    return result


def parse(text: str) -> dict[str, Any]:
    """Parse a JSON object strictly: no name twice, no NaN. Raises ValueError, RecursionError."""
    value = json.loads(text, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_object)
    if not isinstance(value, dict):
        raise ValueError("it is not an object")
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")


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
        return f"byte {error.start} is not UTF-8"
    return "it is nested too deep" if isinstance(error, RecursionError) else str(error)
