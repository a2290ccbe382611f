"""The samples of findings can be made again octet for octet, and there are two for every id of the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from pop2dissect.findings.catalogue import CATALOGUE
from tests.support.truth import FOLDERS
from tools.samples.findings import CASES, make

SAMPLES = FOLDERS[0] / "findings"
IDS = [declaration.id for declaration in CATALOGUE]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Make all of them anew."""
    return make(tmp_path_factory.mktemp("findings"))


def test_made_again_they_are_the_same(made: list[Path]) -> None:
    for path in made:
        assert path.read_bytes() == (SAMPLES / path.name).read_bytes(), f"run tools/samples/findings.py: {path.name}"


def test_there_is_a_pair_for_every_finding_and_no_other_file(made: list[Path]) -> None:
    assert list(CASES) == IDS
    names = {path.name for path in made}
    assert names == {f"{name}{ending}.pcap" for name in IDS for ending in ("", ".near_miss")}
    assert {path.name for path in SAMPLES.glob("*.pcap*")} == names


def test_each_case_says_what_it_is() -> None:
    for case in CASES.values():
        assert case.raises.__doc__
        assert case.near_miss.__doc__
