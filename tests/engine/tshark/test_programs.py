"""Without a tshark that will do, one sentence says how to get one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pop2dissect.cli import ExitStatus, main
from pop2dissect.engine.tshark.programs import find_programs
from pop2dissect.errors import MissingProgramError
from tests.support.truth import capture_path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder in which programs are looked for."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def put(folder: Path, name: str, says: str, status: int = 0) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{says}'\nexit {status}\n")
    program.chmod(0o755)


def test_it_is_missing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--engine", "tshark", str(capture_path("rfc937_normal"))]) == ExitStatus.USAGE
    assert capsys.readouterr().err == (
        "pop2dissect: the tshark engine needs tshark 4.0 or newer, which is not installed; "
        "try: apt install tshark, or dnf install wireshark-cli, or brew install wireshark\n"
    )


def test_it_is_too_old(folder: Path) -> None:
    put(folder, "tshark", "TShark (Wireshark) 3.6.24 (Git v3.6.24)")
    with pytest.raises(MissingProgramError, match=r"needs tshark 4\.0 or newer, but .* is 3\.6; try: apt install"):
        find_programs()


def test_it_does_not_run(folder: Path) -> None:
    put(folder, "tshark", "error while loading shared libraries", 127)
    with pytest.raises(MissingProgramError, match="does not run"):
        find_programs()
    (folder / "tshark").chmod(0o755)
    (folder / "tshark").write_bytes(b"\0")
    with pytest.raises(MissingProgramError, match="does not run"):
        find_programs()


def test_its_sister_is_missing(folder: Path) -> None:
    put(folder, "tshark", "TShark (Wireshark) 4.4.2 (v4.4.2-0-g1b4f1ab0d5f7).")
    with pytest.raises(MissingProgramError, match="needs capinfos, which comes with tshark"):
        find_programs()
    put(folder, "capinfos", "")
    assert find_programs().tshark == str(folder / "tshark")


def test_the_native_engine_needs_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quiet", str(capture_path("rfc937_normal"))]) == ExitStatus.DONE
