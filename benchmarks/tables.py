"""Make tables of many made-up sessions as they pass, and tell how long that takes and how much memory.

    python benchmarks/tables.py [SESSIONS]

Ends with status 1 where 100,000 sessions would take more than 10 s of this processor, or 1 GB for the whole process.
Making the sessions up is not counted.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from notebooks.many_users import sessions
from pop2dissect.analysis.tables import collect
from pop2dissect.session import Session

SECONDS = 10.0
"""Most that 100,000 sessions may take."""
MEGABYTES = 1000.0
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
    supply = Supply(count)
    collect([])  # imports what it needs
    begin = time.process_time()
    frames = collect(supply)
    seconds = time.process_time() - begin - supply.seconds
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = ", ".join(f"{len(frame):,} {name}" for name, frame in frames.items())
    print(f"{rows}\n{seconds:.1f} s, {megabytes:,.0f} MB at most, the Python interpreter and its libraries included")
    return int(seconds > SECONDS * count / 100_000 or megabytes > MEGABYTES)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
