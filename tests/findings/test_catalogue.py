"""The catalogue: whole, in words for everyone, and its page of the documentation made from it."""

from __future__ import annotations

import re
from dataclasses import fields
from string import Formatter

from pop2dissect.findings.catalogue import BY_ID, CATALOGUE, catalogue_lines, catalogue_rows
from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.session import Severity
from tests.support.truth import ROOT
from tools.docs.findings import markdown

TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?")


def test_the_page_is_the_catalogues() -> None:
    page = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    assert page == markdown(), "run python -m tools.docs.findings > docs/findings.md"


def test_each_threshold_is_explained() -> None:
    page = markdown()
    for one in fields(Thresholds):
        (row,) = re.findall(rf"^\| `{one.name}` \| (\d+) \| (.+) \|$", page, re.MULTILINE)
        assert int(row[0]) == getattr(Thresholds(), one.name)
    assert Thresholds(scan_servers=3).as_dict()["scan_servers"] == 3


def test_ids_are_there_once() -> None:
    assert len({declaration.id for declaration in CATALOGUE}) == len(CATALOGUE) == len(list(catalogue_lines()))


def test_each_is_explained() -> None:
    for declaration in CATALOGUE:
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", declaration.id)
        assert isinstance(declaration.severity, Severity)
        assert declaration.title[0].isupper()
        assert declaration.raised_when(Thresholds()).endswith(".")
        assert declaration.innocent
        assert not declaration.innocent.endswith(".")
        assert all(TECHNIQUE.fullmatch(technique) for technique in declaration.techniques)


def test_the_rules_name_the_thresholds_in_force() -> None:
    names = {name for one in CATALOGUE for _, name, *_ in Formatter().parse(one.rule) if name}
    assert names == set(Thresholds.names())
    strange = Thresholds(**{name: 7000 + place for place, name in enumerate(Thresholds.names())})
    for declaration in CATALOGUE:
        named = {name for _, name, *_ in Formatter().parse(declaration.rule) if name}
        said = declaration.raised_when(strange)
        assert {name for name, number in strange.as_dict().items() if f"{number:,}" in said} == named
        assert not re.search(r"[{}]", said.replace("begins with {:", ""))


def test_amounts_are_in_words() -> None:
    one = Thresholds(bruteforce_failures=1, slow_seconds=7200, bruteforce_seconds=1)
    rule = BY_ID["auth.bruteforce"].raised_when(one)
    assert rule.startswith("At least 1 refused login with at least 3 different passwords, ")
    assert "within 1 second," in rule
    assert "within 2 hours." in rule
    assert "within a day." in BY_ID["auth.bruteforce"].raised_when(Thresholds())


def test_rows_are_for_tables() -> None:
    for row, declaration in zip(catalogue_rows(), CATALOGUE, strict=True):
        assert row[0] == declaration.id
        assert declaration.severity in row[1].split(", ")
