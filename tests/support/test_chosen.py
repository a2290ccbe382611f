"""Some of many cases are of all stretches, and the same each time."""

from __future__ import annotations

import pytest

from tests.support.chosen import some


def test_of_every_stretch_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HYPOTHESIS_PROFILE", raising=False)
    chosen = some(range(1000), 100)
    assert [number // 10 for number in chosen] == list(range(100))
    assert chosen == some(range(1000), 100) != some(range(1000), 100, seed=1)
    assert some(range(7), 3) != some(range(7), 7) == list(range(7))


def test_all_of_them_where_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPOTHESIS_PROFILE", "thorough")
    assert some(range(1000), 100) == list(range(1000))
