"""The picture of a conversation."""

from __future__ import annotations

from pathlib import Path

from pop2dissect.document.lines import session_lines
from pop2dissect.html.ladder import MAX_RUNGS, ladder
from pop2dissect.masking import Mask
from tests.html.pages import talk


def test_a_long_ladder_is_cut_and_says_so(tmp_path: Path) -> None:
    session = talk(tmp_path, b"HELO a b\r\n", b"#9\r\n", *[b"READ 1\r\n", b"=5\r\n"] * 40)
    lines = list(session_lines(session, Mask(session)))
    picture = ladder(lines, session.start)
    assert len(picture.asked) + len(picture.answered) == MAX_RUNGS < len(lines)
    assert f"The first {MAX_RUNGS} lines of {len(lines)}" in picture.caption
