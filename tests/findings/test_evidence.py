"""What findings are made of."""

from __future__ import annotations

from pop2dissect.findings.evidence import (
    MAX_FRAMES,
    MAX_SESSIONS,
    finding,
    first_few,
    span,
)


def test_numbers_and_times() -> None:
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
    assert cut.detail.startswith("Seen. Only the first 20 frames and 100 sessions are named. Harmless causes: ")
