"""Standard streams that the caller closed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pop2dissect.cli import ExitStatus
from tests.support.truth import capture_path

SAMPLE = str(capture_path("rfc937_normal"))


def with_closed(numbers: tuple[int, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with some standard streams closed, as ``>&-`` of the shell does."""
    closing = " ".join(f"{number}>&-" for number in numbers)
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {closing}', "sh", sys.executable, "-m", "pop2dissect", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )


def test_without_standard_output_there_is_no_result() -> None:
    done = with_closed((1,), SAMPLE)
    assert done.stderr == "pop2dissect: standard output cannot be written: it is closed\n"
    assert done.returncode == ExitStatus.UNWRITABLE
    assert with_closed((0, 1, 2), SAMPLE).returncode == ExitStatus.UNWRITABLE


def test_without_standard_input_captures_are_read_but_not_from_there() -> None:
    assert "HELO Fred" in with_closed((0,), SAMPLE).stdout
    done = with_closed((0,), "-")
    assert done.stderr == "pop2dissect: standard input cannot be read: it is closed\n"
    assert done.returncode == ExitStatus.UNREADABLE


@pytest.mark.parametrize("closed", [(2,), (0, 2)])
def test_complaints_that_nobody_hears_go_into_no_file(closed: tuple[int, ...], tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(Path(SAMPLE).read_bytes()[:-10])
    done = with_closed(closed, "--json", "--export-mail", str(tmp_path / "mail"), str(cut))
    assert done.returncode == ExitStatus.DONE
    assert '"truncated": true' in done.stdout
    assert all(b"pop2dissect: " not in path.read_bytes() for path in (tmp_path / "mail").iterdir())
