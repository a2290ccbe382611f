"""Captures by URL, through the file systems of fsspec: read as streams, listed where that can be done."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from pop2dissect.capture.url import clean
from pop2dissect.errors import MissingFileSystemError
from pop2dissect.optional import how_to_install

_BLOCK = 8 << 20
"""Octets asked for at a time of a file system that gives ranges: few requests, and a bounded memory."""
_FIRST_BLOCK = 1 << 18
"""The same at the beginning of a file: of many no more is looked at."""
_OF_THE_EXTRA = ("aiohttp", "fsspec", "s3fs")
_CONNECT_SECONDS, _READ_SECONDS = 30, 120
"""For which an HTTP server may be silent. The whole may take as long as it takes."""


class Place(NamedTuple):
    """What lies at a URL."""

    files: list[str]
    """URLs: that of a file itself, else of the files directly in a folder, or of those that a pattern matches."""
    is_folder: bool = False


class RemoteFile:
    """A file by its URL, opened to be read once from its beginning to its end.

    What goes wrong is an OSError, whose text is the reason without credentials; MissingFileSystemError where
    a library is missing that the scheme of the URL needs.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        with _told(url):
            system, path = _system(url)
            facts = system.info(path)
            if facts["type"] == "directory":
                raise IsADirectoryError("it is a folder")
            self.size: int | None = facts["size"]
            """Octets, as far as the server says."""
            self._streamed = _is_web(system)
            how = {"block_size": 0, "size": self.size} if self._streamed else {"block_size": _FIRST_BLOCK}
            self._file: Any = system.open(path, "rb", **how)
        self._octets = 0
        self._failure: Exception | None = None
        self._left = b""
        """What is still to be given before the failure is told."""

    def read(self, octets: int) -> bytes:
        """Read at most so many octets; none at the end."""
        with _told(self._url):
            piece = b""
            if self._failure is None:
                try:
                    piece = self._file.read(octets)
                except Exception as error:
                    self._failure, self._left = error, self._come_before()
            if self._failure is not None:
                piece, self._left = self._left[:octets], self._left[octets:]
                if not piece:
                    raise self._failure
            self._octets += len(piece)
            if self._octets > _FIRST_BLOCK:
                with suppress(AttributeError):  # what reads ahead has one
                    self._file.cache.blocksize = _BLOCK
            if not piece and not self._streamed and self.size is not None and self._octets < self.size:
                raise OSError(f"only {self._octets} of its {self.size} octets come")
            return piece

    def _come_before(self) -> bytes:
        """Return what had come before the connection broke off: aiohttp tells of the break first."""
        with suppress(Exception):
            return bytes(self._file.r.content._read_nowait(-1))
        return b""

    def close(self) -> None:
        """Let go of the connection."""
        with suppress(Exception):
            self._file.close()


def place(url: str) -> Place:
    """Say what lies at a URL; nothing where nothing matches a pattern. Raises as :class:`RemoteFile` does."""
    with _told(url):
        system, path = _system(url)
        if _is_web(system):  # pages are no folders unless they say so, and a question mark begins a query
            pattern, folder = "*" in path, path.endswith("/")
        else:
            system.invalidate_cache()
            pattern, folder = _is_pattern(system, path), False
            folder = not pattern and system.isdir(path)
        if pattern:
            found = system.glob(path, detail=True).values()
        elif folder:
            found = (one for one in system.ls(path, detail=True) if _is_directly_in(one["name"], path))
        else:
            return Place([url])
        names = sorted(one["name"] for one in found if one["type"] == "file")
        return Place([_url_of(system, url, path, name) for name in names], folder)


def _is_pattern(system: Any, path: str) -> bool:
    return not set("*?[").isdisjoint(path) and not system.exists(path)


def _is_directly_in(name: str, folder: str) -> bool:
    """Whether a file is in the folder itself; pages link to more than that, as to their own sorted otherwise."""
    rest = name.strip("/").removeprefix(folder.strip("/"))
    return bool(rest.strip("/")) and "/" not in rest.strip("/") and "?" not in rest


def _url_of(system: Any, url: str, path: str, name: str) -> str:
    """Return the URL of a file that was found: the given one with the file's name for its path."""
    before, found, after = url.rpartition(path) if path else url.partition("://")
    if not found:
        full: str = system.unstrip_protocol(name)
        return full
    return f"{before}{'' if path else found}{name}{after.lstrip('/')}"


def state_of_file(url: str) -> tuple[int | None, int | None]:
    """Return a file's size, and when it was changed in ns since 1970-01-01 UTC; None of what cannot be known."""
    try:
        with _told(url):
            system, path = _system(url)
            system.invalidate_cache()
            facts = system.info(path)
            if facts["type"] == "directory":
                return None, None
            return facts["size"], _changed(system, path, facts.get("Last-Modified"))
    except (OSError, MissingFileSystemError):
        return None, None


def _changed(system: Any, path: str, told_by_web: str | None) -> int | None:
    from email.utils import parsedate_to_datetime

    with suppress(Exception):
        when = parsedate_to_datetime(told_by_web) if told_by_web is not None else system.modified(path)
        return round(when.timestamp() * 10**6) * 1000
    return None


def _is_web(system: Any) -> bool:
    return "http" in system.protocol


def _system(url: str) -> tuple[Any, str]:
    """Return the file system, and the path in it."""
    from fsspec.core import url_to_fs

    schemes = [scheme for scheme in ("http", "https") if f"{scheme}://" in url.lower()]
    options: dict[str, Any] = {scheme: _web_options(scheme) for scheme in schemes}
    if "::" not in url:
        options = options[schemes[0]] if schemes else {}
    system, path = url_to_fs(url, **options)
    return system, str(path)


def _web_options(scheme: str) -> dict[str, Any]:
    """Return what makes HTTP give a file as it is stored, however long that takes; fsspec's configuration has more."""
    from aiohttp import ClientTimeout
    from fsspec.config import conf

    timeout = ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=_READ_SECONDS)
    stored = {"timeout": timeout, "headers": {"Accept-Encoding": "identity"}, "auto_decompress": False}
    return {"client_kwargs": {**stored, **conf.get(scheme, {}).get("client_kwargs", {})}}


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Raise whatever a file system raises as an OSError with a reason for a person."""
    try:
        yield
    except ImportError as error:
        cause = error.__cause__ if isinstance(error.__cause__, ImportError) else error
        library = (cause.name or "fsspec").partition(".")[0]
        how = how_to_install("remote") if library in _OF_THE_EXTRA else f"pip install {library}"
        raise MissingFileSystemError(f"this needs {library}, which is not installed: {how}") from None
    except Exception as error:
        raise _as_error(error, url) from None


def _as_error(error: BaseException, url: str) -> OSError:
    if isinstance(error, FileNotFoundError) and error.__cause__ is not None:  # fsspec says so of every failure of HTTP
        error = error.__cause__
    if getattr(error, "errno", None) == errno.ECONNREFUSED:
        return OSError("the connection is refused")
    match getattr(error, "status", None) or error:
        case FileNotFoundError() | 404 | 410:
            return FileNotFoundError("there is no such file")
        case PermissionError() | 401 | 403:
            return PermissionError("reading it is not permitted")
        case TimeoutError():
            return OSError("there was no answer in time")
        case _:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            return OSError(clean(" ".join(str(reason).split()), url).rstrip("."))
