"""What was said in a session as the page shows it: a row per line, and a notation of its fields for the script."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pop2dissect.document.fields import Field
from pop2dissect.document.lines import Line
from pop2dissect.html.times import Stamp, clock_stamp
from pop2dissect.text.rendering import Rendering

_LETTERS = {
    "keyword": "k",
    "user": "u",
    "password": "p",
    "may be a password": "q",
    "argument": "a",
    "indicator": "i",
    "code": "c",
    "number": "n",
    "text": "t",
    "line end": "e",
    "header": "h",
    "empty line": "m",
    "body": "b",
    "bytes": "x",
}
"""Those of a protocol's grammar, and our own; the page's script turns them into names."""


class LineRow(NamedTuple):
    """A row of the table of lines."""

    said: Line
    time: Stamp
    frames: str
    fields: str
    """See :func:`notation`."""

    @property
    def marks(self) -> str:
        """Who said it, and what kind of thing it is unless it is a command: classes for the page."""
        end = self.said.direction[0]
        return end if self.said.kind == "command" else f"{end} {self.said.kind}"


def line_row(line: Line, day: int, rendering: Rendering) -> LineRow:
    """Make the row of a line; the date is told where it is another than that of the time ``day``."""
    return LineRow(
        line,
        clock_stamp(line.time, day, rendering.zone),
        rendering.frames(line.frames),
        notation(line.fields, line.start, line.end),
    )


def notation(fields: Iterable[Field], start: int, end: int) -> str:
    """Write the place and the fields of a line as the page carries them.

    The place is the line's start and end; a field is a letter, its length, and if there are any, how many bytes
    there are between the field before it and itself.
    """
    written = [f"{start},{end}"]
    for field in fields:
        skipped = f",{field.start - start}" if field.start > start else ""
        written.append(f"{_LETTERS[field.name]}{field.end - field.start}{skipped}")
        start = field.end
    return ";".join(written)
