"""Reads the files of an export, which somebody may have replaced by anything: links, pipes, devices."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

_AT_ONCE = 1 << 20


def octets_of(path: Path, *, follow: bool = False) -> bytes:
    """Return the contents of a regular file. Raises OSError, whose text says what it is if it is none."""
    return b"".join(_pieces(path, follow))


def digest_in(path: Path) -> str:
    """Return the SHA-256 of a regular file in hexadecimal. Raises OSError as :func:`octets_of` does."""
    digest = hashlib.sha256()
    for piece in _pieces(path, follow=False):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(path: Path, follow: bool) -> Iterator[bytes]:
    """Read a file. A pipe is not waited for, a device is not touched, and a link is not followed."""
    if not follow and path.is_symlink():
        raise OSError(errno.ELOOP, "it is a link, which may lead anywhere and is not followed")
    if not stat.S_ISREG(path.stat().st_mode):  # opening a device can do something already
        raise OSError(errno.EINVAL, "it is not a regular file")
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags if follow else flags | getattr(os, "O_NOFOLLOW", 0))
    with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123 (a descriptor)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        while octets := file.read(_AT_ONCE):
            yield octets
