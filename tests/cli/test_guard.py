"""A capture that becomes shorter while a map of it is read ends the program in a sentence."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from pop2dissect.cli.guard import guarded
from tests.support.truth import capture_path

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

_PROGRAM = """
import os, sys
from pop2dissect.capture import reader
reader.COPIED_OCTETS = 0  # all is mapped
from pop2dissect.cli import main
from pop2dissect.cli.outputs.text import TextOutput
describe = TextOutput.describe
def cut(session, look):
    os.truncate(sys.argv[2], 0)
    return describe(session, look)
if sys.argv[1] == "cut":
    TextOutput.describe = staticmethod(cut)
if sys.argv[1] == "fault":
    TextOutput.describe = staticmethod(lambda *_: os.abort())
sys.exit(main(sys.argv[2:]))
"""


def run(what: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _PROGRAM, what, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_it_is_said_which_capture_it_was(tmp_path: Path) -> None:
    shutil.copy(capture_path("rfc937_normal"), tmp_path / "cut.pcap")
    done = run("cut", tmp_path / "cut.pcap", capture_path("fetchmail_fold"))
    assert done.returncode == -signal.SIGBUS
    assert done.stderr == (
        f"pop2dissect: {tmp_path / 'cut.pcap'} became shorter while it was read, which ended the program; "
        "read a copy of it\n"
    )


def test_another_fault_is_not_a_traceback_either() -> None:
    done = run("fault", capture_path("rfc937_normal"))
    assert done.returncode == -signal.SIGABRT
    assert done.stderr.startswith("pop2dissect: this is a fault of pop2dissect or of Python")
    assert done.stderr.count("\n") == 1


def test_where_all_is_well_nothing_is_said_and_nobody_is_left() -> None:
    done = run("nothing", capture_path("rfc937_normal"))
    assert (done.returncode, done.stderr) == (0, "")
    unwatched = mock.patch("faulthandler.is_enabled", return_value=False)  # as without pytest
    with unwatched, mock.patch("os.fork") as fork, guarded([str(capture_path("rfc937_normal"))]):
        assert not fork.called  # what is copied needs no guard
