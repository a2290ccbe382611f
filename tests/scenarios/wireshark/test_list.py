"""The list of packets is the same whether the plugin asks TCP for fields or, as for lists alone, reads TCP's line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.wireshark.conftest import any_path, finding_names
from tests.support.truth import capture_names
from tests.wireshark.joined import join
from tests.wireshark.plugin_support import run_tshark

WITH_FIELDS = ("-z", "io,phs")
"""Something that might ask for a field, so that the plugin reads none of TCP's lines."""


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return all captures put into one, but for the largest."""
    path = tmp_path_factory.mktemp("joined") / "joined.pcapng"
    names = [name for name in (*capture_names(), *finding_names()) if name != "big_messages"]
    join({name: any_path(name) for name in names}, path)
    return path


def test_the_list_is_the_same_by_lines_and_by_fields(joined: Path, tshark: str) -> None:
    command = ("-r", joined, "-o", "pop2.dissect_mail:never", "-o", "pop2.pop3:TRUE")
    by_fields = run_tshark(*command, *WITH_FIELDS).stdout.decode().partition("\n\n===")[0].splitlines()
    by_lines = run_tshark(*command).stdout.decode().splitlines()
    assert len(by_lines) > 20_000
    assert [pair for pair in zip(by_lines, by_fields, strict=False) if pair[0] != pair[1]] == []
    filtered = run_tshark(*command, "-Y", "tcp.dstport == 109 && tcp.len > 0").stdout.decode().splitlines()
    assert len(filtered) > 3_000
    assert set(filtered) <= set(by_fields)
