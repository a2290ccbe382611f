"""Run a fuzzer: ``python -m fuzz TARGET --seconds N``.

With atheris (``pip install atheris``) it is guided by coverage; without, or with ``--random``, the corpus
is mutated at random, from a seed, and goes on after what it finds. Whatever breaks is written to
``fuzz/crashes/TARGET-*``. The target ``program`` is the whole program.
"""

from __future__ import annotations

import argparse
import hashlib
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

CRASHES = Path(__file__).parent / "crashes"
MAX_LENGTH = 1 << 16
HANG = 10
"""Seconds of processor time that one input may take."""
MEMORY = 1 << 30
"""Octets of address space growth that are taken for a leak, in MiB for libFuzzer below."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and fuzz."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--random", action="store_true", help="do without atheris")
    options = parser.parse_args(arguments)
    if not options.random and _with_atheris(options.target, options.seconds, options.seed):
        return
    from fuzz.mutate import mutations

    inputs = mutations(options.target, options.seed)
    next(inputs)  # makes the corpus
    end = time.monotonic() + options.seconds
    runs = 0
    found: Counter[str] = Counter()
    while time.monotonic() < end:
        wrong = _guarded(options.target, next(inputs))
        if wrong is not None:
            found[wrong] += 1
        runs += 1
    print(f"{options.target}: {runs:,} inputs in {options.seconds} s, {found.total()} broke something")
    for wrong, times in found.most_common():
        print(f"  {times} times: {wrong}")
    sys.exit(bool(found))


def _guarded(target: str, octets: bytes) -> str | None:
    """Run one input under a clock; keep it where it breaks something, and return what that is."""
    from fuzz.inputs import TooLongError
    from fuzz.targets import TARGETS

    def late(_: int, __: FrameType | None) -> None:
        raise TooLongError(f"one input took more than {HANG} s of processor time")

    signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, HANG)  # a busy machine is not to blame
    try:
        TARGETS[target](octets)
    except (Exception, TooLongError) as error:
        CRASHES.mkdir(exist_ok=True)
        path = CRASHES / f"{target}-{hashlib.sha256(octets).hexdigest()[:16]}"
        path.write_bytes(octets)
        print(f"kept as {path}", file=sys.stderr)
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}: {error!s:.200}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return None


def _with_atheris(target: str, seconds: int, seed: int) -> bool:
    """Fuzz by coverage; False where atheris is not installed. It ends the process by itself."""
    try:
        import atheris  # type: ignore[import-untyped, unused-ignore] # untyped, and may be missing
    except ImportError:
        return False
    with atheris.instrument_imports(include=["pop2dissect"]):
        from fuzz.corpus import seeds
        from fuzz.targets import TARGETS
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{target}-"))
    for number, octets in enumerate(seeds(target)):
        (folder / f"seed{number}").write_bytes(octets)
    CRASHES.mkdir(exist_ok=True)
    began = time.monotonic()
    command = [
        "fuzz",
        str(folder),
        f"-max_total_time={seconds}",
        f"-timeout={HANG}",
        f"-rss_limit_mb={MEMORY >> 20}",
        f"-max_len={MAX_LENGTH}",
        f"-seed={seed}",
        f"-artifact_prefix={CRASHES}/{target}-",
        "-print_final_stats=1",
    ]
    atheris.Setup(command, TARGETS[target])
    atheris.Fuzz()
    print(f"{target}: no crash in {time.monotonic() - began:.0f} s")
    return True


if __name__ == "__main__":
    main()
