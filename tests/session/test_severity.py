"""Severities compare by how severe they are, and not by their letters."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from pop2dissect.session import MOST_SEVERE_FIRST, Finding, Severity


def test_they_are_in_order() -> None:
    assert list(Severity) == ["info", "low", "medium", "high", "critical"]
    for one, other in pairwise(Severity):
        assert one < other
        assert other > one
        assert one <= other
        assert other >= one
        assert not other <= one
        assert not one >= other
    assert sorted(MOST_SEVERE_FIRST) == list(Severity)
    assert max("medium", Severity.CRITICAL, "high") == "critical"
    assert [severity for severity in Severity if severity.is_grave] == ["high", "critical"]


def test_they_are_their_words() -> None:
    assert f"{Severity.HIGH:>8}" == "    high"
    assert json.dumps(Severity.LOW) == '"low"'
    assert {Severity.INFO: 1}["info"] == 1


def test_a_finding_has_none_but_these() -> None:
    finding = Finding("x", "low", "title", "", None, (1 << 40 | 18,))  # type: ignore[arg-type]
    assert finding.severity is Severity.LOW
    assert str(finding.frames[0]) == "2:18"
    with pytest.raises(ValueError, match="dire"):
        Finding("x", "dire", "title", "", None, ())  # type: ignore[arg-type]
