"""Tables as files: CSV without pandas, Parquet with pandas and pyarrow.

Both take the tables' rows one by one, from wherever they are: of sessions at hand (:func:`rows_of`), or
spooled while the sessions passed (:class:`pop2dissect.tables.spooled.SpooledTables`).
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from pop2dissect.optional import extra
from pop2dissect.tables.columns import Column, Kind, Value
from pop2dissect.tables.schema import TABLES, AnyTable
from pop2dissect.tables.schema.captures import CAPTURES
from pop2dissect.text.safe import spreadsheet_safe
from pop2dissect.text.values import decimal_seconds, rfc3339
from pop2dissect.version import __version__
from pop2dissect.writing import NewFile, cannot_write

Rows: TypeAlias = Callable[[str], Iterable[Sequence[Value]]]
"""Gives the rows of a table by its name, as :meth:`pop2dissect.tables.columns.Table.values` does."""

Last: TypeAlias = tuple[str, Callable[[Iterable[tuple[str, int, str]]], bytes]]
"""A file that gets its name after the others, and what it holds: that follows from their names, sizes and SHA-256."""

_ROW_GROUP = 1 << 17
"""Rows that a Parquet file has together, and that are in memory at once."""

_Writer: TypeAlias = Callable[[Any], str]


def csv_paths(directory: str | os.PathLike[str]) -> list[Path]:
    """Return the files that :func:`write_csv` makes."""
    return [Path(directory) / f"{name}.csv" for name in TABLES]


def parquet_paths(directory: str | os.PathLike[str]) -> list[Path]:
    """Return the files that :func:`write_parquet` makes."""
    return [Path(directory) / f"{name}.parquet" for name in TABLES]


def write_csv(
    rows: Rows, directory: str | os.PathLike[str], *, exact: bool = False, last: Last | None = None
) -> list[Path]:
    """Write every table as ``NAME.csv`` into a directory, which is made where it is missing; give the paths.

    UTF-8, lines end in CRLF (RFC 4180); times as RFC 3339 in UTC to the nanosecond, durations in decimal
    seconds, booleans as ``true`` and ``false``, what is not known as an empty cell. Text from the capture
    is made harmless: control characters are escapes (``\\x1b``), and what a spreadsheet program would run
    as a formula, as POP2's replies look like, has an apostrophe before it. With ``exact`` neither is done.

    Bounded memory: a row at a time. Raises ExistingFileError where one of the files exists, OutputError
    where one cannot be written; then none is.
    """

    def write(name: str, table: AnyTable, new: NewFile) -> None:
        writers = [_writer(column.kind, exact) for column in table.columns]
        file = io.TextIOWrapper(new, encoding="utf-8", newline="", errors="backslashreplace")
        out = csv.writer(file, lineterminator="\r\n")
        out.writerow([column.name for column in table.columns])
        for values in rows(name):
            out.writerow(["" if value is None else write(value) for write, value in zip(writers, values, strict=True)])
        file.detach()

    return _write_all(csv_paths(directory), write, last)


def write_parquet(rows: Rows, directory: str | os.PathLike[str], *, last: Last | None = None) -> list[Path]:
    """Write every table as ``NAME.parquet`` into a directory, which is made where it is missing; give the paths.

    Types are those of the data frames, text is exact; but durations are decimal seconds, which every reader knows, and
    of an empty table the format does not keep which categories there could be. Each column has its meaning and unit as
    metadata, each file its table, the version and the captures (``pop2dissect``, as JSON). Bounded memory.

    Raises MissingLibraryError where pandas or pyarrow is missing, ExistingFileError where one of the files exists,
    OutputError where one cannot be written; then none is.
    """
    need_parquet()
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from pop2dissect.tables.frames import FrameBuilder

    seconds = pa.decimal128(19, 9)
    origin = {"version": __version__, "captures": [_named(CAPTURES, row) for row in rows("captures")]}

    def write(name: str, table: AnyTable, new: NewFile) -> None:
        builder = FrameBuilder(table)
        arrow = pa.Table.from_pandas(builder.frame(), preserve_index=False).schema
        fields = [
            field.with_type(seconds if column.kind is Kind.DURATION else field.type).with_metadata(_about(column))
            for field, column in zip(arrow, table.columns, strict=True)
        ]
        about = json.dumps({**origin, "table": name, "meaning": table.meaning})
        schema = pa.schema(fields, {**arrow.metadata, b"pop2dissect": about.encode()})  # those of pandas name its types
        waiting = iter(rows(name))
        with pq.ParquetWriter(new, schema) as out:
            while some := list(islice(waiting, _ROW_GROUP)):
                builder.extend_values(some)
                group = pa.Table.from_pandas(builder.frame(), schema=arrow, preserve_index=False)
                arrays = [
                    in_seconds(array) if column.kind is Kind.DURATION else array
                    for array, column in zip(group.columns, table.columns, strict=True)
                ]
                out.write_table(pa.Table.from_arrays(arrays, schema=schema))

    def in_seconds(array: Any) -> Any:
        exact = array.cast(pa.int64()).cast(pa.decimal128(19, 0))
        return pc.multiply(exact, pa.scalar(Decimal("1e-9"), pa.decimal128(9, 9))).cast(seconds)

    return _write_all(parquet_paths(directory), write, last)


def _about(column: Column[Any]) -> dict[str, str]:
    unit = {Kind.DURATION: "s", Kind.TIME: "ns since 1970-01-01 UTC"}.get(column.kind, column.unit)
    return {"meaning": column.meaning, **({"unit": unit} if unit else {})}


def _named(table: AnyTable, row: Sequence[Value]) -> dict[str, Value]:
    return {column.name: value for column, value in zip(table.columns, row, strict=True)}


def _write_all(paths: Sequence[Path], write: Callable[[str, AnyTable, NewFile], None], last: Last | None) -> list[Path]:
    """Write every table into its file. All get their names when all are complete, and the last one after them."""
    directory = paths[0].parent
    _make(directory)
    with ExitStack() as files:
        final = None if last is None else files.enter_context(NewFile(directory / last[0]))
        facts = []
        for path, (name, (table, _)) in zip(paths, TABLES.items(), strict=True):
            file = files.enter_context(NewFile(path))
            write(name, table, file)
            facts.append((path.name, *file.measured()))
        if last is not None and final is not None:
            final.write(last[1](facts))
    return list(paths)


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(directory, error) from error


def need_parquet() -> None:
    """Raise MissingLibraryError, which says how to install it, where something is missing to write Parquet."""
    with extra("parquet"):
        import pandas
        import pyarrow  # noqa: F401 (only whether it is there)
    del pandas


def _writer(kind: Kind, exact: bool) -> _Writer:
    match kind:
        case Kind.TIME:
            return rfc3339
        case Kind.DURATION:
            return decimal_seconds
        case Kind.BOOLEAN:
            return _boolean
        case Kind.TEXT:
            return str if exact else spreadsheet_safe
        case _:
            return str


def _boolean(value: Value) -> str:
    return "true" if value else "false"
