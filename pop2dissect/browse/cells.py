"""What a row of a pane is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from pop2dissect.text.safe import cell_width, terminal_safe


class Cell(NamedTuple):
    """A text as it was, not yet harmless: the widget makes it so."""

    text: str
    style: str = ""
    """The name of a style, as ``styles.py`` has them."""
    width: int | None = None
    """Cells that it takes: it is cut or filled up. None for as many as it needs."""
    right: bool = False
    """It stands at the right of those."""


Row: TypeAlias = Sequence[Cell]


def broken(text: str, width: int, first: int | None = None) -> Iterator[str]:
    """Yield a text in pieces that fit so many cells once they are harmless, the first of them fewer; at spaces if so.

    Nothing of it is left out but the spaces between two pieces.
    """
    room = width if first is None else first
    while len(text) > room or cell_width(terminal_safe(text)) > room:
        most = min(len(text), max(room, 1))
        while most > 1 and cell_width(terminal_safe(text[:most])) > room:
            most = max(most * 3 // 4, 1)
        at = text.rfind(" ", 0, most + 1)
        most = at if at > most // 2 else most
        yield text[:most]
        text, room = text[most:].removeprefix(" "), width
    yield text
