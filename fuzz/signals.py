"""Send signals at random moments, from the first to the last: ``python -m fuzz.signals [RUNS]``.

Whatever comes when, nothing is said, no file has its name with a part of its bytes, and a live capture of which all
was read is reported as if it had ended, unless the signal is SIGKILL. What the interpreter says of a SIGINT before it
has run a line of the program is not the program's; how often that was is printed.
"""

from __future__ import annotations

import array
import fcntl
import os
import random
import signal
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pop2dissect.cli.outputs.declared import FILES

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SENT = (*ENDING, signal.SIGKILL)
_COMMAND = (sys.executable, "-m", "pop2dissect", "--quiet")
_FILES = [word for one in FILES if one.name != "parquet" for word in (one.options[-1], one.name)]
_LONGEST = 120
"""Seconds that a run may take."""


class Run(NamedTuple):
    """What came of one run."""

    status: int
    out: bytes
    said: str
    files: dict[str, bytes]
    was_read: bool
    """All of a live capture was read when the signal was sent."""


def violations(capture: Path, runs: int, seed: int = 1) -> Iterator[str]:
    """Yield what is wrong, in sentences: nothing, if all is well. Every other run is of a live capture."""
    chance = random.Random(seed)
    whole = [_run(capture, live, None, 0) for live in (False, True)]
    took = []
    for live in (False, True):
        started = time.monotonic()
        _run(capture, live, None, 0)
        took.append(time.monotonic() - started)
    for number in range(runs):
        live, sent = bool(number % 2), _SENT[number // 2 % len(_SENT)]
        moment = chance.random() * took[live] * 1.1
        for wrong in _wrong(_run(capture, live, sent, moment), whole[live], live, sent):
            yield f"{sent.name} after {moment:.3f} s, {'live' if live else 'files'}: {wrong}"


def _wrong(run: Run, whole: Run, live: bool, sent: signal.Signals) -> Iterator[str]:
    if run.said and "pop2dissect" in run.said.replace(sys.executable, ""):
        yield f"it says {run.said!r}"
    elif run.said:
        yield EARLY
        return
    if run.status not in (0, -sent, 128 + sent):
        yield f"status {run.status}"
    torn = [name for name, octets in run.files.items() if octets != whole.files[name]]
    if torn:
        yield f"{torn} are not whole"
    if run.status == 0 and (run.out, run.files) != (whole.out, whole.files):
        yield "status 0, but not all is there"
    if live and run.was_read and sent is not signal.SIGKILL and run.out != whole.out:
        yield f"status {run.status}, and what was captured is not reported"


EARLY = "the interpreter says something before the program runs"


def _run(capture: Path, live: bool, sent: signal.Signals | None, moment: float) -> Run:
    with tempfile.TemporaryDirectory() as scratch:
        arguments = ["-"] if live else [*_FILES, str(capture.resolve())]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "500000000"}
        with subprocess.Popen(
            [*_COMMAND, *arguments],
            cwd=scratch,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdin is not None
            if live:
                process.stdin.write(capture.read_bytes())  # fits into a pipe
                process.stdin.flush()
            time.sleep(moment)
            was_read = live and sent is not None and _waiting(process.stdin.fileno()) == 0
            if sent is not None:
                process.send_signal(sent)
                if live and not was_read:
                    process.stdin.close()
                    process.stdin = None
            else:
                process.stdin.close()
                process.stdin = None
            out, said = _ended(process)
        files = {
            str(path.relative_to(scratch)): path.read_bytes()
            for path in Path(scratch).rglob("*")
            if path.is_file() and not path.name.startswith(".")
        }
    return Run(process.returncode, out, said.decode(), files, was_read)


def _ended(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Wait for the end with standard input left open: a live capture ends by the signal alone."""
    kept, process.stdin = process.stdin, None
    try:
        return process.communicate(timeout=_LONGEST)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0], f"pop2dissect did not end within {_LONGEST} s".encode()
    finally:
        if kept is not None:
            kept.close()


def _waiting(descriptor: int) -> int:
    """Return how many bytes wait in a pipe."""
    waiting = array.array("i", [0])
    fcntl.ioctl(descriptor, termios.FIONREAD, waiting)
    return waiting[0]


if __name__ == "__main__":
    found = list(violations(Path("samples/rfc937_normal.pcap"), int(sys.argv[1]) if sys.argv[1:] else 1000))
    early = sum(one.endswith(EARLY) for one in found)
    wrong = [one for one in found if not one.endswith(EARLY)]
    print("\n".join(wrong) or "nothing is said, nothing is partial, and all that was captured is reported")
    print(f"SIGINT before the program's first line: {early}")
    sys.exit(bool(wrong))
