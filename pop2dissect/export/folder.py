"""Where exports are written: new files, and directories that were new or empty. Nothing is ever written over."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from pop2dissect.errors import UsageError


class Written(NamedTuple):
    """A file that was written."""

    octets: int
    sha256: str
    """In hexadecimal."""


class Folder:
    """A directory for exports. It is made where it is missing; where it exists it must be empty.

    Raises UsageError where something is in it already, OSError where it cannot be made or written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise UsageError(f"{self.path} is there already and is no directory") from None
        if any(self.path.iterdir()):
            raise UsageError(f"the directory {self.path} is not empty, and nothing in it is to be written over")

    def write(self, name: str, pieces: Iterable[bytes | memoryview]) -> Written:
        """Write a new file, piece by piece. Raises ValueError for a name that is more than a name."""
        if not is_plain_name(name):
            raise ValueError("a file name must not lead anywhere")
        digest = hashlib.sha256()
        octets = 0
        with (self.path / name).open("xb") as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                octets += len(piece)
        return Written(octets, digest.hexdigest())


def is_plain_name(name: str) -> bool:
    """Whether a name is that of a file in a folder, and leads nowhere else on any system."""
    return name not in ("", ".", "..") and {"/", "\\", "\0", ":"}.isdisjoint(name)


@contextmanager
def new_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a new file for writing; take it away again if that fails.

    Raises UsageError where something of that name exists, OSError where it cannot be made or written.
    """
    path = Path(path)
    try:
        file = path.open("xb")
    except FileExistsError:
        raise UsageError(f"{path} is there already and is not written over") from None
    try:
        with file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise
