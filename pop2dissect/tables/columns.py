"""How a table is declared: its columns, once, with how each value is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeAlias, TypeVar

Value: TypeAlias = int | float | bool | str | None
"""None is what is not known, or does not apply. Times and durations are integers, in ns."""

Row = TypeVar("Row")


class Kind(Enum):
    """What a column holds; the values are the names of pandas' dtypes."""

    INTEGER = "Int64"
    NUMBER = "Float64"
    BOOLEAN = "boolean"
    TEXT = "string"
    CATEGORY = "category"
    TIME = "datetime64[ns, UTC]"
    DURATION = "timedelta64[ns]"


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A column: what it is called, what it holds, what that means, and how it is found in a row's object."""

    name: str
    kind: Kind
    meaning: str
    get: Callable[[Row], Value]
    unit: str = ""
    categories: tuple[str, ...] = ()
    """All that a CATEGORY column can hold, in order."""
    ordered: bool = False
    """Its categories can be compared: the later, the more."""


@dataclass(frozen=True, slots=True)
class Table(Generic[Row]):
    """A table: one row for each object that its ``rows`` come as."""

    name: str
    meaning: str
    key: tuple[str, ...]
    """The columns that tell its rows apart, and by which other tables join to it."""
    columns: tuple[Column[Row], ...]

    def values(self, rows: Iterable[Row]) -> Iterator[tuple[Value, ...]]:
        """Yield the table row by row."""
        getters = [column.get for column in self.columns]
        for row in rows:
            yield tuple([get(row) for get in getters])
