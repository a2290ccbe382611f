"""The table of limits in the docs is that of the program, and each can be set."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pop2dissect.cli.options import parser, settings_of
from pop2dissect.errors import UsageError
from pop2dissect.limits import DEFAULT

DOCS = Path(__file__).parents[1] / "docs" / "reassembly.md"


def test_the_docs_list_every_limit_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+) \| .+ \|$", DOCS.read_text(), re.MULTILINE)
    assert {name: int(number.replace(",", "")) for name, number in rows} == DEFAULT.as_dict()


@pytest.mark.parametrize("name", DEFAULT.as_dict())
def test_each_can_be_set(name: str) -> None:
    settings = settings_of(parser().parse_args(["--limit", f"{name}=7", "x.pcap"]))
    assert settings.limits.as_dict() == DEFAULT.as_dict() | {name: 7}


@pytest.mark.parametrize("text", ["nothing=7", "events", "events=", "events=-1", "events=0", "events=x"])
def test_what_is_no_limit_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError):
        parser().parse_args(["--limit", text, "x.pcap"])
    assert parser().parse_args(["--limit", "idle_seconds=0", "x.pcap"]).limits == [("idle_seconds", 0)]
