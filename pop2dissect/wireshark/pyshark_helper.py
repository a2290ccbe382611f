"""Opens captures in pyshark with the POP2 plugin loaded, whether it is installed or not."""

from __future__ import annotations

from importlib import import_module
from os import PathLike, fspath
from typing import Any

from pop2dissect.errors import MissingLibraryError
from pop2dissect.wireshark.install import plugin_path


def open_capture(capture: str | PathLike[str], *, display_filter: str = "pop2", **options: Any) -> Any:
    """Give a ``pyshark.FileCapture`` of the packets that ``display_filter`` lets pass.

    ``options`` are those of ``pyshark.FileCapture``; ``custom_parameters`` may be a list. Raises
    MissingLibraryError where pyshark is not installed.
    """
    try:
        pyshark = import_module("pyshark")
    except ImportError as error:
        raise MissingLibraryError("pyshark is not installed; try: pip install pyshark") from error
    parameters = ["-X", f"lua_script:{plugin_path()}", *options.pop("custom_parameters", [])]
    return pyshark.FileCapture(fspath(capture), display_filter=display_filter, custom_parameters=parameters, **options)
