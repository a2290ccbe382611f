"""What findings are made of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.analysis.findings.evidence import MAX_QUOTED, first_few, listed, quoted, span


def test_quotes_are_cut() -> None:
    assert quoted("mail/x") == '"mail/x"'
    assert quoted("x" * 61) == '"' + "x" * 60 + '…" (61 characters)'
    assert quoted("FOLD " + "\x90" * 600) == '"FOLD ' + "\x90" * 12 + '…" (605 characters)'
    assert quoted("a\tb") == '"a\tb"'


@given(st.text())
def test_any_text_is_quoted(text: str) -> None:
    assert quoted(text).startswith('"' + text[:12])
    assert len(quoted(text)) <= MAX_QUOTED + len('"…" (9999999 characters)')


def test_lists_numbers_and_times() -> None:
    assert listed(list("abcdefgh")) == "a, b, c, d, e, f, and 2 more"
    assert [span(seconds * 10**9) for seconds in (2, 150, 9000)] == ["2 s", "2.5 minutes", "2.5 hours"]
    assert first_few([3, 1, 3, 2, 4], 3) == (3, 1, 2)
