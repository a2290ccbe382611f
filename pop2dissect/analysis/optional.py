"""Libraries that only the tables and pictures need, imported when they are asked for."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from pop2dissect.errors import MissingLibraryError


def need(module: str, extra: str) -> ModuleType:
    """Import a library. Raises MissingLibraryError, which says how to install it, where it is missing."""
    try:
        return import_module(module)
    except ImportError as error:
        name = module.partition(".")[0]
        raise MissingLibraryError(
            f"this needs {name}, which cannot be imported ({error}): pip install 'pop2dissect[{extra}]'"
        ) from error
