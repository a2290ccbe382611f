"""Finds tshark, and says in one sentence what to do where it is missing or too old."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pop2dissect.errors import MissingProgramError
from pop2dissect.patterns import expression
from pop2dissect.wireshark.programs import find_program

OLDEST = (4, 0)
"""The first version whose fields and options are known to be the ones used here."""

_INSTALL = "try: apt install tshark, or dnf install wireshark-cli, or brew install wireshark"
_VERSION = expression(r"\b(\d+)\.(\d+)\.\d+")
_ANSWER_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Programs:
    """Where Wireshark's programs for the command line are."""

    tshark: str
    capinfos: str


def find_programs() -> Programs:
    """Find tshark and capinfos, which every package of tshark brings along.

    Raises MissingProgramError where one is missing, does not run, or is older than :data:`OLDEST`.
    """
    needed = f"the tshark engine needs tshark {OLDEST[0]}.{OLDEST[1]} or newer"
    tshark = find_program("tshark")
    if tshark is None:
        raise MissingProgramError(f"{needed}, which is not installed; {_INSTALL}")
    version = _version(tshark)
    if version is None:
        raise MissingProgramError(f"{needed}, but {tshark} does not run; {_INSTALL}")
    if version < OLDEST:
        raise MissingProgramError(f"{needed}, but {tshark} is {version[0]}.{version[1]}; {_INSTALL}")
    capinfos = shutil.which("capinfos", path=str(Path(tshark).parent)) or find_program("capinfos")
    if capinfos is None:
        raise MissingProgramError(f"the tshark engine needs capinfos, which comes with tshark; {_INSTALL}")
    return Programs(tshark, capinfos)


def _version(tshark: str) -> tuple[int, int] | None:
    try:
        asked = subprocess.run([tshark, "--version"], capture_output=True, timeout=_ANSWER_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(asked.stdout.decode("utf-8", "replace"))
    return (int(found[1]), int(found[2])) if found else None
