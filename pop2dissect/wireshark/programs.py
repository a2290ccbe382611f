"""Finds Wireshark's programs: on the path, else where its installers for Windows and macOS put them."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import PureWindowsPath


def find_program(name: str) -> str | None:
    """Return the path of ``tshark`` or a sister of it, None where it is not installed."""
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(standard_folders()))


def standard_folders() -> list[str]:
    """Return the folders of the installers, which do not put them on the path (Wireshark User's Guide, chapter 2)."""
    if sys.platform == "darwin":
        return ["/Applications/Wireshark.app/Contents/MacOS"]
    if os.name != "nt":
        return []
    named = (os.environ.get(variable) for variable in ("ProgramW6432", "ProgramFiles"))
    return [str(PureWindowsPath(folder, "Wireshark")) for folder in named if folder]
