"""From declared tables to pandas data frames. The only module that makes columns of pandas' types."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
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
        self._packed = [_Packed(column) for column in table.columns]

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
        arrays = {column.name: packed.array() for column, packed in zip(self._columns, self._packed, strict=True)}
        self._packed = [_Packed(column) for column in self._columns]
        return pd.DataFrame(arrays, copy=False)

    def _pack(self, limit: int) -> None:
        if len(self._waiting[0]) < limit:
            return
        for cells, packed in zip(self._waiting, self._packed, strict=True):
            packed.extend(cells)
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


class _Packed:
    """The cells of a column as they come. What grows is one block for each: many pieces would be in memory twice."""

    def __init__(self, column: Column[Any]) -> None:
        self._column = column
        self._values, self._absent = bytearray(), bytearray()
        self._text: list[Any] = []
        self._codes = {category: code for code, category in enumerate(column.categories)}

    def extend(self, cells: list[Any]) -> None:
        """Add cells.

        Text is packed at once too: as Python's strings it takes several times the memory that it takes in Arrow's
        arrays.
        """
        match self._column.kind:
            case Kind.INTEGER:
                self._add(*_integers(cells, 0))
            case Kind.TIME | Kind.DURATION:
                self._add(_integers(cells, _NO_TIME)[0])
            case Kind.NUMBER | Kind.BOOLEAN as kind:
                known = [0 if value is None else value for value in cells]
                absent = np.array([value is None for value in cells], np.bool_)
                self._add(np.array(known, np.float64 if kind is Kind.NUMBER else np.bool_), absent)
            case Kind.CATEGORY:
                codes = self._codes
                self._add(np.array([codes.get(value, -1) for value in cells], np.int8))
            case Kind.TEXT:
                self._text.append(_text(cells))

    def _add(self, values: NDArray[Any], absent: NDArray[np.bool_] | None = None) -> None:
        self._values += values.tobytes()
        if absent is not None:
            self._absent += absent.tobytes()

    def array(self) -> Any:
        """Return the cells as an array of pandas, which takes the octets over."""
        column = self._column
        absent = np.frombuffer(self._absent, np.bool_)
        match column.kind:
            case Kind.INTEGER:
                return pd.arrays.IntegerArray(np.frombuffer(self._values, np.int64), absent)
            case Kind.NUMBER:
                return pd.arrays.FloatingArray(np.frombuffer(self._values, np.float64), absent)
            case Kind.BOOLEAN:
                return pd.arrays.BooleanArray(np.frombuffer(self._values, np.bool_), absent)
            case Kind.TIME:
                return pd.DatetimeIndex(np.frombuffer(self._values, "M8[ns]")).tz_localize("UTC")
            case Kind.DURATION:
                return pd.TimedeltaIndex(np.frombuffer(self._values, "m8[ns]"))
            case Kind.CATEGORY:
                return pd.Categorical.from_codes(np.frombuffer(self._values, np.int8), dtype=dtype_of(column))
            case Kind.TEXT:
                return type(self._text[0])._concat_same_type(self._text)


def _text(cells: list[str | None]) -> Any:
    if _TEXT.storage == "pyarrow":
        import pyarrow as pa

        return pd.array(pa.array(cells, pa.large_string()), dtype=_TEXT)
    return pd.array(np.array(cells, dtype=object), dtype=_TEXT)


def _integers(values: list[Any], absent: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return 64-bit integers, and which of them are absent: None, or too large. Those are ``absent``."""
    with suppress(TypeError, OverflowError):
        return np.array(values, np.int64), np.zeros(len(values), np.bool_)
    hidden = [value is None for value in values]
    present = [absent if value is None else value for value in values]
    try:
        return np.array(present, np.int64), np.array(hidden, np.bool_)
    except OverflowError:
        hidden = [value is None or not -_LARGEST <= value <= _LARGEST for value in values]
        present = [absent if gone else value for value, gone in zip(values, hidden, strict=True)]
        return np.array(present, np.int64), np.array(hidden, np.bool_)
