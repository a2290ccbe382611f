"""Nothing from a capture reaches the terminal that is not plainly printable."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcwidth

from pop2dissect.text.safe import MAX_MARKS, cell_width, fit, terminal_safe

ANY = st.text(st.characters(), max_size=50) | st.text(
    st.sampled_from("\\\\xuU0123abAB ~é漢\u0301\u202e\x1b\n\u200d\ufe0f😀\U000e0041\ud800\ue000"), max_size=50
)


def unescape(text: str) -> str:
    """Undo terminal_safe, which only works if its output is unambiguous."""
    return re.sub(
        r"\\(?:(\\)|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))",
        lambda match: match[1] or chr(int(match[2] or match[3] or match[4], 16)),
        text,
    )


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("", ""),
        ("HELO fred secret", "HELO fred secret"),
        ("café 漢字 😀 ½ a\u0301 \xa0", "café 漢字 😀 ½ a\u0301 \xa0"),
        ("\x1b[31m\x1b]0;title\x07", r"\x1b[31m\x1b]0;title\x07"),
        ("\x9b31m\x7f\0\r\n\t\b", r"\x9b31m\x7f\x00\x0d\x0a\x09\x08"),
        ("\u202egpj.exe\u2066\u2069\u200f", r"\u202egpj.exe\u2066\u2069\u200f"),
        ("a\u200bb\u200dc\ufeffd\xade", r"a\u200bb\u200dc\ufeffd\xade"),
        ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
        ("\U000e0041\U0010ffff\ue000\ud800\u0378", r"\U000e0041\U0010ffff\ue000\ud800\u0378"),
        ("\u3164\u115f\u2800\ufe0f\U000e0100", r"\u3164\u115f\u2800\ufe0f\U000e0100"),
        ("\u0301a", r"\u0301a"),  # nothing to stand on
        ("\x1b\u0301", r"\x1b\u0301"),
        ("a" + "\u0301" * 6, "a" + "\u0301" * MAX_MARKS + r"\u0301\u0301"),
        (r"C:\TEMP\new", r"C:\TEMP\new"),
        (r"HELO fred se\ cret", r"HELO fred se\ cret"),
        ("\\", "\\"),
        (r"\x1b", r"\\x1b"),
        (r"\x1B \u202E \U000E0041 \xzz \u12 \U123", r"\\x1B \\u202E \\U000E0041 \xzz \u12 \U123"),
        (r"\\host", r"\\\host"),
        ("\\\x1b", r"\\\x1b"),
    ],
)
def test_examples(text: str, safe: str) -> None:
    assert terminal_safe(text) == safe
    assert unescape(safe) == text


@given(ANY)
def test_only_printable_characters_come_out(text: str) -> None:
    safe = terminal_safe(text)
    assert not {unicodedata.category(character) for character in safe} & {
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Cn",
        "Zl",
        "Zp",
    }
    assert not re.search("[\ufe00-\ufe0f\u3164]", safe)
    safe.encode()


@given(ANY)
def test_nothing_is_lost_or_ambiguous(text: str) -> None:
    assert unescape(terminal_safe(text)) == text


@given(ANY.map(lambda text: text.replace("\\", "/")))
def test_what_was_safe_stays(text: str) -> None:
    safe = terminal_safe(text)
    if "\\" not in safe:
        assert safe == text == terminal_safe(safe)


NEWLY_WIDE = frozenset(
    [*range(0x2630, 0x2638), *range(0x268A, 0x2690), *range(0x4DC0, 0x4E00), *range(0x1D300, 0x1D37A)]
)
"""What Unicode 16 made wide, and fonts and terminals have as one cell."""
FLAGS = frozenset(range(0x1F1E6, 0x1F200))
"""Letters of flags: two cells make a pair."""


def cell_len(text: str) -> int:
    return sum(1 if ord(one) in NEWLY_WIDE | FLAGS else wcwidth(one) for one in text)


def test_code_points() -> None:
    for code in (*range(0x10000), *range(0x10000, 0x110000, 251)):
        text = chr(code)
        safe = terminal_safe("a" + text)[1:]
        assert safe == text or (safe.startswith("\\") and unescape(safe) == text)
        assert cell_width(safe) == cell_len(safe), hex(code)


@pytest.mark.parametrize(
    ("text", "width", "fitted"),
    [
        ("", 0, ""),
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("abcd", 1, "…"),
        ("abcd", 0, ""),
        ("abcd", -1, ""),
        ("é", 0, ""),
        ("éé", 2, "éé"),
        ("ééé", 2, "é…"),
        ("漢字", 4, "漢字"),
        ("漢字", 3, "漢…"),
        ("漢字", 2, "…"),
        ("漢字", 1, "…"),
        ("a漢字", 4, "a漢…"),
        ("abc漢", 4, "abc…"),
        ("abcd漢", 4, "abc…"),
        ("ae\u0301\u0302bc", 3, "ae\u0301\u0302…"),
        ("ae\u0301", 2, "ae\u0301"),
        ("abé", 3, "abé"),
    ],
)
def test_fit(text: str, width: int, fitted: str) -> None:
    assert fit(text, width) == fitted


@given(ANY.map(terminal_safe), st.integers(0, 60))
def test_fit_keeps_within_its_cells(text: str, width: int) -> None:
    fitted = fit(text, width)
    assert cell_width(fitted) <= width
    assert cell_width(text) == cell_len(text)
    if cell_width(text) <= width:
        assert fitted == text
    elif width:
        assert fitted.endswith("…")
        assert text.startswith(fitted[:-1])
        assert cell_width(fitted) >= width - 1


class Watched(str):
    """Text that counts how many of its characters are looked at one by one."""

    looked_at = 0

    def __iter__(self) -> Iterator[str]:
        for character in super().__iter__():
            self.looked_at += 1
            yield character


def test_of_long_text_only_what_fits_is_looked_at() -> None:
    wide = Watched("漢" * 100_000)
    assert fit(wide, 80) == "漢" * 39 + "…"
    assert wide.looked_at < 50
    plain = Watched("x" * 100_000)
    assert fit(plain, 80) == "x" * 79 + "…"
    assert terminal_safe(plain) is plain
    assert plain.looked_at == 0
