"""Text from outside in a page: harmless wherever it stands."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.html import Case
from pop2dissect.html.markup import harmless, line_text, running_header, wire


@given(st.text(max_size=40))
def test_the_running_header_is_one_css_string(text: str) -> None:
    rule = running_header(Case(case=text or "x"))
    match = re.fullmatch(r'\s*@page \{ @top-left \{ content: "([^"]*)"; \} \}\s*', rule)
    assert match is not None
    assert not re.search(r"[<>\n]", match.group(1))
    decoded = re.sub(r"\\([0-9a-f]{6})", lambda code: chr(int(code.group(1), 16)), match.group(1))
    assert decoded == (text or "x")


@given(st.text())
def test_text_from_outside_never_ends_its_element(text: str) -> None:
    for shown in (wire(text), harmless(text), line_text(text)):
        assert not re.search(r"<(?!/?(bdi|details|summary|i)\b)", shown)
        assert not any(unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cs") for one in shown)
