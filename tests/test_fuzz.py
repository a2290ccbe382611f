"""The fuzzers, run for a short time, always the same way; and what they found once, never again."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz.corpus import seeds
from fuzz.mutate import run
from fuzz.targets import TARGETS

FOUND = Path(__file__).parent / "data" / "fuzz"
SECONDS = 2


@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus_itself(target: str) -> None:
    octets = seeds(target)
    assert sum(map(bool, octets)) >= 10
    for one in octets:
        TARGETS[target](one)


@pytest.mark.parametrize("target", TARGETS)
def test_mutated(target: str) -> None:
    def attempt(name: str, octets: bytes) -> None:
        try:
            TARGETS[name](octets)
        except Exception as error:  # the input is lost otherwise
            raise AssertionError(f"{name}({octets!r})") from error

    assert run(target, SECONDS, seed=1, attempt=attempt) > 0


@pytest.mark.parametrize("path", sorted(FOUND.glob("*-*")), ids=lambda path: path.name)
def test_what_was_found(path: Path) -> None:
    TARGETS[path.name.partition("-")[0]](path.read_bytes())
