"""How text output is to be written: what all output shares, and the terminal's style."""

from __future__ import annotations

from dataclasses import dataclass

from pop2dissect.terminal.style import Style
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.safe import fit

_SHORTEST_CITATION = 18
"""Cells that are enough to cite one frame."""


@dataclass(frozen=True, slots=True)
class Look(Rendering):
    """A rendering with a style."""

    style: Style
    everything: bool = False
    """Nothing is left out for being too much for a first look."""
    conversations: bool = False
    """What was said is shown however many the sessions."""

    def said(self, colour: str, text: str, frames: tuple[int, ...]) -> str:
        """Return a line of what was said, with the frames behind it that prove it; on a terminal both are fitted."""
        style = self.style
        if not frames:
            return f"{colour}{style.clip(text)}{style.off}"
        citation = f"  [{self.cited(frames)}]"
        if style.width is not None:
            citation = fit(citation, max(style.width // 3, _SHORTEST_CITATION))
        return f"{colour}{style.clip(text, len(citation))}{style.off}{style.dim}{citation}{style.off}"
