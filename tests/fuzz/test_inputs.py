"""Inputs that misbehave are named, within seconds, and cost the others nothing."""

from __future__ import annotations

from typing import IO

import pytest

from fuzz.inputs import violations
from pop2dissect.capture import source
from tests.support.truth import capture_path

GOOD, OTHER = capture_path("rfc937_normal"), capture_path("raw_read_nack")


def test_each_is_named_and_the_others_are_analysed() -> None:
    assert list(violations(GOOD, OTHER)) == []


def test_an_error_that_nobody_catches_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = source._open

    def opened(name: str) -> IO[bytes]:
        if name.endswith("socket"):
            raise OSError(6, "No such device or address")
        return whole(name)

    monkeypatch.setattr(source, "_open", opened)
    assert any(one.startswith("socket, first") for one in violations(GOOD, OTHER))
