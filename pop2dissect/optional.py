"""Libraries that only the tables and pictures need, imported when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pop2dissect.errors import MissingLibraryError


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Import in here what belongs to an optional extra of the package, as pyproject.toml names it.

    Where a library cannot be imported, raises MissingLibraryError, which says how to install it.
    """
    try:
        yield
    except ImportError as error:
        library = (error.name or "a library").partition(".")[0]
        raise MissingLibraryError(
            f"this needs {library}, which cannot be imported ({error}): pip install 'pop2dissect[{name}]'"
        ) from error
