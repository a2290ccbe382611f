"""What findings are made of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.findings.evidence import (
    MAX_FRAMES,
    MAX_QUOTED,
    MAX_SESSIONS,
    finding,
    first_few,
    listed,
    quoted,
    span,
)


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
    spans = [span(int(seconds * 10**9)) for seconds in (0.000179, 2, 150, 9000)]
    assert spans == ["179 us", "2.00 s", "2 min 30 s", "2 h 30 min"]
    assert first_few([3, 1, 3, 2, 4], 3) == (3, 1, 2)


def test_frames_and_sessions_that_are_not_named_are_not_concealed() -> None:
    whole = finding("auth.failed", "Seen.", time=1, frames=[1, 2, 1], sessions=[1])
    assert (whole.frames, whole.sessions) == ((1, 2), (1,))
    assert whole.detail.startswith("Seen. Harmless causes: ")
    full = finding("auth.failed", "Seen.", time=1, frames=range(MAX_FRAMES), sessions=range(MAX_SESSIONS))
    assert full.detail == whole.detail
    cut = finding("auth.failed", "Seen.", time=1, frames=range(30), sessions=range(MAX_SESSIONS + 1))
    assert (cut.frames, cut.sessions) == (tuple(range(MAX_FRAMES)), tuple(range(MAX_SESSIONS)))
    assert cut.detail.startswith("Seen. Named are the first 20 frames and 100 sessions. Harmless causes: ")
