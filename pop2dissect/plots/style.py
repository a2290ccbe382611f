"""What all pictures share: greys, captions, captured text as labels."""

from __future__ import annotations

import textwrap
from typing import NamedTuple, TypeAlias

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.text import Annotation

from pop2dissect.text.safe import fit, terminal_safe
from pop2dissect.text.values import brief

Colour: TypeAlias = tuple[float, float, float]
"""Red, green and blue, 0 to 1."""


class Inks(NamedTuple):
    """The colours of a picture: the ink and the paper of the style that its Axes were made in, and shades of these."""

    ink: Colour
    paper: Colour
    alarm: Colour
    """The one colour; as far from the paper as mid grey, and never the only sign of what it says."""

    @classmethod
    def of(cls, ax: Axes) -> Inks:
        """Return those of Axes: their labels are written in the ink, and what lies behind them is the paper."""
        red, green, blue, opacity = to_rgba(ax.get_facecolor())
        if not opacity:
            figure = ax.get_figure(root=True)
            red, green, blue, _ = to_rgba(figure.get_facecolor() if figure else "white")
        light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
        ink = to_rgb(ax.xaxis.label.get_color())
        return cls(ink, (red, green, blue), to_rgb("#b3001b" if light else "#ff7b72"))

    def shade(self, paleness: float) -> Colour:
        """Return a mixture of ink (0) and paper (1)."""
        red, green, blue = (one + paleness * (other - one) for one, other in zip(self.ink, self.paper, strict=True))
        return red, green, blue

    @property
    def soft(self) -> Colour:
        """For what is said beside."""
        return self.shade(0.25)

    @property
    def grey(self) -> Colour:
        """For the second of two."""
        return self.shade(0.55)

    @property
    def pale(self) -> Colour:
        """For areas."""
        return self.shade(0.8)

    @property
    def faint(self) -> Colour:
        """For what did not happen, and for grids."""
        return self.shade(0.9)


def axes(ax: Axes | None, width: float = 7.0, height: float = 4.5) -> Axes:
    """Return the Axes to draw into: those given, else new ones in a figure of pyplot's, of a size in inches."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


SMALL = 8.0
"""Size in points of small print."""

_LAST_IN_FONT = "\u052f"
"""Latin, Greek and Cyrillic letters are in matplotlib's own font; of what follows only some."""
_ALSO_IN_FONT = frozenset("…→←×–—−·≤≥")


def label(text: str, width: int = 40) -> str:
    r"""Make captured text fit for a label: harmless, short, and without letters that the font lacks (``\u6f22``).

    Draw it with ``parse_math=False``, since a dollar sign would start a formula.
    """
    safe = fit(terminal_safe(text[: 4 * width]), width)
    if all(character <= _LAST_IN_FONT or character in _ALSO_IN_FONT for character in safe):
        return safe
    pieces = (
        character
        if character <= _LAST_IN_FONT or character in _ALSO_IN_FONT
        else f"\\u{ord(character):04x}"
        if ord(character) < 0x10000
        else f"\\U{ord(character):08x}"
        for character in safe
    )
    return shorten_plain("".join(pieces), width)


def shorten_plain(text: str, width: int) -> str:
    """Cut harmless text."""
    return text if len(text) <= width else text[: width - 1] + "…"


def caption(ax: Axes, text: str, *, less: float = 0.0) -> Annotation:
    """Write a caption below the axis label, wrapped to the width of the axes; ``less`` inches where labels are long."""
    figure = ax.get_figure(root=True)
    inches = ax.get_position().width * figure.get_figwidth() if figure else 5.0
    wrapped = textwrap.fill(text, max(30, int((inches - less) * 18)))
    return ax.annotate(
        wrapped,
        xy=(0, 0),
        xycoords=("axes fraction", ax.xaxis.label),
        xytext=(0, -6),
        textcoords="offset points",
        ha="left",
        va="top",
        fontsize=SMALL,
        color=Inks.of(ax).soft,
        parse_math=False,
        annotation_clip=False,
        gid="caption",
    )


def clear_frame(ax: Axes) -> None:
    """Take away the frame's upper and right line."""
    ax.spines[["top", "right"]].set_visible(False)


def nothing(ax: Axes, what: str) -> Axes:
    """Return in the middle of the picture that there is nothing to be shown."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.text(0.5, 0.5, what, transform=ax.transAxes, ha="center", va="center", color=Inks.of(ax).soft)
    return ax


def span_of_time(nanoseconds: int) -> str:
    """Write a duration with three digits and a unit: ``87.0 µs``."""
    return brief(nanoseconds).replace(" us", " µs")
