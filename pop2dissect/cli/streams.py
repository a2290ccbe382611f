"""Standard streams that the caller closed: what then is opened must not take their places."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TextIO

_STREAMS = 3


def settle_streams() -> None:
    """Make sure that there is standard output, and that nothing else is where a standard stream should be.

    A file that is opened gets the lowest free number, so with standard error closed, what is to go there would go
    into it. Complaints that nobody wants to hear go nowhere. Raises OSError if standard output is closed.
    """
    while (nowhere := os.open(os.devnull, os.O_RDWR)) < _STREAMS:
        pass
    os.close(nowhere)
    if sys.stderr is None:
        sys.stderr = _nowhere()
    if sys.stdout is None:
        sys.stdout = _nowhere()
        raise OSError(errno.EBADF, "standard output is closed")


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")
