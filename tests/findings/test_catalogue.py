"""The catalogue: whole, in words for everyone, and its page of the documentation made from it."""

from __future__ import annotations

import re
from dataclasses import fields

from pop2dissect.findings import CATALOGUE, Thresholds, catalogue_lines, catalogue_rows
from pop2dissect.findings.catalogue import SEVERITIES
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
        assert declaration.severity in SEVERITIES
        assert declaration.title[0].isupper()
        assert declaration.raised_when.endswith(".")
        assert declaration.innocent
        assert not declaration.innocent.endswith(".")
        assert all(TECHNIQUE.fullmatch(technique) for technique in declaration.techniques)


def test_the_numbers_in_words_are_those_of_the_thresholds() -> None:
    limits = Thresholds()
    said = {declaration.id: declaration.raised_when for declaration in CATALOGUE}
    for name, numbers in {
        "auth.bruteforce": (limits.bruteforce_failures, limits.bruteforce_passwords, limits.bruteforce_seconds),
        "auth.spray": (limits.spray_users,),
        "auth.user_enum": (limits.enumeration_users,),
        "auth.success_after_fail": (limits.success_failures,),
        "auth.weak": (limits.weak_length,),
        "file.probe_sweep": (limits.sweep_folders,),
        "exploit.overlong": (limits.overlong_fold,),
        "exploit.nop_sled": (limits.nop_run, limits.address_repeats),
        "data.bulk_read": (limits.bulk_percent, limits.bulk_messages),
        "data.mass_delete": (limits.wipe_messages,),
        "recon.scan": (limits.scan_servers,),
        "dos.syn_flood": (limits.flood_rate,),
    }.items():
        for number in numbers:
            assert re.search(rf"\b{number}\b", said[name]), name


def test_rows_are_for_tables() -> None:
    for row, declaration in zip(catalogue_rows(), CATALOGUE, strict=True):
        assert row[0] == declaration.id
        assert declaration.severity in row[1].split(", ")
