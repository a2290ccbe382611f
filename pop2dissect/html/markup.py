"""What turns view-models into markup: the templates and their filters, style, scripts, and the page's policy."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from pop2dissect.html.case import Case
from pop2dissect.html.ladder import LEFT, RIGHT, TOP, WIDTH
from pop2dissect.text.safe import terminal_safe

_SCRIPTS = ("page.js", "octets.js", "panes.js", "phrases.js", "list.js")
"""Put together into one, in this order."""
_LONG = 300
"""Characters of a text from the wire that are shown at once; the rest is folded away."""
_LONGEST = 20_000
"""Characters of it that are shown at all; the bytes have the rest."""


def style(case: Case) -> str:
    """Return the page's style."""
    return asset("report.css") + running_header(case)


def first_script() -> str:
    """Return the script that runs before the page is laid out, and says that there are scripts."""
    return asset("first.js")


def script() -> str:
    """Return the script that runs when the page is complete; nothing in it can be reached from outside of it."""
    return "".join(('"use strict";\n(() => {\n', *(asset(name) for name in _SCRIPTS), "})();\n"))


def policy(styles: str, *scripts: str) -> str:
    """Return the Content-Security-Policy: nothing is loaded or sent, and only these scripts and this style hold."""
    hashed = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {hashed}; style-src {_hash(styles)}; img-src data:; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def running_header(case: Case) -> str:
    """Return the rules that print the case on each page (CSS Paged Media, section 5)."""
    name = " · ".join(text for text in (case.case, case.exhibit) if text) or "Report on mail that was fetched"
    return f'\n@page {{ @top-left {{ content: "{_css_text(name)}"; }} }}\n'


def _css_text(text: str) -> str:
    """Write text as it may stand in a CSS string: all but letters and digits as escapes of six digits.

    A space after an escape belongs to it (CSS Syntax, section 4.3.7), so spaces are escaped too.
    """
    return "".join(one if one.isascii() and one.isalnum() else f"\\{ord(one):06x}" for one in text)


def wire(text: object) -> Markup:
    """Show text from the wire: harmless, kept apart from the text around it, and folded where it is long."""
    shown = terminal_safe(str(text))
    if len(shown) <= _LONG:
        return Markup("<bdi>{}</bdi>").format(shown)
    cut = "" if len(shown) <= _LONGEST else f" … and {len(shown) - _LONGEST:,} characters more"
    return Markup(
        "<details class=long><summary><bdi>{}</bdi>… <i>{:,} characters</i></summary><bdi>{}</bdi>{}</details>"
    ).format(shown[:80], len(shown), shown[:_LONGEST], cut)


def harmless(text: object) -> Markup:
    """Show a sentence that may quote the wire."""
    shown = terminal_safe(str(text))
    return escape(shown) if shown.isascii() else Markup("<bdi class=p>{}</bdi>").format(shown)


def line_text(text: str) -> Markup:
    """Show a line from the wire where the page's style sets it apart already: what is ASCII needs no mark-up."""
    shown = terminal_safe(text)
    return escape(shown) if shown.isascii() and len(shown) <= _LONG else wire(text)


def text_lines(text: str) -> str:
    """Show a text of several lines from the wire."""
    return "\n".join(terminal_safe(line.removesuffix("\r").expandtabs()) for line in text.split("\n"))


def thousands(number: int) -> str:
    """Write a number, its thousands apart."""
    return f"{number:,}"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the templates, which escape all that is put into them."""
    made = Environment(
        loader=PackageLoader("pop2dissect.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "wire": wire,
        "harmless": harmless,
        "line": line_text,
        "lines": text_lines,
        "plain": terminal_safe,
        "n": thousands,
        "e": escape,
    }
    made.filters.update(filters)
    made.globals.update({"WIDTH": WIDTH, "LEFT": LEFT, "RIGHT": RIGHT, "TOP": TOP})
    return made


def asset(name: str) -> str:
    """Read a file that lies beside this module."""
    return files("pop2dissect.html").joinpath(name).read_text(encoding="utf-8")
