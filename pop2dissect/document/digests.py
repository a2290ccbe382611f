"""SHA-256 of the captures, computed while they are dissected."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from threading import Event
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pop2dissect.capture.record import CaptureInfo

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor


class Digests:
    """The SHA-256 of each capture as stored, for all outputs of one run. A context manager.

    Hashing leaves the interpreter free, so it runs beside the dissection from :meth:`start` on.
    """

    def __init__(self, captures: Sequence[CaptureInfo]) -> None:
        self._captures = captures
        self._stop = Event()
        self._executor: ThreadPoolExecutor | None = None
        self._digests: list[Future[str | None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)

    def start(self) -> None:
        """Begin, if that has not been done."""
        if self._executor is None:
            from concurrent.futures import ThreadPoolExecutor  # costs some ms to import

            self._executor = ThreadPoolExecutor(1)
            self._digests = [self._executor.submit(digest_now, info, self._stop.is_set) for info in self._captures]

    def results(self) -> list[str | None]:
        """Return the digest of each capture in hexadecimal; None where it is not a regular file or cannot be read."""
        self.start()
        return [digest.result() for digest in self._digests]


class KnownDigests(Digests):
    """Those that are known already."""

    def __init__(self, digests: Sequence[str | None]) -> None:
        super().__init__(())
        self._known = list(digests)

    def results(self) -> list[str | None]:
        """Return them."""
        return self._known


def digest_now(info: CaptureInfo, stopped: Callable[[], bool] = lambda: False) -> str | None:
    """Return the SHA-256 of a capture that has been opened, or what an extract has for it."""
    return digest_of(info.file, stopped, info.size) if info.before is None else info.before.sha256


def digest_of(path: str, stopped: Callable[[], bool] = lambda: False, size: int | None = None) -> str | None:
    """Return the SHA-256 of a capture as stored; None where it is not a regular file or cannot be read.

    With ``size``, of the octets that there were when it was opened: both are then of the same moment.
    """
    from pop2dissect.capture.digest import sha256_of

    try:
        return sha256_of(path, stopped, size) if os.path.isfile(path) else None  # noqa: PTH113 (never raises)
    except OSError:
        return None
