"""Text from captures, and how values are written, as all other output has them.

The one place where the analysis uses the reports' leaves, which import nothing of the reports themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from pop2dissect.capture.record import FRAME_BITS
from pop2dissect.report.safe import cell_width, fit, spreadsheet_safe, terminal_safe
from pop2dissect.report.values import brief, decimal_seconds, frame_list, rfc3339

__all__ = [
    "brief",
    "cell_width",
    "cite",
    "decimal_seconds",
    "fit",
    "frame_list",
    "html_safe",
    "rfc3339",
    "shorten",
    "spreadsheet_safe",
    "terminal_safe",
]


def cite(frames: Iterable[int]) -> str:
    """Cite frames in full, runs as ranges: ``6, 8-12``; those of a second and later capture as ``2:8-12``."""
    frames = tuple(frames)
    if len(frames) == 1 and not frames[0] >> FRAME_BITS:
        return str(frames[0])
    return frame_list(frames, several_captures=any(frame >> FRAME_BITS for frame in frames))


def html_safe(text: str) -> str:
    """Make captured text harmless in HTML: control characters are seen, markup is text."""
    return escape(terminal_safe(text))


def shorten(text: str, width: int) -> str:
    """Make captured text harmless, and cut it to so many cells; ``…`` ends it where it was cut."""
    return fit(terminal_safe(text[: 4 * width]), width)
