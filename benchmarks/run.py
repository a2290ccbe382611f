"""Time pop2dissect against tcpdump and tshark on generated captures, in the same run, and print the ratios.

Usage: python benchmarks/run.py [FOLDER]    (the captures are kept in the folder, benchmarks/data by default)
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from generate import write_dense, write_needle

ROUNDS = 3
PORT = "109"


def timed(command: list[str]) -> tuple[float, float]:
    """Run a command on one core; give its seconds and its peak memory in MB."""
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
    return seconds, usage.ru_maxrss / 1024 if isinstance(usage, resource.struct_rusage) else 0.0


def compare(name: str, ours: list[str], other: list[str]) -> None:
    """Take turns, so that a busy machine is busy for both; print the medians and their ratio."""
    mine, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(timed(other))
        mine.append(timed(ours))
    median = sorted(mine)[ROUNDS // 2][0], sorted(theirs)[ROUNDS // 2][0]
    memory = max(peak for _, peak in mine)
    print(
        f"{name:<8} pop2dissect {median[0]:7.2f} s  {Path(other[0]).name} {median[1]:7.2f} s  "
        f"ratio {median[0] / median[1]:6.2f}  peak {memory:5.0f} MB"
    )


def main() -> None:
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
