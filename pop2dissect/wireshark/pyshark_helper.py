"""Opens captures in pyshark with the POP2 plugin loaded, whether it is installed or not."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from os import PathLike, fspath
from typing import Any

from pop2dissect.errors import MissingLibraryError
from pop2dissect.wireshark.install import plugin_path


def plugin_parameters() -> list[str]:
    """Return what makes tshark load the plugin, for ``custom_parameters`` of any of pyshark's captures."""
    return ["-X", f"lua_script:{plugin_path()}"]


def open_capture(capture: str | PathLike[str], *, display_filter: str = "pop2", **options: Any) -> Any:
    """Return a ``pyshark.FileCapture`` of the packets that ``display_filter`` lets pass.

    ``options`` are those of ``pyshark.FileCapture``; ``custom_parameters`` may be a list. Raises
    MissingLibraryError where pyshark is not installed.
    """
    try:
        pyshark = import_module("pyshark")
    except ImportError as error:
        raise MissingLibraryError("pyshark is not installed; try: pip install 'pop2dissect[pyshark]'") from error
    parameters = [*plugin_parameters(), *options.pop("custom_parameters", [])]
    return pyshark.FileCapture(fspath(capture), display_filter=display_filter, custom_parameters=parameters, **options)


def read_packets(capture: str | PathLike[str], *, display_filter: str = "pop2", **options: Any) -> list[Any]:
    """Return the packets that ``display_filter`` lets pass, also in Jupyter. Arguments as for :func:`open_capture`.

    pyshark runs an event loop of its own, and Jupyter runs one already: two in one thread are not allowed, so
    pyshark gets another thread.
    """

    def read() -> list[Any]:
        opened = open_capture(capture, display_filter=display_filter, **options)
        packets = list(opened)
        try:
            opened.close()
        except Exception as error:
            if "(retcode: 255)" not in str(error):
                raise
            opened._running_processes.clear()
        return packets

    log = logging.getLogger("asyncio")
    log.addFilter(_is_no_made_up_status)
    try:
        with ThreadPoolExecutor(max_workers=1) as thread:
            return thread.submit(read).result()
    finally:
        log.removeFilter(_is_no_made_up_status)


def _is_no_made_up_status(record: logging.LogRecord) -> bool:
    """Pass on what is worth to be said.

    pyshark kills tshark when all is read. Where tshark had just ended by itself, that takes its exit status
    away from asyncio, which then makes up 255, and pyshark a crash of it.
    """
    return not str(record.msg).startswith("Unknown child process pid")
