"""SHA-256 of a capture as it is stored: what ties a result to its evidence."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from pop2dissect.capture.remote import RemoteFile
from pop2dissect.capture.url import is_url

_AT_ONCE = 1 << 20


def sha256_of(
    path: str | os.PathLike[str], stopped: Callable[[], bool] = lambda: False, size: int | None = None
) -> str:
    """Return the SHA-256, in hexadecimal, of a file's octets as they are stored.

    With ``size``, of no more than so many: what a file has gained since was not read either. Raises OSError,
    InterruptedError where ``stopped`` says before the end that nobody wants to know any more.
    """
    digest = hashlib.sha256()
    name = os.fspath(path)
    with closing(RemoteFile(name) if is_url(name) else Path(name).open("rb", buffering=0)) as file:
        left = size
        while octets := file.read(_AT_ONCE if left is None else min(left, _AT_ONCE)):
            if stopped():
                raise InterruptedError
            digest.update(octets)
            left = None if left is None else left - len(octets)
    return digest.hexdigest()
