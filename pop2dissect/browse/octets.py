"""Octets of a line in rows of hexadecimal digits and text, those of a field set apart; passwords are stars."""

from __future__ import annotations

from collections.abc import Iterator

from pop2dissect.browse.cells import Cell, Row
from pop2dissect.browse.details import Place
from pop2dissect.masking import Mask
from pop2dissect.session import Direction, Session

_MISSING = -1


class Octets:
    """A part of what one end sent; rows are read when they are shown."""

    def __init__(self, session: Session, direction: Direction, place: Place, mask: Mask) -> None:
        self._stream = session.stream(direction)
        self._direction: Direction = direction
        self._mask = mask
        self.place = place
        self.chosen: Place | None = None
        """A field of it."""

    def rows(self, width: int) -> int:
        """Return how many rows there are of so many octets."""
        return -(-(self.place.end - self.place.start) // width)

    def row_of(self, offset: int, width: int) -> int:
        """Return which row an octet is in."""
        return (offset - self.place.start) // width

    def row(self, number: int, width: int) -> Row:
        """Return a row of so many octets."""
        start = self.place.start + number * width
        values = self._values(start, min(start + width, self.place.end))
        chosen = [
            self.chosen is not None and self.chosen.start <= at < self.chosen.end for at in range(start, start + width)
        ]
        cells = [Cell(f"{start:06x}", "dim"), Cell(" ")]
        for place in range(width):
            text = "  " if place >= len(values) else "??" if values[place] == _MISSING else f"{values[place]:02x}"
            gap = " " if place % 8 or not place else "  "
            cells.append(Cell(gap, "chosen" if place and chosen[place] and chosen[place - 1] else ""))
            cells.append(Cell(text, "chosen" if chosen[place] and place < len(values) else ""))
        cells.append(Cell("  "))
        for place, value in enumerate(values):
            shown = chr(value) if 0x20 <= value < 0x7F else "·"
            cells.append(Cell(shown, "chosen" if chosen[place] else "strong" if shown != "·" else "dim"))
        return cells

    def _values(self, start: int, end: int) -> list[int]:
        """Return the octets, and where one was not captured :data:`_MISSING`."""
        values = [_MISSING] * (end - start)
        for first, last in self._runs(start, end):
            values[first - start : last - start] = self._mask.octets(self._direction, first, last)
        return values

    def _runs(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        for span in self._stream.overlapping(start, end):
            yield max(span.offset, start), min(span.end, end)
