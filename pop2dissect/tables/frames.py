"""From declared tables to pandas data frames. The only module that makes columns of pandas' types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import pandas as pd

from pop2dissect.tables.columns import Column, Kind, Table, Value

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LARGEST = 2**63 - 1
_NO_TIME = np.iinfo(np.int64).min
"""How numpy writes "not a time"."""
_CHUNK = 2048
"""Rows that are taken at once: those of a million would be work for the garbage collector, again and again."""
_PACKED = 1 << 13
"""Cells of a column that wait to be packed: a Python integer takes four times the space of a packed one."""

_TEXT = pd.StringDtype(na_value=np.nan) if int(pd.__version__.partition(".")[0]) >= 3 else pd.StringDtype("python")
"""What pandas itself makes of text, so that tables join with others; before pandas 3 that was no type."""

Row = TypeVar("Row")


class FrameBuilder(Generic[Row]):
    """Makes a data frame of rows that come bit by bit, and keeps none of them.

    The dtypes are those declared, whatever the rows hold and if there are none: ``Int64``, ``Float64``,
    ``boolean``, ``string`` (of pandas 3: ``str``), ``category`` (with all categories declared),
    ``datetime64[ns, UTC]`` and ``timedelta64[ns]``. What is None, and what 64 bits cannot hold, is NA or NaT.
    """

    def __init__(self, table: Table[Row]) -> None:
        self._columns = table.columns
        self._waiting: list[list[Value]] = [[] for _ in table.columns]
        self._packed: list[list[tuple[Any, ...]]] = [[] for _ in table.columns]

    def extend(self, rows: Iterable[Row]) -> None:
        """Add rows as they come from the table's source."""
        ways = [(cells.extend, column.get) for cells, column in zip(self._waiting, self._columns, strict=True)]
        rows = iter(rows)
        while chunk := list(islice(rows, _CHUNK)):
            for extend, get in ways:
                extend(map(get, chunk))
            self._pack(_PACKED)

    def extend_values(self, rows: Iterable[Iterable[Value]]) -> None:
        """Add rows as :meth:`Table.values` gives them."""
        rows = iter(rows)
        while chunk := list(islice(rows, _CHUNK)):
            for cells, values in zip(self._waiting, zip(*chunk, strict=True), strict=True):
                cells.extend(values)
            self._pack(_PACKED)

    def frame(self) -> pd.DataFrame:
        """Return the data frame, with a fresh RangeIndex, and start again."""
        self._pack(0)
        arrays = {}
        for column, packed in zip(self._columns, self._packed, strict=True):
            arrays[column.name] = _array(column, [_joined(pieces) for pieces in zip(*packed, strict=True)])
            packed.clear()
        return pd.DataFrame(arrays, copy=False)

    def _pack(self, limit: int) -> None:
        if len(self._waiting[0]) < limit:
            return
        for column, cells, packed in zip(self._columns, self._waiting, self._packed, strict=True):
            packed.append(_pack(column, cells))
            cells.clear()


def data_frame(table: Table[Row], rows: Iterable[Row]) -> pd.DataFrame:
    """Make a data frame of a table's rows, as :class:`FrameBuilder` does."""
    builder = FrameBuilder(table)
    builder.extend(rows)
    return builder.frame()


def dtype_of(column: Column[Any]) -> Any:
    """Return the pandas dtype of a column."""
    if column.kind is Kind.CATEGORY:
        return pd.CategoricalDtype(list(column.categories), ordered=column.ordered)
    if column.kind is Kind.TEXT:
        return _TEXT
    return pd.api.types.pandas_dtype(column.kind.value)


def _joined(pieces: Sequence[Any]) -> Any:
    """Put packed cells together: arrays of numpy, or of text as pandas has it."""
    return np.concatenate(pieces) if isinstance(pieces[0], np.ndarray) else type(pieces[0])._concat_same_type(pieces)


def _pack(column: Column[Any], values: list[Any]) -> tuple[Any, ...]:
    """Return a column's cells packed: the values, and of some kinds which are absent.

    Text is packed at once too: as Python's strings it takes several times the memory that it takes in Arrow's arrays.
    """
    match column.kind:
        case Kind.INTEGER:
            return _integers(values, 0)
        case Kind.TIME | Kind.DURATION:
            return _integers(values, _NO_TIME)[:1]
        case Kind.NUMBER | Kind.BOOLEAN:
            absent = [value is None for value in values]
            known = [0 if value is None else value for value in values]
            return np.array(known, np.float64 if column.kind is Kind.NUMBER else np.bool_), np.array(absent, np.bool_)
        case Kind.CATEGORY:
            codes = {category: code for code, category in enumerate(column.categories)}
            return (np.array([codes.get(value, -1) for value in values], np.int8),)
        case Kind.TEXT:
            return (pd.array(np.array(values, dtype=object), dtype=_TEXT),)


def _array(column: Column[Any], parts: list[Any]) -> Any:
    """Return packed cells as an array of pandas."""
    values = parts[0]
    match column.kind:
        case Kind.INTEGER:
            return pd.arrays.IntegerArray(values, parts[1])
        case Kind.NUMBER:
            return pd.arrays.FloatingArray(values, parts[1])
        case Kind.BOOLEAN:
            return pd.arrays.BooleanArray(values, parts[1])
        case Kind.TIME:
            return pd.DatetimeIndex(values.view("M8[ns]")).tz_localize("UTC")
        case Kind.DURATION:
            return pd.TimedeltaIndex(values.view("m8[ns]"))
        case Kind.CATEGORY:
            return pd.Categorical.from_codes(values, dtype=dtype_of(column))
        case Kind.TEXT:
            return values


def _integers(values: list[Any], absent: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return 64-bit integers, and which of them are absent: None, or too large. Those are ``absent``."""
    try:
        return np.array(values, np.int64), np.zeros(len(values), np.bool_)
    except (TypeError, OverflowError):
        hidden = [value is None or not -_LARGEST <= value <= _LARGEST for value in values]
        present = [absent if gone else value for value, gone in zip(values, hidden, strict=True)]
        return np.array(present, np.int64), np.array(hidden, np.bool_)
