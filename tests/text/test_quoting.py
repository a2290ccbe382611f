"""What somebody sent is quoted short, and long lists are cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.text.quoting import MAX_QUOTED, listed, quoted


def test_quotes_are_cut() -> None:
    assert quoted("mail/x") == '"mail/x"'
    assert quoted("x" * 61) == '"' + "x" * 60 + '…" (61 characters)'
    assert quoted("FOLD " + "\x90" * 600) == '"FOLD ' + "\x90" * 12 + '…" (605 characters)'
    assert quoted("a\tb") == '"a\tb"'


@given(st.text())
def test_any_text_is_quoted(text: str) -> None:
    assert quoted(text).startswith('"' + text[:12])
    assert len(quoted(text)) <= MAX_QUOTED + len('"…" (9999999 characters)')


def test_lists_are_cut() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdefgh")) == "a, b, c, d, e, f, and 2 more"
