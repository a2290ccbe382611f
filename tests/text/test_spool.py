"""Texts that wait for their turn, and tables that do."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.terminal.style import coloured, plain
from pop2dissect.terminal.table import Column, Table
from pop2dissect.text.safe import cell_width
from pop2dissect.text.spool import Spool

COLUMNS = (
    Column("#", right=True),
    Column("date", if_varied=True),
    Column("user", widest=10),
    Column("server", dispensable=1),
    Column("end", dispensable=2),
    Column("notes", elastic=True),
)


@given(st.dictionaries(st.integers(0, 1 << 40), st.text(st.characters())), st.randoms(use_true_random=False))
def test_texts_come_in_the_order_of_their_numbers(texts: dict[int, str], order: random.Random) -> None:
    numbers = list(texts)
    order.shuffle(numbers)
    with Spool() as spool:
        for number in numbers:
            spool.add(number, texts[number])
        assert len(spool) == len(texts)
        assert list(spool.in_order()) == [texts[number] for number in sorted(texts)]


def test_much_text() -> None:
    with Spool() as spool:
        for number in reversed(range(40)):
            spool.add(number, f"{number:02}" * (1 << 18))
        assert [text[:2] for text in spool.in_order()] == [f"{number:02}" for number in range(40)]


def table(width: int | None, *rows: tuple[str, ...]) -> list[str]:
    with Table(COLUMNS, plain(width)) as made:
        for number, row in reversed(list(enumerate(rows))):
            made.add(number, row)
        return list(made.lines())


ROWS = (
    ("1", "2026-11-23", "marlowe", "10.0.0.1:109", "quit", "3 octets lost, 2 departures from the RFC"),
    ("2", "2026-11-23", "漢字", "10.0.0.1:109", "reset", ""),
)


def test_without_a_terminal_nothing_is_cut() -> None:
    assert table(None, *ROWS) == [
        "#  user     server        end    notes",
        "1  marlowe  10.0.0.1:109  quit   3 octets lost, 2 departures from the RFC",
        "2  漢字     10.0.0.1:109  reset",
    ]


def test_a_column_without_text_is_left_out_and_one_that_varies_is_not() -> None:
    other = ("3", "2026-11-24", "", "10.0.0.1:109", "quit", "")
    assert table(None, ROWS[1], other)[0] == "#  date        user  server        end"
    assert table(None) == [""]


def test_on_a_terminal_what_all_rows_have_goes_first() -> None:
    assert table(60, *ROWS)[0] == "#  user     server        end    notes"
    assert table(38, *ROWS)[0] == "#  user     end    notes"
    assert table(28, *ROWS)[0] == "#  user     notes"
    assert table(28, *ROWS)[1] == "1  marlowe  3 octets lost, …"


def test_what_may_be_cut_is_cut_before_a_column_goes_and_no_further() -> None:
    columns = (Column("client", least=9), Column("user"), Column("messages", dispensable=1), Column("login"))
    rows = [("10.0.0.1:40001", "fred", "12", "accepted"), ("10.0.0.2:40002", "joe", "3", "refused")]

    def shown(width: int) -> list[str]:
        with Table(columns, plain(width)) as made:
            for number, row in enumerate(rows):
                made.add(number, row)
            return list(made.lines())

    assert shown(40)[1] == "10.0.0.1:40001  fred  12        accepted"
    assert shown(35)[1] == "10.0.0.1…  fred  12        accepted"
    assert shown(34)[1] == "10.0.0.1:40001  fred  accepted"
    assert shown(26)[1] == "10.0.0.1:…  fred  accepted"
    assert shown(18)[1] == "10.0…  fred  acce…"


@given(
    st.integers(12, 100),
    st.lists(st.tuples(*[st.text(st.sampled_from("a1漢é "), max_size=60)] * len(COLUMNS)), max_size=5),
)
def test_tables_fit(width: int, rows: list[tuple[str, ...]]) -> None:
    for line in table(width, *rows):
        assert cell_width(line) <= width


def test_colours_are_those_of_whole_texts() -> None:
    with Table(COLUMNS[:3], coloured()) as made:
        made.add(1, ("1", "x", "refused"))
        made.add(2, ("2", "y", "unrefused"))
        lines = list(made.lines(lambda text: "\x1b[31m" if text == "refused" else ""))
    assert lines[1] == "1  x     \x1b[31mrefused  \x1b[0m"
    assert "\x1b" not in lines[2]
