"""What commands take, in the environment of what was installed: there modules are not compiled at each start."""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]

_LAUNCHER = """
import os, sys
told = int(sys.argv[1])
os.set_inheritable(told, False)
pid = os.fork()
if not pid:
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, used = os.wait4(pid, 0)
figures = os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
os.write(told, " ".join(map(str, figures)).encode())
"""
"""Starts a command and tells what it took. The peak of a process is at least what the one it came from had in memory:
so it comes from one that has next to nothing."""


class Taken(NamedTuple):
    """What one run took."""

    seconds: float
    """Of processor time, user and system, child processes included."""
    elapsed: float
    peak: float
    """Memory of the process that needed the most, in MiB."""
    status: int = 0


@cache
def environment() -> dict[str, str]:
    """Return the environment for programs to be measured; the modules' byte code is there before the first of them."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    compileall.compile_dir(ROOT / "pop2dissect", quiet=1)
    return {**kept, "PYTHONPATH": str(ROOT)}


def measure(command: list[str], **how: Any) -> Taken:
    """Run a command, its output led nowhere unless ``how``, arguments of Popen, says where; return what it took."""
    nowhere: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment()}
    told, tells = os.pipe()
    launched = [sys.executable, "-S", "-c", _LAUNCHER, str(tells), *command]
    began = time.monotonic()
    with subprocess.Popen(launched, pass_fds=[tells], **nowhere | how):
        os.close(tells)
        with os.fdopen(told, "rb") as pipe:
            status, seconds, peak = pipe.read().split()
    return Taken(float(seconds), time.monotonic() - began, float(peak), int(status))


def taken(command: list[str], **how: Any) -> Taken:
    """Do that, and end all where the command fails."""
    figures = measure(command, **how)
    if figures.status:
        raise SystemExit(f"{' '.join(command)} ended with status {figures.status}")
    return figures
