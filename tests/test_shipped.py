"""Pages and samples are there for who has the source tree, and for who has the package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pop2dissect
from pop2dissect import shipped
from pop2dissect.cli.options import parser


def test_each_sample_can_be_read() -> None:
    samples = pop2dissect.samples()
    assert len(samples) >= 12
    assert len(pop2dissect.read(samples["rfc937_normal"])) == 1
    assert all(
        f"`{path.name}`" in shipped.folder("samples").joinpath("README.md").read_text() for path in samples.values()
    )


def test_what_lies_in_the_package_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path)
    (tmp_path / "share" / "samples").mkdir(parents=True)
    (tmp_path / "share" / "samples" / "one.pcapng").touch()
    assert pop2dissect.samples() == {"one": tmp_path / "share" / "samples" / "one.pcapng"}


def test_the_pages_that_the_help_names_are_there_and_the_help_says_where() -> None:
    text = parser().format_help()
    named = re.findall(r"docs/(\w+\.md)", text)
    assert {"tables.md", "findings.md", "reassembly.md", "wireshark.md"} <= set(named)
    assert all(shipped.folder("docs").joinpath(name).is_file() for name in named)
    assert "python -m pop2dissect.shipped" in text
