"""The report as Markdown: what the printed page of ``html/`` has, for wikis, tickets and version control."""

from __future__ import annotations

from typing import Final

from pop2dissect.html.report import Form
from pop2dissect.markdown.report import MarkdownForm

ENDINGS: Final = (".md", ".markdown")


def form_of(path: str) -> Form | None:
    """Return what a report of that name is written as; None for HTML."""
    return MarkdownForm() if path.lower().endswith(ENDINGS) else None
