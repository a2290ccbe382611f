r"""Text from a capture made harmless for a terminal, and cut to its cells.

What a capture holds was chosen by whoever sent it. Written to a terminal as it is, it could move the
cursor, set colours or the title, ring, or swap what is read with what is there ("Trojan Source"). All
that could, and all that cannot be seen, is shown as a Python-like escape instead: ``\x1b``, ``\u202e``,
``\U000e0041``.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from pop2dissect.patterns import expression

MAX_MARKS = 4
"""Combining marks on one character. Scripts need fewer; stacks of them run into the lines above and below."""

ELLIPSIS = "…"

_FORMULA = ("=", "+", "-", "@")
"""What makes a spreadsheet program take a cell for a formula."""

_ESCAPED_CATEGORIES = frozenset(["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"])
"""Control, format (bidirectional overrides and isolates, joiners, tags, soft hyphen), surrogate, private
use, unassigned, line and paragraph separator."""
_MARKS = frozenset(["Mn", "Me"])
_JOINING = _MARKS | {"Mc"}
_JAMO = frozenset(map(chr, (*range(0x1160, 0x1200), *range(0xD7B0, 0xD800))))
"""Vowels and final consonants of Hangul, which join the syllable before them."""
_INVISIBLE = frozenset(
    [
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
        *range(0x180B, 0x1810),
        *range(0xFE00, 0xFE10),
        *range(0xE0100, 0xE01F0),
    ]
)
"""Characters of other categories that show nothing: those of Unicode's Default_Ignorable_Code_Point
(fillers, variation selectors), and the empty Braille pattern."""
_MARKS_OF_OURS = expression(r"^\(|\[(?=\s*frame)", re.IGNORECASE)
_DIGITS = expression(r"x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}")
"""What makes an escape of a backslash before it; as does another backslash."""


def terminal_safe(text: str) -> str:
    r"""Return the text with all that is not plainly printable as escapes; to be used once, on the way out.

    Escaped are control characters (so line ends and tabs too), format characters, surrogates, private
    use and unassigned code points, line and paragraph separators, characters that show nothing, and
    combining marks without a character to stand on or beyond :data:`MAX_MARKS`. Other text is kept:
    ``é``, ``漢``.

    A backslash stays as it is, because POP2 quotes by it and paths have it, unless what follows would
    make it read as an escape: there it is doubled. So the output is unambiguous: ``\x1b`` was one ESC
    character, ``\\x1b`` was a backslash, ``x``, ``1`` and ``b``.

    Which code points are assigned is for the Unicode version of the running Python to say.
    """
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    pieces: list[str] = []
    marks = MAX_MARKS  # on the character before; at first there is none to stand on
    for character in text:
        shown, is_mark = _show(character)
        if is_mark:
            marks += 1
            if marks > MAX_MARKS:
                shown = _escape(character)
        else:
            marks = 0 if shown == character else MAX_MARKS
        pieces.append(shown)
    if "\\" in text:
        for position, following in enumerate((*pieces[1:], "")):
            if pieces[position] == "\\" and (following[:1] == "\\" or _DIGITS.match(text, position + 1)):
                pieces[position] = "\\\\"
    return "".join(pieces)


def wire_safe(text: str) -> str:
    r"""Return text from the wire for a line of its own: as :func:`terminal_safe`, and no mark of ours.

    Words of ours stand in parentheses, and what proves a line in ``[frame 12]``; what begins in the same way has its
    bracket as an escape, ``\x28`` or ``\x5b``.
    """
    return _MARKS_OF_OURS.sub(lambda mark: _escape(mark.group()), terminal_safe(text))


def spreadsheet_safe(text: str) -> str:
    """Return text for a cell of a CSV file: as :func:`terminal_safe`, and never a formula.

    What a spreadsheet program would run as one, as POP2's replies look like, has an apostrophe before it.
    """
    text = terminal_safe(text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def cell_width(text: str) -> int:
    """Count the terminal cells of text that :func:`terminal_safe` has passed.

    A wide character (East Asian, emoji) takes two, a combining mark none.
    """
    return len(text) if text.isascii() else sum(map(_cells, text))


def fit(text: str, width: int) -> str:
    """Cut text that :func:`terminal_safe` has passed to so many cells; ``…`` ends it where it was cut.

    It may come out a cell short, where a wide character did not fit.
    """
    if len(text) <= width and text.isascii():
        return text
    if width < 1:
        return ""
    if text[: width + 1].isascii():
        return text[: width - 1] + ELLIPSIS if len(text) > width else text
    used = 0
    kept = 0  # characters that fit beside an ellipsis
    for position, character in enumerate(text):
        used += _cells(character)
        if used > width:
            return text[:kept] + ELLIPSIS
        if used < width:
            kept = position + 1
    return text


@lru_cache(maxsize=4096)
def _cells(character: str) -> int:
    """Return the cells of a character: two if it is wide (Unicode Standard Annex #11), none if it joins the one before.

    Python's own tables do: what is neither assigned nor visible was escaped before it comes here.
    """
    if unicodedata.category(character) in _JOINING or character in _JAMO:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


@lru_cache(maxsize=4096)
def _show(character: str) -> tuple[str, bool]:
    """Return how a character is shown, and whether it is a combining mark."""
    category = unicodedata.category(character)
    if category in _ESCAPED_CATEGORIES or ord(character) in _INVISIBLE:
        return _escape(character), False
    return character, category in _MARKS


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
