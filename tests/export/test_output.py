"""The options that write files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pop2dissect.cli import ExitStatus, main
from tests.support.truth import capture_path

SAMPLE = str(capture_path("rfc937_normal"))
FOLDERS = ("--export-mail", "--export-attachments", "--export-streams")
FILES = ("--export-mbox", "--export-case", "--export-dfxml", "--annotate")


@pytest.mark.parametrize("option", FOLDERS)
def test_a_folder_that_is_not_empty_stays_as_it_is(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").write_text("precious")
    assert main([option, str(tmp_path), SAMPLE]) == ExitStatus.USAGE
    assert "is not empty" in capsys.readouterr().err
    assert [path.read_text() for path in tmp_path.iterdir()] == ["precious"]


@pytest.mark.parametrize("option", FILES)
def test_a_file_that_exists_stays_as_it_is(option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("precious")
    assert main([option, str(tmp_path / "mine"), SAMPLE]) == ExitStatus.USAGE
    assert "not overwritten" in capsys.readouterr().err
    assert (tmp_path / "mine").read_text() == "precious"


@pytest.mark.parametrize("option", FILES)
def test_a_run_that_fails_leaves_no_half_file(option: str, tmp_path: Path) -> None:
    assert main([option, str(tmp_path / "x"), "--session", "99", SAMPLE]) == ExitStatus.USAGE
    assert list(tmp_path.iterdir()) == []


def test_each_folder_is_for_one_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--export-mail", str(tmp_path / "x"), "--export-streams", f"{tmp_path}/y/../x", SAMPLE]
    assert main(arguments) == ExitStatus.USAGE
    assert "a folder of its own" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_first_file_goes_when_the_second_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("precious")
    assert (
        main(["--export-mbox", str(tmp_path / "a"), "--export-mail", str(tmp_path / "b"), SAMPLE]) == ExitStatus.USAGE
    )
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_place_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "x"
    assert main(["--export-mbox", str(path), SAMPLE]) == ExitStatus.UNWRITABLE
    assert capsys.readouterr().err == f"pop2dissect: {path} cannot be written: Not a directory\n"


def test_the_same_octets_whatever_the_machine(tmp_path: Path) -> None:
    """Other hash seeds, zones, places and times give the same files."""
    outputs = []
    for place, (seed, zone) in enumerate([("0", "UTC"), ("77", "Asia/Tokyo")]):
        folder = tmp_path / str(place)
        folder.mkdir()
        options = [argument for option in (*FOLDERS, *FILES) for argument in (option, option.lstrip("-"))]
        subprocess.run(
            [sys.executable, "-m", "pop2dissect", "--quiet", *options, str(capture_path("fetchmail_fold"))],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(Path.cwd())},
        )
        outputs.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()})
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) > 40
