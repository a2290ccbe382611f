"""Puts the plugin where Wireshark and tshark look for personal plugins. Needs no rights but the user's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

from pop2dissect.errors import UsageError
from pop2dissect.wireshark.programs import find_program

PLUGIN = "pop2.lua"


def plugin_path() -> Path:
    """Return where the plugin lies in this installation."""
    return Path(str(files("pop2dissect.wireshark").joinpath(PLUGIN)))


def personal_plugin_folder() -> Path:
    """Return the folder of personal Lua plugins: as tshark says, else that of the Wireshark User's Guide, B.3."""
    return _folder_by_tshark() or _default_folder()


def _folder_by_tshark() -> Path | None:
    for line in _ask_tshark("-G", "folders"):
        name, _, folder = line.partition(":")
        if name.strip() == "Personal Lua Plugins" and folder.strip():
            return Path(folder.strip())
    return None


def _ask_tshark(*arguments: str) -> list[str]:
    """Return the lines that tshark prints, none where it is missing or does not run."""
    tshark = find_program("tshark")
    if tshark is None:
        return []
    try:
        asked = subprocess.run(
            [tshark, *arguments], capture_output=True, text=True, errors="replace", check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return asked.stdout.splitlines()


def _default_folder() -> Path:
    if os.name == "nt":
        return Path(os.environ.get("APPDATA", Path.home())) / "Wireshark" / "plugins"
    return Path.home() / ".local" / "lib" / "wireshark" / "plugins"


def install() -> Path:
    """Copy the plugin to the personal folder; give where it is now. Raises UsageError where that cannot be written."""
    target = personal_plugin_folder() / PLUGIN
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(plugin_path(), target)
    except OSError as error:
        raise UsageError(f"the plugin cannot be written to {target} ({error.strerror})") from error
    return target


def uninstall() -> Path | None:
    """Remove the plugin from the personal folder; give where it was, None if it was not there. Raises UsageError."""
    target = personal_plugin_folder() / PLUGIN
    try:
        target.unlink()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"the plugin cannot be removed from {target} ({error.strerror})") from error
    return target


def loading_problem() -> str | None:
    """Return why the installed plugin is not loaded, in a sentence; None where it is, or no tshark is there to ask.

    From 4.4 on Wireshark leaves Lua out for root, and says so nowhere.
    """
    protocols = _ask_tshark("-G", "protocols")
    if not protocols or any("pop2" in line.split("\t") for line in protocols):
        return None
    version = " ".join(_ask_tshark("--version"))
    if "without Lua" in version or "-Lua" in version:
        return "this tshark does not load it: it was built without Lua"
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return "tshark does not load it for root, as Wireshark 4.4 and newer do not: install and use it as another user"
    return "tshark does not load it: see 'tshark -G protocols' and 'tshark -G folders'"


def run(verb: str) -> str:
    """Carry out ``install``, ``path`` or ``uninstall``; give the sentences to print."""
    if verb == "install":
        target, problem = install(), loading_problem()
        return f"installed {target}; " + (problem or "restart Wireshark, or press Ctrl+Shift+L in it")
    if verb == "uninstall":
        removed = uninstall()
        return f"removed {removed}" if removed else "the plugin was not installed"
    return str(plugin_path())
