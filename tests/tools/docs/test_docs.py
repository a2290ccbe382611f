"""The pages of the documentation say what the program is and does: what is made of it is current, examples run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import pop2dissect
from tests.support.programs import need
from tools.docs import document, findings, options
from tools.docs.transcripts import DOCS, as_it_runs, pages

MADE: dict[str, Callable[[], str]] = {
    "document": document.describe,
    "findings": findings.markdown,
    "options": options.describe,
}


@pytest.mark.parametrize("name", MADE)
def test_a_page_that_is_made_is_current(name: str) -> None:
    assert (DOCS / f"{name}.md").read_text("utf-8") == MADE[name](), f"python -m tools.docs.{name} > docs/{name}.md"


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_the_examples_of_a_page_print_what_it_says(page: Path) -> None:
    said = page.read_text("utf-8")
    if "| jq " in said:
        need("jq")
    assert as_it_runs(said) == said, "run: python -m tools.docs.transcripts"


def test_there_is_an_answer_to_each_of_ten_questions() -> None:
    guides = [page.read_text("utf-8") for page in (DOCS / "howto").glob("*.md")]
    answers = [answer for guide in guides for answer in guide.split("\n## ")[1:]]
    assert len(answers) >= 10
    for answer in answers:
        assert answer.partition("\n")[0].endswith("?")
        assert re.search("^```(console|python)$", answer, re.MULTILINE), answer


def test_each_public_name_is_in_the_reference() -> None:
    described = re.findall(r"^::: pop2dissect\.(?:\w+\.)*(\w+)$", (DOCS / "api.md").read_text("utf-8"), re.MULTILINE)
    assert set(pop2dissect.__all__) - {"__version__"} <= set(described)


def test_the_schema_is_on_the_page_field_by_field() -> None:
    page = document.describe()
    whole = document.schema()
    for one in (whole, *whole["$defs"].values()):
        assert all(f"`{name}`" in page for name in one.get("properties", {}))
    assert set(re.findall(r"\]\(#(\w+)\)", page)) <= set(re.findall(r'id="(\w+)"', page))


def test_what_is_printed_is_written_into_a_page_and_dots_stand_for_anything() -> None:
    page = "```console\n$ echo one; echo two\none\n...\n$ pop2dissect --version | cut -d' ' -f1\n```\n\n"
    page += "```python\n1 + 1\n```\n"
    run = as_it_runs(page)
    assert "$ echo one; echo two\none\n...\n" in run
    assert "-f1\npop2dissect\n```" in run
    assert run.endswith("```python\n1 + 1\n```\n\n```text\n2\n```\n")
    assert as_it_runs(run) == run
    assert as_it_runs(run.replace("text\n2", "text\n3")) == run
