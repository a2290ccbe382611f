"""Findings on connections without payload."""

from __future__ import annotations

from pathlib import Path

import pytest

from pop2dissect.limits import Limits
from pop2dissect.pipeline import Dissection
from pop2dissect.settings import Settings
from tests.support.conversation import MILLISECOND, START, Conversation, merge
from tests.support.wire import save

ATTEMPTS = 1200


@pytest.fixture(scope="module")
def flood(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SYNs to one server, each from an address of its own, one a millisecond."""
    talks = (
        Conversation((f"10.1.{number // 250}.{number % 250 + 1}", 40000), start=START + number * MILLISECOND)
        for number in range(ATTEMPTS)
    )
    path: Path = tmp_path_factory.mktemp("flood") / "flood.pcap"
    return save(path, merge(*(talk.unanswered(1).packets for talk in talks)))


@pytest.mark.parametrize(
    ("pairs", "addresses"), [(Limits().probe_pairs, "by 1,200 addresses within"), (7, "by 7 addresses or more within")]
)
def test_a_flood_says_from_how_many_addresses_as_far_as_they_were_counted(
    flood: Path, pairs: int, addresses: str
) -> None:
    with Dissection(flood, Settings(limits=Limits(probe_pairs=pairs))) as dissection:
        assert list(dissection) == []
        (found,) = dissection.findings
    assert found.id == "dos.syn_flood"
    assert found.detail.startswith("1,200 connections to 10.9.0.2:109 were begun and never completed, up to 1,0")
    assert addresses in found.detail
