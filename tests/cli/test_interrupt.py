"""Signals end the program in order at any moment: no traceback, nothing partial, and a live capture is reported."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fuzz.signals import EARLY, violations
from pop2dissect.cli.interrupt import Interrupt
from tests.cli.test_cli import await_drained, feed
from tests.support.truth import capture_path

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are another thing there")

ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize("number", ENDING)
def test_a_live_capture_is_reported(number: signal.Signals) -> None:
    octets = capture_path("raw_read_nack").read_bytes()[:-40]
    with subprocess.Popen(
        [sys.executable, "-m", "pop2dissect", "--quiet", "--conversations", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        feed(process.stdin, octets)
        await_drained(process.stdin)
        time.sleep(1)
        process.send_signal(number)
        output = process.stdout.read()
        assert process.stderr.read() == b""
        assert process.wait(20) == 128 + number
    assert output.count(b"HELO marlowe ********") >= 6


def test_at_any_moment() -> None:
    """Each signal once to a live capture and to files; ``python -m fuzz.signals`` sends as many as are wanted."""
    found = list(violations(capture_path("rfc937_normal"), runs=8, seed=2))
    assert [one for one in found if not one.endswith(EARLY)] == []


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_while_python_runs_code_from_text(number: signal.Signals, tmp_path: Path) -> None:
    """As it does for each dataclass that is imported: CPython would then end by SIGINT, whatever the signal was."""
    (tmp_path / "start.py").write_text(
        "import os, sys; from pop2dissect import cli\n"
        f"cli._run = lambda *_: exec('os.kill(os.getpid(), {int(number)})')\n"
        "sys.exit(cli.main([]))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])}
    done = subprocess.run([sys.executable, "-m", "start"], env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (128 + number, b"")


def test_the_second_signal_while_a_live_capture_ends(tmp_path: Path) -> None:
    code = (
        "import sys; from pop2dissect.cli import interrupt, main; interrupt.Interrupt.GRACE = 60.0\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, "--report", str(tmp_path / "r.html"), "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        feed(process.stdin, capture_path("raw_read_nack").read_bytes()[:-40])
        await_drained(process.stdin)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        time.sleep(2)
        process.send_signal(signal.SIGTERM)
        _, complaints = process.communicate(timeout=50)
    assert process.returncode == 128 + signal.SIGTERM
    assert complaints == b""
    assert list(tmp_path.iterdir()) == []


def test_what_waits_in_the_pipe_is_read() -> None:
    """The signal may come before anything was read."""
    code = (
        "import signal, sys, time\n"
        "from pop2dissect.cli.interrupt import Interrupt\n"
        "Interrupt.GRACE = 0.01\n"
        "with Interrupt() as one:\n"
        "    one.end_input_only()\n"
        "    signal.raise_signal(signal.SIGHUP)\n"
        "    while signal.getitimer(signal.ITIMER_REAL)[0]: time.sleep(0.01)\n"
        "    print(len(sys.stdin.buffer.read()), one.status)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(bytes(50_000))
        process.stdin.flush()
        assert process.stdout.read() == b"50000 129\n"


def test_what_the_caller_ignores_stays_ignored(tmp_path: Path) -> None:
    code = (
        "import signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from pop2dissect.cli import interrupt\n"
        "with interrupt.Interrupt() as one:\n"
        "    signal.raise_signal(signal.SIGHUP)\n"
        "    assert one.number is None\n"
        "    try: signal.raise_signal(signal.SIGTERM)\n"
        "    except KeyboardInterrupt: print(one.status)\n"
        "assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL\n"
        "assert signal.getsignal(signal.SIGINT) is signal.default_int_handler"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("143\n", "")


def test_a_signal_where_python_cannot_raise_ends_the_program_silently() -> None:
    code = (
        "import signal\n"
        "from pop2dissect.cli.interrupt import Interrupt\n"
        "class Thing:\n"
        "    def __del__(self): signal.raise_signal(signal.SIGTERM)\n"
        "with Interrupt():\n"
        "    Thing()\n"
        "    print('went on')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGTERM, "", "")


def test_input_ends_where_select_takes_sockets_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where there is no timer either."""

    def sockets_only(*_: object) -> None:
        raise OSError(10038, "an operation was attempted on something that is not a socket")

    reading, writing = os.pipe()
    os.write(writing, b"waits")
    with os.fdopen(reading, "rb") as stdin, os.fdopen(writing, "wb"), monkeypatch.context() as patch:
        patch.setattr(select, "select", sockets_only)
        patch.delattr(signal, "setitimer")
        patch.setattr(sys, "stdin", stdin)
        interrupt = Interrupt()
        interrupt.end_input_only()
        interrupt._received(signal.SIGINT, None)
        assert stdin.read() == b""
    assert interrupt.status == 128 + signal.SIGINT
