"""Runs a command, or the tests of the plugin and of the tshark engine, with other versions of Wireshark.

The versions are those of Debian's releases, each set up by debootstrap in a folder of its own. The tests run outside,
with a ``tshark`` that enters the folder: as a user who is not root, since from 4.4 on Wireshark runs no Lua for root.

``python -m tools.wireshark_versions FOLDER``                    set up what is missing, and run the tests with each
``python -m tools.wireshark_versions FOLDER --only 4.6 --run python benchmarks/plugin.py``   run this, with one version

Needs root, debootstrap and a network for setting up; root and unshare (util-linux 2.36) for running. It exits with 1
where a command fails with one of the versions.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Final

RELEASES: Final[Mapping[str, str]] = {"4.4": "trixie", "4.6": "sid"}
"""Debian's release that has each version. sid moves on: what it has is printed."""

MIRROR: Final = "http://deb.debian.org/debian"
PROGRAMS: Final = ("tshark", "capinfos", "editcap", "mergecap")
TESTS: Final = (
    "tests/wireshark",
    "tests/engine/tshark",
    "tests/scenarios/wireshark",
    "tests/scenarios/engine",
    "tests/scenarios/test_differential.py",
)
PROJECT: Final = Path(__file__).resolve().parents[1]

_USER: Final = "unshare --user --map-user=1000 --map-group=1000 --keep-caps"
"""A user who is not root to programs, and is to the files that root owns."""


def set_up(folder: Path, release: str) -> Path:
    """Return the root folder of a release with tshark, which is made where it is missing."""
    root = folder / release
    if not (root / "usr/bin/tshark").exists():
        subprocess.run(["debootstrap", "--variant=minbase", release, str(root), MIRROR], check=True)
        install = "DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends tshark </dev/null"
        subprocess.run(["chroot", str(root), "sh", "-c", install], check=True)
    return root


def write_programs(root: Path) -> Path:
    """Write the programs that enter the root folder; return the folder that they are in."""
    programs = root.with_name(root.name + "-programs")
    programs.mkdir(exist_ok=True)
    for name in PROGRAMS:
        path = programs / name
        path.write_text(f'#!/bin/sh\nexec {_USER} chroot {quote(str(root))} env -C "$PWD" /usr/bin/{name} "$@"\n')
        path.chmod(0o755)
    return programs


def run(root: Path, command: Sequence[str], shared: Sequence[Path]) -> int:
    """Run a command with the programs of a root folder, which sees the shared folders where they are outside."""
    script = ""
    for outside in (*shared, Path("/proc")):
        inside = root / outside.relative_to("/")
        inside.mkdir(parents=True, exist_ok=True)
        script += f"mount --bind {quote(str(outside))} {quote(str(inside))} && "
    inner = ["unshare", "--mount", "sh", "-c", script + 'exec "$@"', "sh", *command]
    path = f"{write_programs(root)}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(inner, cwd=PROJECT, env=os.environ | {"PATH": path}, check=False).returncode


def main() -> None:
    """Set up and run with each version."""
    parser = argparse.ArgumentParser(description="Run the tests with other versions of Wireshark.")
    parser.add_argument("folder", type=Path, help="where the versions are set up")
    parser.add_argument("--only", choices=RELEASES, help="one version instead of all")
    parser.add_argument(
        "--share", type=Path, action="append", default=[], help="another folder that is read or written"
    )
    parser.add_argument("--run", nargs=argparse.REMAINDER, dest="command", help="what to run instead of the tests")
    options = parser.parse_args()
    command = options.command or [sys.executable, "-m", "pytest", "-q", *TESTS]
    shared = [PROJECT, Path(tempfile.gettempdir()), *(folder.resolve() for folder in options.share)]
    failed = []
    for version in [options.only] if options.only else RELEASES:
        root = set_up(options.folder.resolve(), RELEASES[version])
        print(f"== {version}", flush=True)
        run(root, ["tshark", "--version"], [PROJECT])
        if run(root, command, shared):
            failed.append(version)
    sys.exit(f"failed with {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
