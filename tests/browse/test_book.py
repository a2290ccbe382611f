"""Which sessions are found by what is typed."""

from __future__ import annotations

import pytest

import pop2dissect
from pop2dissect.browse.book import Book
from pop2dissect.errors import SettingError
from pop2dissect.text.rendering import Rendering
from tests.support.phrases import CASES
from tests.support.truth import capture_path


def test_sessions_are_found_by_phrases_and_filters() -> None:
    """The same as by the report's search: see tests/scenarios/html/test_browser.py."""
    capture = pop2dissect.read(capture_path("incident_small"))
    book = Book(
        capture.sessions, capture.findings, capture.incidents, capture.captures, (), capture.settings, Rendering()
    )
    for text, found in CASES:
        book.find(text)
        assert [session.id for session in book.shown] == found, text
    with pytest.raises(SettingError, match="is none of"):
        book.find("severity:grave")
    book.find("")
    assert len(book.shown) == 54
