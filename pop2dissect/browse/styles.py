"""How the panes look: of the sixteen colours that every terminal has, as far as text needs one."""

from __future__ import annotations

from typing import Final

from rich.style import Style

STYLES: Final = {
    "": Style(),
    "head": Style(bold=True, reverse=True),
    "heading": Style(bold=True, underline=True),
    "name": Style(color="cyan"),
    "strong": Style(bold=True),
    "dim": Style(dim=True),
    "mark": Style(color="yellow", bold=True),
    "notable": Style(color="yellow"),
    "chosen": Style(reverse=True, bold=True),
    "client": Style(color="green"),
    "server": Style(color="blue"),
    "critical": Style(color="red", bold=True, reverse=True),
    "high": Style(color="red", bold=True),
    "medium": Style(color="yellow"),
    "low": Style(color="cyan"),
    "info": Style(dim=True),
}

SHEET: Final = """
Screen { background: ansi_default; color: ansi_default; }
#head, #keys { height: 1; }
#top { height: 2fr; }
#bottom { height: 1fr; min-height: 8; }
#story { width: 30%; min-width: 24; }
#right { width: 1fr; }
#sessions { height: 1fr; }
#lines { height: 1fr; }
#details { width: 1fr; }
#octets { width: 43; }
Screen.-wide #octets { width: 79; }
Rows {
    border-top: solid ansi_bright_black; overflow-x: hidden; scrollbar-size-vertical: 1;
    scrollbar-color: ansi_bright_black; scrollbar-background: ansi_default;
    scrollbar-color-active: ansi_cyan; scrollbar-color-hover: ansi_cyan;
    scrollbar-background-hover: ansi_default; scrollbar-background-active: ansi_default;
}
Rows:focus { border-top: heavy ansi_cyan; }
#head, #keys { border: none; }
#story { border-right: solid ansi_bright_black; }
Rows.zoomed { width: 100%; height: 100%; }
.hidden { display: none; }
Over { align: center middle; }
Over > Rows { width: 100%; height: 1fr; }
Ask { align: center bottom; background: transparent; }
Ask > Vertical { height: 4; border-top: heavy ansi_cyan; background: ansi_default; }
Ask Input { border: none; padding: 0; height: 1; background: ansi_default; color: ansi_default; }
Ask Rows { height: 1; border: none; }
"""
