"""From declared tables to pandas data frames. The only module that makes columns of pandas' types."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from pop2dissect.analysis.columns import Column, Kind, Table, Value

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LARGEST = 2**63 - 1
_CHUNK = 2048
_NO_TIME = np.iinfo(np.int64).min
"""How numpy writes "not a time"."""

Row = TypeVar("Row")


def data_frame(table: Table[Row], rows: Iterable[Row]) -> pd.DataFrame:
    """Make a data frame of a table's rows, with a fresh RangeIndex.

    The dtypes are those declared, whatever the rows hold and if there are none: ``Int64``, ``Float64``,
    ``boolean``, ``string``, ``category`` (with all categories declared), ``datetime64[ns, UTC]`` and
    ``timedelta64[ns]``. What is None, and what 64 bits cannot hold, is NA or NaT.
    """
    values: list[list[Value]] = [[] for _ in table.columns]
    ways = [(cells.extend, column.get) for cells, column in zip(values, table.columns, strict=True)]
    rows = iter(rows)
    # Rows go as they come: a million of them kept would be work for the garbage collector, again and again.
    while chunk := list(islice(rows, _CHUNK)):
        for extend, get in ways:
            extend(map(get, chunk))
    arrays = {}
    for column in reversed(table.columns):
        arrays[column.name] = _array(column, values.pop())
    return pd.DataFrame({column.name: arrays[column.name] for column in table.columns}, copy=False)


def dtype_of(column: Column[Any]) -> Any:
    """Give the pandas dtype of a column."""
    if column.kind is Kind.CATEGORY:
        return pd.CategoricalDtype(list(column.categories), ordered=column.ordered)
    if column.kind is Kind.TEXT:
        return pd.StringDtype("python")
    return pd.api.types.pandas_dtype(column.kind.value)


def _array(column: Column[Any], values: list[Any]) -> Any:
    match column.kind:
        case Kind.INTEGER:
            return pd.arrays.IntegerArray(*_integers(values, 0))
        case Kind.NUMBER:
            return pd.array(values, dtype="Float64")
        case Kind.BOOLEAN:
            return pd.array(values, dtype="boolean")
        case Kind.TIME:
            return pd.DatetimeIndex(_times(values).view("M8[ns]")).tz_localize("UTC")
        case Kind.DURATION:
            return pd.TimedeltaIndex(_times(values).view("m8[ns]"))
        case Kind.CATEGORY:
            codes = {category: code for code, category in enumerate(column.categories)}
            indices = np.fromiter((codes.get(value, -1) for value in values), np.int8, len(values))
            return pd.Categorical.from_codes(indices, dtype=dtype_of(column))
        case Kind.TEXT:
            return pd.array(np.array(values, dtype=object), dtype=dtype_of(column))


def _times(values: list[Any]) -> NDArray[np.int64]:
    return _integers(values, _NO_TIME)[0]


def _integers(values: list[Any], absent: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Give 64-bit integers, and which of them are absent: None, or too large. Those are ``absent``."""
    try:
        return np.fromiter(values, np.int64, len(values)), np.zeros(len(values), np.bool_)
    except (TypeError, OverflowError):
        mask = np.fromiter(
            (value is None or not -_LARGEST <= value <= _LARGEST for value in values), np.bool_, len(values)
        )
        present = (absent if hidden else value for value, hidden in zip(values, mask.tolist(), strict=True))
        return np.fromiter(present, np.int64, len(values)), mask
