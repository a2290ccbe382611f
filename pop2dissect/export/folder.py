"""Folders of exports: directories that were new or empty. Existing files are never overwritten."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pop2dissect.errors import UsageError
from pop2dissect.writing import NewFile, cannot_write, sync_folder


class Written(NamedTuple):
    """A file that was written."""

    octets: int
    sha256: str
    """In hexadecimal."""


class Folder:
    """A directory for exports. It is made where it is missing; where it exists it must be empty.

    Raises UsageError where something is in it already, OutputError where it cannot be made or written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            there = any(self.path.iterdir())
        except FileExistsError:
            raise UsageError(f"{self.path} already exists and is not a directory") from None
        except OSError as error:
            raise cannot_write(self.path, error) from error
        if there:
            raise UsageError(f"the directory {self.path} is not empty, and existing files are not overwritten")

    def write(self, name: str, pieces: Iterable[bytes | memoryview]) -> Written:
        """Write a new file, piece by piece. Raises ValueError for a name that is more than a name."""
        if not is_plain_name(name):
            raise ValueError("a file name must not lead anywhere")
        digest = hashlib.sha256()
        octets = 0
        with NewFile(self.path / name, synced=False) as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                octets += len(piece)
        return Written(octets, digest.hexdigest())

    def settle(self) -> None:
        """Bring all that was written to disk: what is written after it says that the rest is complete."""
        sync_folder(self.path)


def is_plain_name(name: str) -> bool:
    """Whether a name is that of a file in a folder, and leads nowhere else on any system."""
    return name not in ("", ".", "..") and {"/", "\\", "\0", ":"}.isdisjoint(name)
