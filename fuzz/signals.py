"""Send signals at random moments, from the first to the last: ``python -m fuzz.signals [RUNS [SEED]]``.

Whatever comes when, nothing is said, no file has its name with a part of its bytes, and a live capture of which all
was read is reported as if it had ended, unless the signal is SIGKILL. What the interpreter says of a SIGINT before it
has run a line of the program is not the program's; how often that was is printed.
"""

from __future__ import annotations

import array
import fcntl
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from pop2dissect.cli.outputs.declared import FILES

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SENT = (*ENDING, signal.SIGKILL)
_COMMAND = (sys.executable, "-m", "pop2dissect", "--quiet")
_FILES = [[one.options[-1], one.name] for one in FILES if one.name != "parquet"]
_ASKED = [["-"], *(list(chain.from_iterable(_FILES[at : at + 2])) for at in range(0, len(_FILES), 2))]
"""What is asked for: to read a live capture, or files, which are written two outputs at a time."""
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
    whole: dict[int, tuple[Run, float]] = {}
    for number in range(runs):
        sent, which = _SENT[number // 2 % len(_SENT)], 0 if number % 2 else number // 8 % (len(_ASKED) - 1) + 1
        if which not in whole:
            started = time.monotonic()
            whole[which] = _run(capture, _ASKED[which], None, 0), time.monotonic() - started
        expected, took = whole[which]
        moment = chance.random() * took * 1.1
        for wrong in _wrong(_run(capture, _ASKED[which], sent, moment), expected, which == 0, sent):
            yield f"{sent.name} after {moment:.3f} s, {_ASKED[which]}: {wrong}"


def _wrong(run: Run, whole: Run, live: bool, sent: signal.Signals) -> Iterator[str]:
    if run.said and not re.search(r"[/\\]pop2dissect[/\\]|^pop2dissect", run.said, re.MULTILINE):
        yield EARLY
        return
    if run.said:
        yield f"it says {run.said!r}"
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


def _run(capture: Path, asked: list[str], sent: signal.Signals | None, moment: float) -> Run:
    with tempfile.TemporaryDirectory() as scratch:
        live = asked == ["-"]
        arguments = asked if live else [*asked, str(capture.resolve())]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "500000000"}
        with subprocess.Popen(
            [*_COMMAND, *arguments],
            cwd=scratch,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=_heeded,
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


def _heeded() -> None:
    """Have no signal ignored, as it is in what a shell runs in the background."""
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)


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
    runs, seed = [*map(int, sys.argv[1:]), 1000, 1][:2] if len(sys.argv) != 2 else (int(sys.argv[1]), 1)
    found = list(violations(Path("samples/rfc937_normal.pcap"), runs, seed))
    early = sum(one.endswith(EARLY) for one in found)
    wrong = [one for one in found if not one.endswith(EARLY)]
    print("\n".join(wrong) or "nothing is said, nothing is partial, and all that was captured is reported")
    print(f"SIGINT before the program's first line: {early}")
    sys.exit(bool(wrong))
