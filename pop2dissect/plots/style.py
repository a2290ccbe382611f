"""What all pictures share: greys, captions, captured text as labels."""

from __future__ import annotations

import textwrap

from matplotlib.axes import Axes
from matplotlib.text import Annotation

from pop2dissect.text.safe import fit, terminal_safe
from pop2dissect.text.values import brief

INK = "black"
GREY = "0.55"
PALE = "0.8"
FAINT = "0.92"
ALARM = "#b3001b"
"""The one colour; as dark as mid grey in print, and never the only sign of what it says."""

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
        color="0.25",
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
    ax.text(0.5, 0.5, what, transform=ax.transAxes, ha="center", va="center", color="0.25")
    return ax


def span_of_time(nanoseconds: int) -> str:
    """Write a duration with three digits and a unit: ``87.0 µs``."""
    return brief(nanoseconds).replace(" us", " µs")
