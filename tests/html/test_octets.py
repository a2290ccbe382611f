"""The bytes that a page carries: masked, without gaps, within the limits."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.document.lines import session_lines
from pop2dissect.html.octets import LEAST, LIMITS, embedded, limit_for
from pop2dissect.masking import Mask
from pop2dissect.text.rendering import Rendering
from tests.html.pages import talk


def test_passwords_are_stars_among_the_octets(tmp_path: Path) -> None:
    session = talk(tmp_path, b"HELO smith secret\r\n", b"#0\r\n")
    context = Rendering()
    mask = Mask(session)
    lines = list(session_lines(session, mask))
    client = json.loads(embedded(session, lines, 1000, mask, context))["c"]
    assert base64.b64decode(client["o"][0][1]) == b"HELO smith ******\r\n"
    assert client["m"] == [[11, 6]]


def test_octets_are_cut_at_the_limit_and_gaps_stay_out(tmp_path: Path) -> None:
    session = talk(tmp_path, b"FOLD 0123456789\r\n", b"#0\r\n")
    context = Rendering()
    lines = list(session_lines(session, Mask(session)))
    client = json.loads(embedded(session, lines, 8, Mask(session), context))["c"]
    assert [(start, base64.b64decode(text)) for start, text in client["o"]] == [(0, b"FOLD 012")]


@given(st.lists(st.integers(0, 1 << 22), max_size=200), st.integers(0, 5000))
def test_the_limit_keeps_to_the_budget(lengths: list[int], sessions: int) -> None:
    limit = limit_for(lengths, sessions)
    assert limit in LIMITS
    assert sum(min(length, limit) for length in lengths) <= 16 << 20
    if sessions > 3000:
        assert sum(min(length, limit) for length in lengths) <= LEAST
