"""The fuzzers, run for a short time, always the same way; and what they found once, never again."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from fuzz.corpus import seeds
from fuzz.mutate import mutations
from fuzz.targets import TARGETS

FOUND = Path(__file__).parents[1] / "data" / "fuzz"
RUNS = 300
FEWER = {"program": 8}
"""It does as much with one as the others do with many."""


@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus_itself(target: str) -> None:
    octets = seeds(target)
    assert sum(map(bool, octets)) >= 10
    for one in octets[:: len(octets) // FEWER[target] if target in FEWER else 1]:
        TARGETS[target](one)


@pytest.mark.parametrize("target", TARGETS)
def test_mutated(target: str) -> None:
    for octets in islice(mutations(target, seed=1), FEWER.get(target, RUNS)):
        try:
            TARGETS[target](octets)
        except Exception as error:  # the input is lost otherwise
            raise AssertionError(f"{target}({octets!r})") from error


def test_what_was_found() -> None:
    for path in sorted(FOUND.glob("*-*")):
        TARGETS[path.name.partition("-")[0]](path.read_bytes())
