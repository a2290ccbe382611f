"""Draws what the terminal shows as SVG: ``python -m tools.docs.picture > docs/pictures/terminal.svg``."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from html import escape
from pathlib import Path

from pop2dissect.cli import main
from pop2dissect.text.safe import cell_width

ROOT = Path(__file__).parents[2]
COLUMNS = 100
_LINE = 17
_CELL = 7.8
_CODE = re.compile(r"\x1b\[([\d;]*)m")
_STYLES = {"1": "b", "2": "d", "7": "r", "31": "red", "34": "blue", "35": "magenta", "36": "cyan"}
_CSS = """
.t { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre; fill: #24292f }
.b { font-weight: bold } .d { fill: #6e7781 } .red { fill: #a40e26 } .blue { fill: #0550ae } .magenta { fill: #8250df }
.cyan { fill: #1b7c83 } .ground { fill: #ffffff }
@media (prefers-color-scheme: dark) {
 .t { fill: #c9d1d9 } .d { fill: #8b949e } .red { fill: #ff7b72 } .blue { fill: #79c0ff } .magenta { fill: #d2a8ff }
 .cyan { fill: #56d4dd } .ground { fill: #0d1117 }
}
"""


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(*arguments: str) -> str:
    """Return what the command shows on a terminal."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(COLUMNS)
    try:
        with redirect_stdout(_Terminal()) as terminal, chdir(ROOT):
            main(["--color", "always", *arguments])
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before
    return terminal.getvalue()


def drawing(*arguments: str) -> str:
    """Return the picture of a command and what it shows."""
    lines = [f"\x1b[1m$ pop2dissect {' '.join(arguments)}\x1b[0m", *shown(*arguments).splitlines()]
    width, height = round(_CELL * COLUMNS) + 20, _LINE * len(lines) + 20
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img"><title>pop2dissect {escape(" ".join(arguments))}</title><style>{_CSS}</style>\n'
        f'<rect class="ground" width="{width}" height="{height}" rx="6"/>\n' + "\n".join(_pieces(lines)) + "\n</svg>\n"
    )


def _pieces(lines: list[str]) -> Iterator[str]:
    """Yield the pieces of the lines, each at its place, in its colours, which last until they are changed."""
    classes: list[str] = []
    for number, line in enumerate(lines, 1):
        cell = 0
        for place, piece in enumerate(_CODE.split(line)):
            if place % 2:
                classes = [_STYLES[one] for one in piece.split(";") if one in _STYLES]
            elif piece:
                x, y, cells = 10 + _CELL * cell, _LINE * number + 12, cell_width(piece)
                kinds = " ".join(one for one in classes if one != "r")
                if "r" in classes:
                    size = f'width="{_CELL * cells:.1f}" height="{_LINE}"'
                    yield f'<rect class="{kinds}" x="{x:.1f}" y="{y - 13}" {size}/>'
                    kinds = "b ground"
                yield f'<text class="t {kinds}" x="{x:.1f}" y="{y}">{escape(piece)}</text>'
                cell += cells


if __name__ == "__main__":
    sys.stdout.write(drawing("samples/incident_small.pcap"))
