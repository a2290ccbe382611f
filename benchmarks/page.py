"""docs/benchmarks.md: the comparison, which run.py writes, and below it the growth, which growth.py writes."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
_GROWTH = "## What twice the work costs\n"


def write_comparison(text: str) -> None:
    """Write the first part anew."""
    _, heading, growth = PAGE.read_text().partition(_GROWTH)
    PAGE.write_text(f"{text}\n{heading}{growth}")


def write_growth(text: str) -> None:
    """Write the second part anew."""
    comparison, _, _ = PAGE.read_text().partition(_GROWTH)
    PAGE.write_text(f"{comparison.rstrip()}\n\n{_GROWTH}{text}")
