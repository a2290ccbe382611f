"""Text that no reader of Markdown takes for markup: neither CommonMark, nor GitHub's dialect with its automatic links.

Text from the wire stands in code spans, in which nothing is markup and nothing becomes a link. A sentence, which may
quote the wire, has each word that could be either in one.
"""

from __future__ import annotations

import re

from pop2dissect.patterns import expression
from pop2dissect.text.safe import terminal_safe

_LONGEST = 300
"""Characters of a text from the wire that are shown."""
_PLAIN = expression(r"[^\W_]?[\w.,;:'\"()/%…“”–—→·=-]*")
_SUSPECT = expression(r"_|\w\.[^\W\d]|:/|\A[-=]|www", re.IGNORECASE)
"""Emphasis, addresses that become links, and what may underline a heading or begin a list."""
_LIST = expression(r"\A\d{1,9}[.)]\Z")
"""What begins a list at the start of a line."""
_AROUND = expression(r"\A([(“\"']*)(.*?)([,;:.)”\"']*)\Z", re.DOTALL)


class Markup(str):
    """Text that is Markdown already."""

    __slots__ = ()


def code(text: object, longest: int = _LONGEST) -> Markup:
    """Return text from the wire as a code span, cut where it is long; empty where there is none."""
    said = str(text)
    if not said:
        return Markup()
    more = f" … {len(said) - longest:,} characters more" if len(said) > longest else ""
    return Markup(f"{_span(terminal_safe(said[:longest]))}{more}")


def prose(text: object) -> Markup:
    """Return a sentence."""
    first, *others = terminal_safe(str(text)).split(" ")
    return Markup(" ".join([f"`{first}`" if _LIST.search(first) else _word(first), *map(_word, others)]))


def _word(word: str) -> str:
    if _PLAIN.fullmatch(word) and not _SUSPECT.search(word):
        return word
    around = _AROUND.fullmatch(word)
    assert around is not None
    before, inside, after = around.groups() if around[2] else ("", word, "")
    return f"{before}{_span(inside)}{after}"


def _span(shown: str) -> str:
    """Return what is harmless for a terminal as a code span; a pipe would end a cell of a table."""
    return "`{}`".format(shown.replace("`", r"\x60").replace("|", r"\x7c"))


def finalized(value: object) -> object:
    """Escape whatever a template puts out that is not Markdown already."""
    return value if isinstance(value, Markup | int) else prose(value)
