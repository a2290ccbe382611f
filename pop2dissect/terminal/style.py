"""Colours, signs and columns: all that the terminal output knows of terminals.

Only the sixteen colours that every terminal has, and among them those that can be read on dark and on
light ground alike. Text must have passed :func:`pop2dissect.text.safe.terminal_safe` before it is
styled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TextIO

from pop2dissect.session import Severity
from pop2dissect.text.safe import cell_width, fit

_RESET = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Style:
    """How output looks: the codes to switch colours on and off (empty where it is plain), signs, and width."""

    bold: str = ""
    dim: str = ""
    client: str = ""
    """What the client said."""
    server: str = ""
    """What the server said."""
    good: str = ""
    bad: str = ""
    notable: str = ""
    """Departures from the RFC, and what is lost."""
    grave: tuple[str, ...] = ("", "", "", "", "")
    """Of each severity, from the least to the most severe."""
    heading: str = ""
    off: str = ""
    to_server: str = "→"
    to_client: str = "←"
    bullet: str = "·"
    rule: str = "─"
    levels: str = "▁▂▃▄▅▆▇█"
    """From little to much, for a curve in one line; a space is nothing."""
    width: int | None = None
    """Cells of a line; None where lines are not cut: in pipes and files."""

    def severity(self, severity: Severity) -> str:
        """Return the code of a severity."""
        return self.grave[severity.rank]

    def clip(self, text: str, used: int = 0) -> str:
        """Cut text to what is left of a line of which ``used`` cells are taken."""
        return text if self.width is None else fit(text, max(self.width - used, 1))


def plain(width: int | None = None) -> Style:
    """Return the style without colours."""
    return Style(width=width)


def coloured(width: int | None = None) -> Style:
    """Return the style with colours."""
    return Style(
        bold="\x1b[1m",
        dim="\x1b[2m",
        client="\x1b[1;36m",
        server="",
        good="\x1b[32m",
        bad="\x1b[31m",
        notable="\x1b[35m",
        # They differ in weight as well as in colour, so that they do for all eyes and on light and dark grounds: dim,
        # plain, magenta, bold, reversed. Blue cannot be read on a dark ground, nor green be told from red by all.
        grave=("\x1b[2m", "", "\x1b[35m", "\x1b[1;31m", "\x1b[1;7;31m"),
        heading="\x1b[1m",
        off=_RESET,
        width=width,
    )


def style_for(output: TextIO, color: str, environment: dict[str, str], columns: int | None) -> Style:
    """Choose the style for an output: ``color`` is ``auto``, ``always`` or ``never``.

    With ``auto`` only terminals get colours, and not if NO_COLOR (https://no-color.org) is set or TERM
    is ``dumb``. ``columns`` is the terminal's width, None where the output is none. An output that
    cannot show the signs gets them in ASCII.
    """
    wanted = color == "always" or (
        color == "auto"
        and columns is not None
        and not environment.get("NO_COLOR")
        and environment.get("TERM") != "dumb"
    )
    style = coloured(columns) if wanted else plain(columns)
    signs = style.to_server + style.to_client + style.bullet + style.rule + style.levels
    try:
        signs.encode(output.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        style = replace(style, to_server=">", to_client="<", bullet="*", rule="-", levels=".:-=+*#@")
    return style


def pad(text: str, width: int, right: bool = False) -> str:
    """Fill text up with spaces to so many cells; longer text stays as it is."""
    blanks = " " * (width - cell_width(text))
    return blanks + text if right else text + blanks
