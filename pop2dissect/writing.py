"""All output goes through here: every byte is written or an error names the file; files appear whole or not at all.

A new file has no name until it is complete (``O_TMPFILE``, open(2)), or where that cannot be, a hidden name in the same
folder. Then it is synced to disk, and gets its name, which must be free. So a full disk, a signal or a crash leave
nothing under a name that was asked for.
"""

from __future__ import annotations

import io
import os
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pop2dissect.errors import ExistingFileError, OutputError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_BUFFER = 1 << 16
_DESCRIPTORS = "/proc/self/fd"
_FOLDERS_OPEN = hasattr(os, "O_DIRECTORY")
"""Folders can be opened, and so be synced: not on Windows."""


class FullWriter(io.RawIOBase):
    """Writes to a file descriptor until every byte is written, also where it is non-blocking.

    Raises OutputError, which names the file, where that cannot be; BrokenPipeError where nobody reads any more.
    """

    def __init__(self, descriptor: int, name: str) -> None:
        self._descriptor = descriptor
        self._name = name

    def writable(self) -> bool:
        """Whether it can be written: yes."""
        return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return os.isatty(self._descriptor)

    def write(self, octets: ReadableBuffer, /) -> int:
        """Write all of the octets."""
        view = memoryview(octets).cast("B")
        size = len(view)
        while view:
            try:
                written = os.write(self._descriptor, view)
            except BlockingIOError:
                select.select([], [self._descriptor], [])
                continue
            except BrokenPipeError:
                raise
            except OSError as error:
                raise cannot_write(self._name, error) from error
            view = view[written:]
        return size


class NewFile(io.BufferedWriter):
    """A file that must be new, in folders that are made where they are missing.

    A context manager: without an error it is committed at the end, else nothing is left.

    Raises ExistingFileError where something of that name exists, at the start and again at the end, and OutputError
    where it cannot be made or written. With ``synced`` it is on disk before it gets its name.
    """

    def __init__(self, path: str | os.PathLike[str], *, synced: bool = True) -> None:
        self.path = Path(path)
        self._synced = synced
        self._waits: _Waiting | None = None
        if os.path.lexists(self.path):
            raise already_exists(self.path)
        try:
            if not os.path.lexists(self.path.parent):
                self.path.parent.mkdir(parents=True, exist_ok=True)
            self._waits = _Waiting(self.path)
        except OSError as error:
            raise cannot_write(self.path, error) from error
        super().__init__(self._waits, _BUFFER)

    def measured(self) -> tuple[int, str]:
        """Return how many bytes were written so far, and their SHA-256 in hexadecimal."""
        import hashlib  # costs some ms, and most outputs need no hash

        assert self._waits is not None
        at = self.seek(0, os.SEEK_END)
        self.seek(0)
        digest = hashlib.sha256()
        while octets := os.read(self._waits.fileno(), 1 << 20):
            digest.update(octets)
        self.seek(at)
        return at, digest.hexdigest()

    def commit(self) -> None:
        """Give the complete file its name. Nothing can be written afterwards."""
        if self._waits is None:
            return
        self.flush()
        self._waits.publish(synced=self._synced)
        self._waits = None

    def discard(self) -> None:
        """Take away what was written, unless it was committed."""
        if self._waits is not None:
            self._waits.forget()
            self._waits = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.commit()
        finally:
            self.discard()


class _Waiting(FullWriter):
    """A file in the folder of its path that does not have its name yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hidden: Path | None = None
        super().__init__(self._without_name(), str(path))

    def _without_name(self) -> int:
        flags = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        if hasattr(os, "O_TMPFILE") and os.path.isdir(_DESCRIPTORS):  # noqa: PTH112 (never raises)
            try:
                return os.open(self._path.parent, flags | os.O_TMPFILE, 0o666)
            except OSError:
                pass  # some file systems have no files without names
        self._hidden = self._path.with_name(f".{os.urandom(8).hex()}.partial")
        return os.open(self._hidden, flags | os.O_CREAT | os.O_EXCL, 0o666)

    def seekable(self) -> bool:
        """Whether any place can be written: yes."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place."""
        return os.lseek(self._descriptor, offset, whence)

    def write(self, octets: ReadableBuffer, /) -> int:
        """Write all of the octets; what comes after the end of the file's life goes nowhere."""
        return memoryview(octets).nbytes if self._descriptor < 0 else super().write(octets)

    def publish(self, *, synced: bool) -> None:
        """Give the file its name, and close it."""
        try:
            if synced:
                os.fsync(self._descriptor)
            self._link()
            if synced and _FOLDERS_OPEN:
                _sync(self._path.parent)
        except FileExistsError:
            raise already_exists(self._path) from None
        except OSError as error:
            raise cannot_write(self._path, error) from error
        finally:
            self.forget()

    def _link(self) -> None:
        if self._hidden is None:
            there = f"{_DESCRIPTORS}/{self._descriptor}"
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.link(there, self._path.name, src_dir_fd=folder, dst_dir_fd=folder)  # follows the link
            finally:
                os.close(folder)
            return
        self._close()  # an open file cannot be renamed everywhere
        try:
            os.link(self._hidden, self._path)
        except FileExistsError:
            raise
        except (OSError, NotImplementedError):  # no file may have two names here
            if os.path.lexists(self._path):
                raise FileExistsError from None
            self._hidden.rename(self._path)

    def forget(self) -> None:
        """Close the file; without a name it is gone."""
        self._close()
        if self._hidden is not None:
            self._hidden.unlink(missing_ok=True)
            self._hidden = None

    def _close(self) -> None:
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Bring all files of a folder to disk, and their names. Raises OutputError."""
    if not _FOLDERS_OPEN:
        return
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    _sync(entry.path)
        _sync(path)
    except OSError as error:
        raise cannot_write(path, error) from error


def _sync(path: str | Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def named(name: Callable[[], str]) -> Iterator[None]:
    """Turn an OSError in here into an OutputError that names what could not be written."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        raise cannot_write(name(), error) from error


def already_exists(path: str | Path) -> ExistingFileError:
    """Return the error in a sentence."""
    return ExistingFileError(f"{path} already exists and is not overwritten", path=str(path))


def cannot_write(name: str | Path, error: OSError) -> OutputError:
    """Return the error in a sentence."""
    return OutputError(f"{name} cannot be written: {error.strerror or error}", path=str(name))
