"""A session as a ladder: the client's line at the left, the server's at the right, an arrow for what was said.

The picture is written as SVG, all arrows of a kind in one path, so that thousands of them stay small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pop2dissect.document.lines import Line
from pop2dissect.text.safe import fit, terminal_safe
from pop2dissect.text.values import count, elapsed

MAX_RUNGS = 60
"""Lines that are drawn: what fits on a page. The table has all of them."""

WIDTH = 640
LEFT, RIGHT = 78, 570
"""Where the two lines stand."""
TOP = 30
ROW = 19
_TEXT = 62
"""Cells of text that fit between the lines."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text on the picture, its baseline at ``y``."""

    y: int
    text: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """The picture: paths as SVG has them, and texts that are already harmless."""

    height: int
    to_server: str
    to_client: str
    messages: str
    """Arrows of messages, which are thick."""
    lost: str
    """Arrows of what is missing from the capture in part or whole, which are dashed."""
    asked: tuple[Text, ...]
    answered: tuple[Text, ...]
    times: tuple[Text, ...]
    states: tuple[Text, ...]
    caption: str

    @property
    def foot(self) -> int:
        """Where the two lines end."""
        return self.height - 6


def ladder(lines: Sequence[Line], start: int) -> Ladder:
    """Draw the lines of a session that began at ``start``, the first :data:`MAX_RUNGS` of them."""
    arrows: dict[str, list[str]] = {"client": [], "server": [], "data": [], "lost": []}
    said: dict[str, list[Text]] = {"client": [], "server": []}
    times, states = [], []
    state = ""
    shown = [line for line in lines if line.kind != "close"][:MAX_RUNGS]
    for place, line in enumerate(shown):
        y = TOP + ROW * (place + 1)
        kind = "lost" if line.missing else "data" if line.kind == "data" else line.direction
        arrows[kind].append(_arrow(line, y))
        said[line.direction].append(Text(y - 4, fit(terminal_safe(line.text), _TEXT)))
        if line.time is not None:
            times.append(Text(y + 3, elapsed(line.time - start)))
        if line.direction == "server" and line.state and line.state != state:
            state = line.state
            states.append(Text(y + 3, state))
    height = TOP + ROW * (len(shown) + 1)
    return Ladder(
        height=height,
        to_server="".join(arrows["client"]),
        to_client="".join(arrows["server"]),
        messages="".join(arrows["data"]),
        lost="".join(arrows["lost"]),
        asked=tuple(said["client"]),
        answered=tuple(said["server"]),
        times=tuple(times),
        states=tuple(states),
        caption=_caption(len(shown), len(lines), bool(arrows["lost"])),
    )


def _arrow(line: Line, y: int) -> str:
    if line.direction == "client":
        return f"M{LEFT} {y}H{RIGHT}m-6-3 6 3-6 3"
    return f"M{RIGHT} {y}H{LEFT}m6-3-6 3 6 3"


def _caption(shown: int, lines: int, lost: bool) -> str:
    pieces = []
    if lost:
        pieces.append("Dashed: bytes are missing from the capture.")
    if shown == MAX_RUNGS and shown < lines:
        pieces.append(f"The first {count(shown, 'line')} of {lines:,}; the table has all.")
    return " ".join(pieces)
