"""Finds the captures that a user means: files, directories, patterns, URLs of these, standard input."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pop2dissect.capture import remote
from pop2dissect.capture.extract.read import Extracted, is_extract, read_extract
from pop2dissect.capture.record import CaptureInfo
from pop2dissect.capture.source import STANDARD_INPUT, NotACaptureError, Survey
from pop2dissect.capture.url import is_url, without_credentials
from pop2dissect.errors import CaptureError, MissingFileSystemError

_PATTERN_CHARACTERS = frozenset("*?[")


class Found(NamedTuple):
    """A path to open, or the reason why what the user gave leads to none."""

    path: str
    problem: str | None = None
    extracted: Extracted | None = None
    """The same capture in an extract, from which its packets are to come."""
    survey: Survey | None = None
    """What a first look has shown, if there was one."""

    @property
    def file(self) -> str:
        """Where the capture itself lies."""
        return self.path if self.extracted is None else self.extracted.file


def find_captures(paths: Iterable[str | os.PathLike[str]]) -> list[Found]:
    """Return the captures in the order of ``paths``, each file once however often it is named.

    A directory stands for the capture files directly in it, told by their first octets and in the
    order of their names, or where it is an extract, for the captures in that; a pattern, where no file has
    that very name, for what matches it in the order of the names; ``-`` for standard input. URLs of files, directories
    and patterns stand for the same, where the file system can list.
    """
    seen: set[tuple[int, int] | str] = set()
    found = []
    for path in paths:
        for one in _expand(os.fsdecode(path)):
            identity = _identity(one.file)
            if identity not in seen:
                seen.add(identity)
                found.append(one)
    return found


def _expand(path: str) -> Iterator[Found]:
    if path == STANDARD_INPUT:
        yield Found(path)
    elif not path:
        yield Found(path, "a file without a name was asked for, as by a variable that is not set")
    elif is_url(path):
        yield from _url(path)
    elif os.path.isdir(path):  # noqa: PTH112 (never raises, however long the name)
        yield from _extract(path) if is_extract(path) else _directory(path)
    elif _PATTERN_CHARACTERS.isdisjoint(path) or os.path.exists(path):  # noqa: PTH110 (the same)
        yield Found(path)
    else:
        yield from _pattern(path)


def _url(url: str) -> Iterator[Found]:
    try:
        files, is_folder = remote.place(url)
    except MissingFileSystemError:
        yield Found(url)  # opening it says so too, as an error of the right kind
    except OSError as error:
        yield Found(url, str(error))
    else:
        yield from _in_directory(url, files) if is_folder else _matching(url, files)


def _pattern(pattern: str) -> Iterator[Found]:
    import glob

    yield from _matching(pattern, sorted(glob.glob(pattern, recursive=True)))  # noqa: PTH207 (as pathlib takes no absolute)


def _matching(pattern: str, matches: Sequence[str]) -> Iterator[Found]:
    if not matches:
        yield Found(pattern, "there is no such file, and none that matches it as a pattern")
    for match in matches:
        if not os.path.isdir(match):  # noqa: PTH112
            yield Found(match)


def _extract(path: str) -> Iterator[Found]:
    try:
        captures = read_extract(path).captures
    except CaptureError as error:
        yield Found(path, str(error))
        return
    for facts in captures:
        yield Found(facts.path, extracted=Extracted(path, facts))


def _directory(path: str) -> Iterator[Found]:
    try:
        files = sorted(str(entry) for entry in Path(path).iterdir() if os.path.isfile(entry))  # noqa: PTH113
    except OSError as error:
        yield Found(path, f"the directory cannot be listed ({error.strerror})")
    else:
        yield from _in_directory(path, files)


def _in_directory(path: str, files: Sequence[str]) -> Iterator[Found]:
    captures = [found for found in map(_if_capture, files) if found is not None]
    if not captures:
        yield Found(path, "the directory has no capture files in it")
    yield from captures


def _if_capture(path: str) -> Found | None:
    """Look at a file; None where it is no capture. One that may not be read cannot be said to be none."""
    try:
        return Found(path, survey=Survey.of(path))
    except NotACaptureError:
        return None
    except CaptureError:
        return Found(path)


def _identity(path: str) -> tuple[int, int] | str:
    try:
        status = os.stat(path)  # noqa: PTH116 (a tenth of the time)
    except (OSError, ValueError):
        return path
    # Some file systems have no inode numbers.
    return (status.st_dev, status.st_ino) if status.st_ino else path


def printable(path: str) -> str:
    """Return a path as a person may safely see it: what could steer a terminal is escaped, credentials are hidden."""
    path = without_credentials(path) if is_url(path) else path
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in path)


def named_warnings(info: CaptureInfo) -> Iterator[str]:
    """Yield the warnings about a capture for where it is not clear which one they are about: each names it."""
    name = "standard input" if info.path == STANDARD_INPUT else printable(info.path)
    return (text if name in text else f"{name}: {text}" for text in info.warnings)


def cannot_be_read(path: str, reason: CaptureError) -> CaptureError:
    """Return the same error with the path named."""
    name = "standard input" if path == STANDARD_INPUT else printable(path) or '""'
    return type(reason)(f"{name} cannot be read: {reason}", path=CaptureInfo.of(path).path, offset=reason.offset)
