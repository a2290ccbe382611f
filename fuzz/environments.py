"""Run it everywhere and compare: ``python -m fuzz.environments [RUNS]``.

Whatever Python, hash seed, time zone, locale, working folder and order of arguments it runs with, and whatever an
environment lacks, the same bytes come out. A report names the command and the Python that made it, and is compared
only where these are the same.
"""

from __future__ import annotations

import hashlib
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jinja2

from pop2dissect.cli.outputs.declared import FILES, PRINTED

ROOT = Path(__file__).parents[1]
_SEED = "500000000"
_LIBRARIES = Path(jinja2.__file__).parents[1]
"""For the Pythons that have none; this one's serve them all."""
_LEFT_OUT = {"parquet", *(one.name for one in PRINTED if one.needs_terminal)}
"""What needs libraries that another Python may not have, or a terminal."""
_PYTHONS = [f"python3.{minor}" for minor in range(11, 20)]


class Where(NamedTuple):
    """What one run differs in."""

    name: str
    python: str = sys.executable
    variables: tuple[tuple[str, str | None], ...] = ()
    """Of the environment; None where one is missing."""
    folder: bool = False
    """It runs in another folder."""
    swapped: bool = False
    """Options come in another order, and after the captures."""
    prepare: Callable[[], None] | None = None


def pythons() -> list[str]:
    """Return the Pythons on this machine that it supports, each version once: this one first."""
    found = {_version(sys.executable): sys.executable}
    kept = Path.home() / ".pyenv" / "versions"
    for name in [*_PYTHONS, *map(str, sorted(kept.glob("3.1[1-9]*/bin/python3")))]:
        path = shutil.which(name)
        if path is not None and (version := _version(path)):
            found.setdefault(version, path)
    return list(found.values())


def _version(python: str) -> str:
    done = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 and done.stdout >= "3.11" else ""


def environments(runs: int, seed: int = 1) -> list[Where]:
    """Return environments: those in which something is missing, the other Pythons, then mixtures of all."""
    few = partial(resource.setrlimit, resource.RLIMIT_NOFILE, (20, 20))
    usual = [
        Where("no home", variables=(("HOME", None), ("XDG_CACHE_HOME", None))),
        Where("no temporary folder", variables=(("TMPDIR", "/nowhere"), ("TEMP", None), ("TMP", None))),
        Where(
            "the locale C",
            variables=(("LC_ALL", "C"), ("LANG", "C"), ("PYTHONUTF8", "0"), ("PYTHONCOERCECLOCALE", "0")),
        ),
        Where("an unknown locale and zone", variables=(("LC_ALL", "xx_YY"), ("TZ", "Nowhere/None"))),
        Where("20 descriptors", prepare=few),
        Where("an empty environment", variables=tuple((name, None) for name in os.environ)),
        *(Where(f"{python}", python=python) for python in pythons()[1:]),
    ]
    chance = random.Random(seed)
    for number in range(len(usual), runs):
        variables = (
            ("PYTHONHASHSEED", str(chance.randrange(1 << 32))),
            ("TZ", chance.choice(("UTC", "Asia/Kathmandu", "America/St_Johns", "EST5EDT"))),
            ("LC_ALL", chance.choice(("C", "C.UTF-8", "de_DE.UTF-8", "tr_TR.UTF-8"))),
            ("COLUMNS", str(chance.randrange(20, 300))),
        )
        python = chance.choice(pythons()) if number % 2 else sys.executable
        usual.append(Where(f"mixture {number}", python, variables, chance.random() < 0.5, chance.random() < 0.5))
    return usual


def violations(captures: list[Path], wheres: list[Where], names: Sequence[str] | None = None) -> Iterator[str]:
    """Yield what differs, in sentences: nothing, if all is the same."""
    names = names or [one.name for one in (*FILES, *PRINTED) if one.name not in _LEFT_OUT]
    expected = _made(captures, Where("here"), names)
    for where in wheres:
        made = _made(captures, where, names)
        for name in names:
            its_own = name == "report" and (where.swapped or where.python != sys.executable)
            if made[name].startswith("status") or (made[name] != expected[name] and not its_own):
                yield f"{where}: {name} is {made[name]}, not {expected[name]}"


def _made(captures: list[Path], where: Where, names: Sequence[str]) -> dict[str, str]:
    """Return a digest of what comes of each output, with status and complaints."""
    made = {}
    printed = [one for one in PRINTED if one.name in names]
    files = [one for one in FILES if one.name in names]
    for one in printed:
        made[one.name], _ = _run(captures, where, [one.options[-1], *(["1"] if one.metavar else [])])
    asked = [[one.options[-1], one.name] for one in files]
    words = [word for pair in (reversed(asked) if where.swapped else asked) for word in pair]
    said, digests = _run(captures, where, words)
    return {**made, **{one.name: digests.get(one.name, said) for one in files}}


def _run(captures: list[Path], where: Where, options: list[str]) -> tuple[str, dict[str, str]]:
    with tempfile.TemporaryDirectory(dir="/var/tmp" if where.folder else None) as scratch:
        environment = dict(os.environ)
        environment.update({name: value for name, value in where.variables if value is not None})
        for name in (name for name, value in where.variables if value is None):
            environment.pop(name, None)
        environment.update(
            PYTHONPATH=f"{ROOT}{os.pathsep}{_LIBRARIES}", SOURCE_DATE_EPOCH=_SEED, PYTHONDONTWRITEBYTECODE="1"
        )
        paths = [str(path.resolve()) for path in captures]
        words = [*paths, *options, "--quiet"] if where.swapped else ["--quiet", *options, *paths]
        done = subprocess.run(
            [where.python, "-m", "pop2dissect", *words],
            cwd=scratch,
            env=environment,
            capture_output=True,
            check=False,
            preexec_fn=where.prepare,
        )
        digests: dict[str, str] = {}
        for top in sorted(Path(scratch).iterdir()):
            name = top.name.removesuffix(".manifest.json")
            inside = sorted(top.rglob("*")) if top.is_dir() else [top]
            own = [digests.get(name, ""), *(f"{one.name} {_digest(one.read_bytes())}" for one in inside)]
            digests[name] = _digest("\n".join(own).encode())
        said = _digest(done.stdout) if (done.returncode, done.stderr) == (0, b"") else f"status {done.returncode}"
        return f"{said} {done.stderr.decode(errors='replace')}".strip(), digests


def _digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()[:16]


if __name__ == "__main__":
    here = [ROOT / "samples" / "rfc937_normal.pcap", ROOT / "samples" / "fetchmail_fold.pcap"]
    found = list(violations(here, environments(int(sys.argv[1]) if sys.argv[1:] else 20)))
    print("\n".join(found) or "all the same")
    sys.exit(bool(found))
