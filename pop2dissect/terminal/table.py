"""Tables: as wide as their texts, and on a terminal no wider than that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from pop2dissect.terminal.style import Style, pad
from pop2dissect.text.safe import cell_width, fit
from pop2dissect.text.spool import Spool

_BETWEEN = "  "
_BETWEEN_CELLS = "\x1f"
"""Between the cells of a spooled row; text that is harmless for a terminal has none."""
_LEAST = 16
"""Cells that the elastic column is left at least."""
_COMFORT = 36
"""Cells that it is left, where it can use them, before columns are shown that are a luxury."""
_LUXURY = 6
"""From this on a dispensable column is one."""
_UNCUT = 1 << 30
"""Of a column that is not cut as long as there are others to be left out."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    title: str
    right: bool = False
    widest: int = 40
    """Cells that it takes at the most where lines are fitted to a terminal."""
    piped: int = 40
    """Cells that it is made wide for elsewhere; a longer text, which is not cut there, moves its own row alone."""
    dispensable: int = 0
    """Where a terminal is too narrow, the column with the highest number goes first; with 0 it stays."""
    least: int = _UNCUT
    """Cells to which it may be cut before others are left out."""
    elastic: bool = False
    """It gets what the others leave."""
    if_varied: bool = False
    """It is shown only where its texts differ; :meth:`Table.alike` says the one text."""


@dataclass(slots=True)
class _Seen:
    """What is known of a column's texts."""

    width: int
    first: str | None = None
    varied: bool = False
    empty: bool = True

    def add(self, text: str) -> None:
        width = cell_width(text)
        if width:
            self.empty = False
            if width > self.width:
                self.width = width
        if self.first is None:
            self.first = text
        elif text != self.first:
            self.varied = True


class Table:
    """Takes rows in any order and keeps them out of memory. A context manager.

    Columns without any text are left out; so are, on a terminal too narrow, dispensable ones, those first
    whose texts are all the same.
    """

    def __init__(self, columns: Sequence[Column], style: Style) -> None:
        self._columns = columns
        self._style = style
        self._rows = Spool()
        self._seen = [_Seen(len(column.title)) for column in columns]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.__exit__(kind, error, trace)

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, number: int, cells: Sequence[str]) -> None:
        """Add the row of a number. Its texts must be harmless for a terminal."""
        for seen, text in zip(self._seen, cells, strict=True):
            seen.add(text)
        self._rows.add(number, _BETWEEN_CELLS.join(cells))

    def alike(self) -> Iterator[tuple[str, str]]:
        """Yield title and text of the columns that are left out because all of their texts are the same."""
        for column, seen in zip(self._columns, self._seen, strict=True):
            if column.if_varied and seen.first and not seen.varied:
                yield column.title, seen.first

    def lines(self, colour: Callable[[str], str] | None = None) -> Iterator[str]:
        """Yield the titles, then the rows in the order of their numbers. ``colour`` gives that of a text, if any."""
        style = self._style
        widths = self._widths()
        shown = [(at, self._columns[at].right, width) for at, width in widths.items()]
        titles = [pad(self._columns[at].title, width, right) for at, right, width in shown]
        yield f"{style.heading}{style.clip(_BETWEEN.join(titles).rstrip())}{style.off}"
        for text in self._rows.in_order():
            row = text.split(_BETWEEN_CELLS)
            cells = []
            for at, right, width in shown:
                cell = row[at]
                padded = pad(cell if style.width is None else fit(cell, width), width, right)
                code = colour(cell) if colour and style.off else ""
                cells.append(f"{code}{padded}{style.off}" if code else padded)
            yield _BETWEEN.join(cells).rstrip()

    def _elastic(self, at: int, shown: Mapping[int, int]) -> bool:
        return at in shown and self._columns[at].elastic

    def _widths(self) -> dict[int, int]:
        """Return the width of each column that is shown."""
        widths = {
            at: seen.width
            for at, (column, seen) in enumerate(zip(self._columns, self._seen, strict=True))
            if not seen.empty and (seen.varied or not column.if_varied)
        }
        room = self._style.width
        if room is None:
            return {at: min(width, self._columns[at].piped) for at, width in widths.items()}
        for at in widths:
            least = _LEAST if self._columns[at].elastic else self._columns[at].widest
            widths[at] = min(widths[at], least)
        dispensable = sorted(
            (at for at in widths if self._columns[at].dispensable),
            key=lambda at: (not self._seen[at].varied, self._columns[at].dispensable),
        )
        floors = {at: min(widths[at], self._columns[at].least) for at in widths}
        wish = sum(
            min(seen.width, _COMFORT) - floors[at] for at, seen in enumerate(self._seen) if self._elastic(at, floors)
        )
        while dispensable:
            at = dispensable[-1]
            if _total(floors) + (wish if self._columns[at].dispensable >= _LUXURY else 0) <= room:
                break
            dispensable.pop()
            del widths[at], floors[at]
        _level(widths, floors, room)
        for at in widths:
            if self._columns[at].elastic:
                widths[at] = min(self._seen[at].width, max(room - _total(widths) + widths[at], _LEAST))
        _level(widths, dict.fromkeys(widths, 1), room)
        return widths


def _level(widths: dict[int, int], floors: Mapping[int, int], room: int) -> None:
    """Cut what is widest, and no column below its floor, until the row fits."""
    while _total(widths) > room:
        at = max(widths, key=lambda at: widths[at] if widths[at] > floors[at] else 0)
        if widths[at] <= floors[at]:
            return
        widths[at] -= 1


def _total(widths: Mapping[int, int]) -> int:
    return sum(widths.values()) + len(_BETWEEN) * (len(widths) - 1)
