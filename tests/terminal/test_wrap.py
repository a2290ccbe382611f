"""Wrapping: no line too wide, no word lost, no colour broken."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.terminal.wrap import wrapped
from pop2dissect.text.safe import cell_width

COLOUR = re.compile(r"\x1b\[[\d;]*m")


def test_words_stay_whole_and_later_lines_are_indented() -> None:
    text = "one two three four"
    assert list(wrapped(text, None, "  ", "      ")) == ["  one two three four"]
    assert list(wrapped(text, 18, "  ", "    ")) == ["  one two three", "    four"]
    assert list(wrapped("x" * 25, 20, "* ", "    ")) == ["* " + "x" * 18, "    " + "x" * 7]
    assert list(wrapped("", 20, "  ", "    ")) == ["  "]


def test_colours_take_no_room_and_are_not_cut() -> None:
    text = "\x1b[1;36mExchange: " + "A" * 30 + "\x1b[0m\x1b[2m  [frame 6]\x1b[0m"
    lines = list(wrapped(text, 20, "  ", "    "))
    assert [COLOUR.sub("", line) for line in lines] == [
        "  Exchange:",
        "    " + "A" * 16,
        "    " + "A" * 14,
        "    [frame 6]",
    ]
    assert COLOUR.findall("".join(lines)) == COLOUR.findall(text)


@given(
    st.text(st.sampled_from(["a", "b", " ", "漢", "é"]), max_size=200),
    st.integers(20, 60),
    st.lists(st.integers(0, 200), max_size=5),
)
def test_any_text_fits_and_is_all_there(text: str, width: int, colours: list[int]) -> None:
    coloured = text
    for place in colours:
        if "\x1b" not in coloured[max(place - 5, 0) : place + 5]:
            coloured = coloured[:place] + "\x1b[31m" + coloured[place:]
    lines = list(wrapped(coloured, width, "* ", "    "))
    assert "".join(COLOUR.sub("", line)[2:] for line in lines).replace(" ", "") == text.replace(" ", "")
    assert all(cell_width(COLOUR.sub("", line)) <= width for line in lines)
