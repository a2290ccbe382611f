"""The manifest of files that need no more said of them than what they are, and of which captures they were made."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from pop2dissect.document.json_text import Object, to_text
from pop2dissect.export.manifest import MANIFEST
from pop2dissect.writing import NewFile, already_exists


def manifest_path(path: Path) -> Path:
    """Return where the manifest of an export is: in a folder, or beside a file."""
    return path / MANIFEST if path.is_dir() else path.with_name(f"{path.name}.{MANIFEST}")


def manifest_of(head: Object, kind: str, files: Iterable[tuple[str, int, str]]) -> bytes:
    """Return the manifest: of each file its name, size and SHA-256."""
    entries: list[Object] = [{"file": name, "octets": octets, "sha256": digest} for name, octets, digest in files]
    return f"{to_text({**head, 'kind': kind, 'files': entries})}\n".encode()


class RecordedFile:
    """A new file, and its manifest beside it, which says that the file is complete. A context manager.

    Raises ExistingFileError where one of them exists, OutputError where one cannot be made or written.
    """

    def __init__(self, kind: str, path: str | os.PathLike[str]) -> None:
        self._kind = kind
        self._beside = manifest_path(Path(path))
        if os.path.lexists(self._beside):
            raise already_exists(self._beside)
        self._file = NewFile(path)

    def finish(self, pieces: Iterable[bytes], head: Callable[[], Object]) -> None:
        """Write the file, then the manifest; its ``head`` is asked for when the file is written."""
        digest = hashlib.sha256()
        octets = 0
        for piece in pieces:
            self._file.write(piece)
            digest.update(piece)
            octets += len(piece)
        with NewFile(self._beside) as manifest:
            manifest.write(manifest_of(head(), self._kind, [(self._file.path.name, octets, digest.hexdigest())]))
            self._file.commit()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take away what is not complete."""
        self._file.discard()
