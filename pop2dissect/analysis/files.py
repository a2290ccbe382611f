"""Tables as files: CSV without pandas, Parquet with pandas and pyarrow."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from pop2dissect.analysis.columns import Kind, Value
from pop2dissect.analysis.optional import extra
from pop2dissect.analysis.rows import Source
from pop2dissect.analysis.schema import TABLES
from pop2dissect.analysis.text import decimal_seconds, rfc3339, terminal_safe

_FORMULA = ("=", "+", "-", "@")
"""What makes a spreadsheet program take a cell for a formula, and run it."""

_Writer: TypeAlias = Callable[[Any], str]


def write_csv(source: Source, directory: str | os.PathLike[str], *, exact: bool = False) -> list[Path]:
    """Write every table as ``NAME.csv`` into a directory, which is made where it is missing; give the paths.

    UTF-8, lines end in CRLF (RFC 4180); times as RFC 3339 in UTC to the nanosecond, durations in decimal
    seconds, booleans as ``true`` and ``false``, what is not known as an empty cell. Text from the capture
    is made harmless: control characters are escapes (``\\x1b``), and what a spreadsheet program would run
    as a formula, as POP2's replies look like, has an apostrophe before it. With ``exact`` neither is done.

    Bounded memory: a row at a time. Raises OSError where a file cannot be written.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, (table, rows) in TABLES.items():
        path = directory / f"{name}.csv"
        writers = [_writer(column.kind, exact) for column in table.columns]
        with path.open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, lineterminator="\r\n")
            out.writerow([column.name for column in table.columns])
            for values in table.values(rows(source)):
                out.writerow(
                    ["" if value is None else write(value) for write, value in zip(writers, values, strict=True)]
                )
        paths.append(path)
    return paths


def write_parquet(source: Source, directory: str | os.PathLike[str]) -> list[Path]:
    """Write every table as ``NAME.parquet`` into a directory, which is made where it is missing; give the paths.

    Types are those of the data frames, text is exact. Raises MissingLibraryError where pandas or pyarrow
    is missing, OSError where a file cannot be written.
    """
    with extra("parquet"):
        import pyarrow  # noqa: F401 - pandas writes with it

        from pop2dissect.analysis.frames import data_frame

    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, (table, rows) in TABLES.items():
        path = directory / f"{name}.parquet"
        data_frame(table, rows(source)).to_parquet(path, engine="pyarrow", index=False)
        paths.append(path)
    return paths


def _writer(kind: Kind, exact: bool) -> _Writer:
    match kind:
        case Kind.TIME:
            return rfc3339
        case Kind.DURATION:
            return decimal_seconds
        case Kind.BOOLEAN:
            return _boolean
        case Kind.TEXT:
            return str if exact else _harmless
        case _:
            return str


def _boolean(value: Value) -> str:
    return "true" if value else "false"


def _harmless(text: str) -> str:
    text = terminal_safe(text)
    return f"'{text}" if text.startswith(_FORMULA) else text
