"""Text that is longer than a line of the terminal, in several lines."""

from __future__ import annotations

from collections.abc import Iterator

from pop2dissect.patterns import expression
from pop2dissect.text.safe import cell_width

_LEAST = 10
"""Cells of text in a line, however narrow the terminal."""

_TOKENS = expression(r"(?P<colour>\x1b\[[\d;]*m)|(?P<blank> +)|(?P<word>[^ \x1b]+|\x1b)")


def wrapped(text: str, width: int | None, first: str, others: str) -> Iterator[str]:
    """Yield the text in lines of at most ``width`` cells, in one line where that is None.

    The first line begins with ``first``, the others with ``others``. Colours take no cells; words that are too long
    for a line are cut.
    """
    if width is None:
        yield first + text
        return
    line, room = first, max(width - cell_width(first), _LEAST)
    used = 0
    blank = ""
    for token in _TOKENS.finditer(text):
        piece = token.group()
        if token.lastgroup == "colour":
            line += piece
            continue
        if token.lastgroup == "blank":
            blank = piece
            continue
        cells = cell_width(piece)
        if used and used + len(blank) + cells > room:
            yield line
            line, room, used = others, max(width - cell_width(others), _LEAST), 0
        elif used:
            line += blank
            used += len(blank)
        blank = ""
        while cells > room:
            head = _head(piece, room)
            yield line + head
            piece = piece[len(head) :]
            cells = cell_width(piece)
            line, room = others, max(width - cell_width(others), _LEAST)
        line += piece
        used += cells
    yield line


def _head(word: str, room: int) -> str:
    """Return as many of a word's first characters as take so many cells."""
    end = room
    while cell_width(word[:end]) > room:
        end -= 1
    return word[: max(end, 1)]
