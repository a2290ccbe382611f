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
            f"this needs {library}, which cannot be imported ({error}): {how_to_install(name)}"
        ) from error


def how_to_install(name: str) -> str:
    """Return the command that installs what belongs to an extra: the libraries, so that no index must have us."""
    import re
    from importlib import metadata

    try:
        declared = metadata.requires("pop2dissect") or []
    except metadata.PackageNotFoundError:
        declared = []
    of_extra = re.compile(rf"""([^;]+?) *;.*\bextra *== *["']{re.escape(name)}["']""")
    libraries = [found[1] for one in declared if (found := of_extra.match(one))]
    return " ".join(["pip install", *(f"'{one}'" for one in libraries or [f"pop2dissect[{name}]"])])
