"""Make tables of many made-up sessions as they pass, then pictures; tell how long it takes, and how much memory.

    python benchmarks/analysis.py [SESSIONS]

Ends with status 1 where tables of 100,000 sessions would take more than 10 s of this processor, or 600 MB for the whole
process, or a picture more than 5 s. Making the sessions up is not counted.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from pathlib import Path

from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).parent.parent))

from pop2dissect import plots
from pop2dissect.session import Session
from pop2dissect.tables.tables import collect
from tools.samples.many_users import sessions

SECONDS = 10.0
"""Most that 100,000 sessions may take."""
MEGABYTES = 600.0
SECONDS_A_PICTURE = 5.0
AT_ONCE = 1000


class Supply:
    """Made-up sessions, and how long it took to make them up."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.seconds = 0.0

    def __iter__(self) -> Iterator[Session]:
        source = sessions(self.count)
        while True:
            begin = time.process_time()
            some = list(islice(source, AT_ONCE))
            self.seconds += time.process_time() - begin
            if not some:
                return
            yield from some


def main(count: int) -> int:
    """Do it; give the exit status."""
    return int(not all([tables_in_time(count), pictures_in_time(count)]))


def tables_in_time(count: int) -> bool:
    supply = Supply(count)
    collect([])  # imports what it needs
    begin = time.process_time()
    frames = collect(supply)
    seconds = time.process_time() - begin - supply.seconds
    megabytes = most_memory()
    rows = ", ".join(f"{len(frame):,} {name}" for name, frame in frames.items())
    print(f"{rows}\n{seconds:.1f} s, {megabytes:,.0f} MB at most, the Python interpreter and its libraries included")
    return seconds <= SECONDS * count / 100_000 and megabytes <= MEGABYTES


def most_memory() -> float:
    """Return the most memory that this process had, in MB. (``getrusage`` would count what its parent had.)"""
    with Path("/proc/self/status").open() as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


def pictures_in_time(count: int) -> bool:
    made = list(sessions(count))
    in_time = True
    for plot in (
        plots.activity,
        plots.at_once,
        plots.gantt,
        plots.latency,
        plots.message_sizes,
        plots.octets,
        plots.state_path,
        plots.users_by_servers,
    ):
        begin = time.process_time()
        figure = Figure(figsize=(8, 5), layout="constrained")
        plot(made, figure.subplots())
        figure.savefig(BytesIO())
        seconds = time.process_time() - begin
        print(f"{plot.__name__}: {seconds:.1f} s")
        in_time = in_time and seconds <= SECONDS_A_PICTURE
    return in_time


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
