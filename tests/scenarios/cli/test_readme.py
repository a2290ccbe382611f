"""The commands of the README work as they are printed."""

from __future__ import annotations

import re
import shlex
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from pop2dissect.cli import ExitStatus, main
from tests.support.truth import ROOT

NOT_RUN = ("tcpdump ", "pop2dissect browse ", "pop2dissect wireshark install", "pop2dissect --engine tshark ")
"""They need a network card or a terminal, change what is outside of the folder, or need a capture that is not there."""


def test_each_command_works_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    block = re.search(r"## Use\n\n```text\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert block is not None
    commands = [re.split(r"\s{2,}", line)[0] for line in block[1].splitlines() if line and not line.startswith(NOT_RUN)]
    assert len(commands) >= 12
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "pop2dissect"
        arguments = [
            path for one in arguments for path in (sorted(map(str, Path().glob(one))) if "*" in one else [one])
        ]
        with redirect_stdout(StringIO()) as printed:
            if ">" in arguments:
                *arguments, _, name = arguments
            assert main(arguments) == ExitStatus.DONE, command
        if ">" in command:
            Path(name).write_text(printed.getvalue())
