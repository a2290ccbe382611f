"""An archive of 200 captures in every way that it can be read: the same bytes each time, at what cost.

``python benchmarks/archive.py [--needle FILES] [--rounds N] [--folder FOLDER]`` prints two tables for docs/scale.md:
that all ways give the same JSON, also where workers and runs are killed, and what each takes of processor time (user
and system, child processes included) and memory. With ``--growth 1 4`` it prints instead what a question costs on
archives of so many gigabytes, by one process and by two (elapsed time), and on their extracts.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.generate import haystack, write_needle, write_with_one_session  # noqa: E402 (the same)
from benchmarks.measure import Taken, environment, taken  # noqa: E402 (found by the path above)
from tests.support.archive import write_archive  # noqa: E402 (the same)

OURS = [sys.executable, "-m", "pop2dissect"]
FILES = 200


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--needle", type=int, default=FILES, help="captures of 5 MB with 0.1 %% of mail")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--folder", type=Path)
    options.add_argument("--growth", type=int, nargs="+", metavar="GB")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        if given.growth:
            growth(folder, given.growth, given.rounds)
        else:
            same(folder)
            costs(folder, given.needle, given.rounds)


def same(folder: Path) -> None:
    """Print which ways give the same JSON as one process."""
    archive = folder / "archive"
    if not archive.exists():
        write_archive(archive, FILES)
    captures = [str(path) for path in sorted(archive.iterdir())]
    expected = _digest(["--json", "--jobs", "1", *captures])
    made = [*OURS, "extract", "--quiet", *captures, "-o"]

    def extracted(
        name: str, *options: str, interrupt: Callable[[subprocess.Popen[bytes]], None] = lambda _: None
    ) -> str:
        shutil.rmtree(folder / name, ignore_errors=True)
        with subprocess.Popen([*made, str(folder / name), *options], **_QUIET) as process:
            interrupt(process)
        return _digest(["--json", str(folder / name)])

    ways: dict[str, Callable[[], str]] = {
        "two processes": lambda: _digest(["--json", "--jobs", "2", *captures]),
        "a cluster of two workers": lambda: _digest(["--json", "--jobs", "2", "--dask", "local", *captures]),
        "an extract": lambda: extracted("one", "--jobs", "1"),
        "an extract by two processes, one of them killed": lambda: extracted("two", "--jobs", "2", interrupt=_kill_one),
        "an extract by two processes, all killed ten times": lambda: interrupted(made, folder / "ten"),
        "an extract by a cluster, one worker killed": lambda: extracted(
            "cluster", "--jobs", "2", "--dask", "local", interrupt=lambda one: _kill_one(one, 6)
        ),
    }
    print("| read by | the JSON of one process |\n|---|---|")
    for name, way in ways.items():
        print(f"| {name} | {'the same' if way() == expected else 'ANOTHER'} |", flush=True)


_QUIET = {
    "stdout": subprocess.DEVNULL,
    "stderr": subprocess.DEVNULL,
    "env": environment(),
}


def _digest(arguments: list[str]) -> str:
    return hashlib.sha256(
        subprocess.run([*OURS, *arguments], **{**_QUIET, "stdout": subprocess.PIPE}).stdout
    ).hexdigest()


def _kill_one(process: subprocess.Popen[bytes], after: float = 1.5) -> None:
    """Kill a worker in the middle of the work, if there is one yet."""
    time.sleep(after)
    workers = [pid for pid in _descendants(process.pid) if "tracker" not in _command(pid)]
    if workers:
        with suppress(ProcessLookupError):
            os.kill(workers[-1], signal.SIGKILL)


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def _descendants(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield int(child)


def interrupted(made: list[str], folder: Path) -> str:
    """Kill a run at ten random moments; let another come to its end. What was done is not done again."""
    shutil.rmtree(folder, ignore_errors=True)
    chance = random.Random(937)
    done: set[tuple[str, int]] = set()
    for _ in range(10):
        with subprocess.Popen([*made, str(folder), "--jobs", "2"], **_QUIET) as process:
            time.sleep(0.8 + 2 * chance.random())
            process.kill()
        time.sleep(2)  # until the workers have seen it
        now = {(path.name, path.stat().st_ino) for path in folder.glob("packets/*.parquet")}
        assert done <= now, "files were made again"
        done = now
    subprocess.run([*made, str(folder)], **_QUIET)
    assert done <= {(path.name, path.stat().st_ino) for path in folder.glob("packets/*.parquet")}
    return _digest(["--json", str(folder)])


def costs(folder: Path, files: int, rounds: int) -> None:
    """Print what each way costs on an archive with hardly any mail."""
    needle = folder / "needle"
    needle.mkdir(exist_ok=True)
    for number in range(files):
        path = needle / f"{number:04}.pcap"
        if not path.exists():
            write_needle(path, 6_500, 5_000_000, seed=number, second=number)
    (folder / "list").write_text("".join(f"{path}\n" for path in sorted(needle.iterdir())))
    extract = str(folder / "extract")
    ways = {
        "`tcpdump -V list`": ["tcpdump", "-V", str(folder / "list"), "-w", str(folder / "out"), "tcp port 109"],
        "one process": [*OURS, "--jobs", "1", str(needle)],
        "two processes": [*OURS, "--jobs", "2", str(needle)],
        "`extract`, one process": [*OURS, "extract", "--jobs", "1", str(needle), "-o", extract],
        "`extract`, two processes": [*OURS, "extract", "--jobs", "2", str(needle), "-o", extract],
        "the next question": [*OURS, extract],
        "one process, `--json`": [*OURS, "--jobs", "1", "--json", str(needle)],
        "the next question, `--json`": [*OURS, "--json", extract],
    }
    runs: dict[str, list[Taken]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, command in ways.items():
            if command[3:4] == ["extract"]:
                shutil.rmtree(extract, ignore_errors=True)
            runs[name].append(taken(command))
    octets, kept = (sum(path.stat().st_size for path in at.rglob("*.p*")) for at in (needle, Path(extract)))
    print(f"\n{octets / 1e6:,.0f} MB in {files} captures; the extract has {kept / 1e6:,.1f} MB\n")
    print("| | processor time, s | elapsed, s | peak, MB |\n|---|---|---|---|")
    for name, values in runs.items():
        seconds, elapsed, peak, _ = (statistics.median(column) for column in zip(*values, strict=True))
        print(f"| {name} | {seconds:.2f} | {elapsed:.2f} | {peak:.0f} |")


HAY = 10_000_000
"""Octets of other traffic in a row."""


def growth(folder: Path, sizes: list[int], rounds: int) -> None:
    """Print what a question costs on the archive and on its extract, for archives of these sizes in GB.

    They are made of captures of 100 MB with one session each, and deleted afterwards.
    """
    hay, archive, extract = haystack(HAY), folder / "hay", folder / "extract"
    forms: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
        "plain": (hay, lambda octets: octets),
        "gzip": (gzip.compress(hay), gzip.compress),
    }
    print("| GB | | question, s | `tcpdump -V`, s | two processes | `extract`, s | MB | next question, s | peak, MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for size in sizes:
        for form, (packed, pack) in forms.items():
            archive.mkdir()
            for number in range(size * 10):
                write_with_one_session(archive / f"{number:04}.pcap", number, packed, 10, pack)
            (folder / "list").write_text("".join(f"{path}\n" for path in sorted(archive.iterdir())))
            made = taken([*OURS, "extract", "--quiet", "--jobs", "1", str(archive), "-o", str(extract)])
            ways = {
                "one": [*OURS, "--quiet", "--jobs", "1", str(archive)],
                "two": [*OURS, "--quiet", "--jobs", "2", str(archive)],
                "next": [*OURS, "--quiet", str(extract)],
            }
            if form == "plain":  # tcpdump reads no other
                ways["tcpdump"] = ["tcpdump", "-V", str(folder / "list"), "-w", os.devnull, "tcp port 109"]
            runs = [{name: taken(command) for name, command in ways.items()} for _ in range(rounds)]
            seconds = {name: statistics.median(run[name].seconds for run in runs) for name in ways}
            elapsed = {name: statistics.median(run[name].elapsed for run in runs) for name in ways}
            theirs = (
                f"{seconds['tcpdump']:.2f} ({seconds['one'] / seconds['tcpdump']:.2f} ×)" if "tcpdump" in ways else ""
            )
            kept = sum(path.stat().st_size for path in extract.rglob("*.parquet")) / 1e6
            peak = max(made.peak, *(run[name].peak for run in runs for name in ("one", "two", "next")))
            cells = (
                *(size, form, f"{seconds['one']:.2f}", theirs, f"{elapsed['one'] / elapsed['two']:.2f} times as fast"),
                *(
                    f"{made.seconds:.2f}",
                    f"{kept:.1f}",
                    f"{seconds['next']:.2f} (**{seconds['one'] / seconds['next']:.1f} ×**)",
                ),
                f"{peak:.0f}",
            )
            print(f"| {' | '.join(map(str, cells))} |", flush=True)
            shutil.rmtree(archive)
            shutil.rmtree(extract)


if __name__ == "__main__":
    main()
