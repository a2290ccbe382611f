"""Wireshark's programs are found where its installers put them, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from pop2dissect.wireshark import programs
from pop2dissect.wireshark.programs import find_program


def test_the_path_comes_first_and_then_the_standard_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path, standard = tmp_path / "path", tmp_path / "standard"
    for folder in (on_path, standard):
        folder.mkdir()
    monkeypatch.setenv("PATH", str(on_path))
    monkeypatch.setattr(programs, "standard_folders", lambda: [str(standard)])
    assert find_program("tshark") is None
    for folder in (standard, on_path):
        (folder / "tshark").write_text("#!/bin/sh\n")
        (folder / "tshark").chmod(0o755)
        assert find_program("tshark") == str(folder / "tshark")


def test_standard_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs.sys, "platform", "darwin")
    assert programs.standard_folders() == ["/Applications/Wireshark.app/Contents/MacOS"]
    monkeypatch.setattr(programs.sys, "platform", "linux")
    assert programs.standard_folders() == []
    monkeypatch.setattr(programs.sys, "platform", "win32")
    monkeypatch.setenv("ProgramW6432", r"C:\Program Files")
    monkeypatch.delenv("ProgramFiles", raising=False)
    with monkeypatch.context() as windows:
        windows.setattr(programs.os, "name", "nt")
        folders = programs.standard_folders()
    assert folders == [r"C:\Program Files\Wireshark"]
