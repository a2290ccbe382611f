"""Time pop2dissect against tcpdump and tshark on generated captures, in the same run, and print the ratios.

Usage: python benchmarks/run.py [FOLDER]    (the captures are kept in the folder, benchmarks/data by default)
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from generate import write_dense, write_needle

ROUNDS = 3
PORT = "109"


class Run(NamedTuple):
    """What one run of a command took."""

    seconds: float
    cpu: float
    """Seconds of processor time, which other programs on the machine change less."""
    peak: float
    """Memory in MB."""


def timed(command: list[str]) -> Run:
    """Run a command on one core."""
    core = min(os.sched_getaffinity(0))
    start = time.perf_counter()
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with status {process.returncode}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def compare(name: str, ours: list[str], other: list[str]) -> None:
    """Take turns, so that a busy machine is busy for both; print the medians and their ratios."""
    theirs, mine = zip(*((timed(other), timed(ours)) for _ in range(ROUNDS)), strict=True)
    seconds = [median(run.seconds for run in runs) for runs in (mine, theirs)]
    cpu = [median(run.cpu for run in runs) for runs in (mine, theirs)]
    print(
        f"{name:<8} pop2dissect {seconds[0]:6.2f} s  {Path(other[0]).name} {seconds[1]:6.2f} s  "
        f"ratio {seconds[0] / seconds[1]:5.2f}, of processor time {cpu[0] / cpu[1]:5.2f}  "
        f"peak {max(run.peak for run in mine):4.0f} MB"
    )


def main() -> None:
    # As installing does; a checkout may lack it, and where Python may not write it, each start compiles all modules.
    compileall.compile_dir(Path(__file__).parents[1] / "pop2dissect", quiet=1)
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "data")
    folder.mkdir(parents=True, exist_ok=True)
    needle, dense = folder / "needle.pcap", folder / "dense.pcap"
    if not needle.exists():
        write_needle(needle)
    if not dense.exists():
        write_dense(dense)
    tool = [sys.executable, "-m", "pop2dissect", "--quiet"]
    compare("needle", [*tool, str(needle)], ["tcpdump", "-r", str(needle), "-w", "-", f"tcp port {PORT}"])
    compare("dense", [*tool, str(dense)], ["tshark", "-r", str(dense), "-Y", f"tcp.port=={PORT}"])
    sample = str(Path(__file__).parents[1] / "samples" / "rfc937_normal.pcap")
    compare("start", [*tool, sample], [sys.executable, "-c", "pass"])


if __name__ == "__main__":
    main()
