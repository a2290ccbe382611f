"""Tables in columns: fitted to a terminal by leaving columns out, whole in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pop2dissect.report.safe import cell_width, fit
from pop2dissect.report.style import Style, pad

_INDENT = 2
_BETWEEN = 2
_LEAST = 8
"""Cells below which a column is not narrowed."""


@dataclass(slots=True)
class Column:
    """A column of a table. Its texts have passed :func:`pop2dissect.report.safe.terminal_safe`."""

    name: str
    right: bool = False
    leave_out: int = 0
    """Where the table is too wide, columns are left out by this rank, 1 first; 0 never is."""
    narrow: bool = False
    """Its texts may be cut where the table is still too wide."""
    width: int = 0
    """Cells of its widest text so far."""
    empty: bool = True
    """It has had no text so far."""

    def seen(self, text: str) -> None:
        """Take note of a text that the column is to hold."""
        if text:
            self.empty = False
            width = cell_width(text)
            if width > self.width:
                self.width = width


class Table:
    """Columns that fit. ``rows`` given to :meth:`lines` have a text for each column, in order."""

    def __init__(self, columns: Sequence[Column], style: Style) -> None:
        self._style = style
        self._shown = [index for index, column in enumerate(columns) if not column.empty]
        self._columns = list(columns)
        for index in self._shown:
            column = columns[index]
            column.width = max(column.width, len(column.name))
        if style.width is not None:
            self._fit(style.width)

    def _fit(self, width: int) -> None:
        ranked = sorted(
            (index for index in self._shown if self._columns[index].leave_out),
            key=lambda index: self._columns[index].leave_out,
        )
        while ranked and self._needed() > width:
            self._shown.remove(ranked.pop(0))
        for index in reversed(self._shown):
            excess = self._needed() - width
            column = self._columns[index]
            if excess > 0 and column.narrow:
                column.width = max(_LEAST, column.width - excess)

    def _needed(self) -> int:
        return _INDENT + sum(self._columns[index].width + _BETWEEN for index in self._shown) - _BETWEEN

    def lines(self, rows: Iterable[Sequence[str]], codes: dict[str, str]) -> Iterable[str]:
        """Give the heading and a line a row; cells whose text is in ``codes`` get that colour."""
        style = self._style
        columns = [(index, self._columns[index]) for index in self._shown]
        yield (
            style.dim + self._line([pad(column.name, column.width, column.right) for _, column in columns]) + style.off
        )
        for row in rows:
            cells = []
            for index, column in columns:
                text = row[index]
                cell = pad(fit(text, column.width), column.width, column.right)
                code = codes.get(text)
                cells.append(f"{code}{cell}{style.off}" if code else cell)
            yield self._line(cells)

    def _line(self, cells: Sequence[str]) -> str:
        return (" " * _INDENT + (" " * _BETWEEN).join(cells)).rstrip(" ")
