"""Differences between two builds are found, grouped by what they are, and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.compare_outputs import compare, compare_csv, compare_html, compare_json, compare_text, main

BUILD = """
import json, sys
from pathlib import Path

*options, capture = sys.argv[1:]
size = len(Path(capture).read_bytes())
if "--json" in options:
    print(json.dumps({"capture": {"size": size, "SIZE": size}, "warnings": WARNINGS}))
elif "--csv" in options:
    Path("tables").mkdir()
    Path("tables/sizes.csv").write_text(f"size,unit\\n{size},UNIT\\n")
else:
    print(f"{size} UNIT\\nthe end")
"""


def build(folder: Path, size: str, unit: str, warnings: str) -> Path:
    package = folder / "pop2dissect"
    package.mkdir(parents=True)
    said = BUILD.replace("SIZE", size).replace("UNIT", unit).replace("WARNINGS", warnings)
    (package / "__main__.py").write_text(said)
    return folder


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return build(tmp_path / "old", "octets", "octets", "['cut']")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return build(tmp_path / "new", "bytes", "bytes", "[]")


@pytest.fixture
def captures(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "one.pcap", tmp_path / "two.pcap"]
    for length, path in enumerate(paths, 7):
        path.write_bytes(bytes(length))
    return paths


def test_the_same_build_says_the_same(old: Path, captures: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(old), str(old), *map(str, captures)]) == 0
    assert capsys.readouterr().out.count(": the same") == 6


def test_what_differs_is_one_group_for_all_captures(old: Path, new: Path, captures: list[Path]) -> None:
    found = compare((old, new), captures, ["text", "json", "csv"])
    assert {kind: set(groups) for kind, groups in found.items()} == {
        "text": {"printed.txt: octets → bytes"},
        "json": {
            "printed.json: capture.octets: gone",
            "printed.json: capture.bytes: new",
            "printed.json: warnings[]: an item gone, cut",
        },
        "csv": {"sizes.csv: [].unit: octets → bytes"},
    }
    (group,) = found["text"].values()
    assert (group.count, list(group.captures), group.examples) == (2, ["one.pcap", "two.pcap"], ["7 octets\n7 bytes"])


def test_a_build_that_fails_differs_by_status_and_error(
    old: Path, captures: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fails = tmp_path / "fails"
    (fails / "pop2dissect").mkdir(parents=True)
    (fails / "pop2dissect" / "__main__.py").write_text("raise SystemExit('it failed')")
    assert main([str(old), str(fails), str(captures[0]), "--kind", "text"]) == 1
    out = capsys.readouterr().out
    assert "exit status: 0 → 1" in out
    assert "errors.txt: new line: it failed" in out


def test_where_there_is_no_build_none_that_is_installed_is_run(old: Path, captures: list[Path], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main([str(old), str(tmp_path), str(captures[0])])


def groups(differences: object) -> list[str]:
    return [difference.group for difference in differences]  # type: ignore[attr-defined]


def test_white_space_alone_is_no_difference_in_text() -> None:
    assert groups(compare_text(b"a   b\n", b"a b\n")) == []
    assert groups(compare_text(b"a\nb 1\n", b"a\nb 2\nc\n")) == ["0 → 0", "new line: c"]


def test_items_of_a_list_are_aligned() -> None:
    old, new = b'{"a": [1, 2, 3]}', b'{"a": [2, 3]}'
    assert groups(compare_json(old, new)) == ["a[]: an item gone"]
    assert groups(compare_json(b"[1.0]", b"[1.00]")) == ["[]: 0 → 0"]
    assert groups(compare_json(b"[true]", b"[1]")) == ["[]: true → 0"]
    assert groups(compare_json(b"[", b"[1]")) == ["[ → [0]"]


def test_a_column_that_is_new_is_said() -> None:
    assert groups(compare_csv(b"a\n1\n", b"a,b\n1,2\n")) == ["[].b: new"]


def test_of_a_page_its_text_is_compared() -> None:
    old = b"<style>a</style><table><tr><td>one <b>two</b></td><td>three</td></tr></table>"
    new = b"<style>b</style><table><tr><td>one two</td><td>four</td></tr></table>"
    assert groups(compare_html(old, new)) == ["three → four"]
