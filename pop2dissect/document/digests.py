"""SHA-256 of the captures, computed while they are dissected."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from threading import Event
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pop2dissect.capture.record import CaptureInfo
from pop2dissect.capture.url import is_url

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
            self._digests = [
                self._executor.submit(digest_now, info, self._stop.is_set)
                for info in self._captures
                if not _is_hashed_on_its_way(info)
            ]

    def before(self) -> list[str | None]:
        """Return the same as :meth:`results`, but None of what is hashed while it is read."""
        self.start()
        digests = iter(self._digests)
        return [None if _is_hashed_on_its_way(info) else next(digests).result() for info in self._captures]

    def results(self) -> list[str | None]:
        """Return the digest of each capture in hexadecimal; None of a pipe, and of what cannot be read.

        To be called once the captures were read.
        """
        pairs = zip(self._captures, self.before(), strict=True)
        return [digest_now(info) if _is_hashed_on_its_way(info) else known for info, known in pairs]

    def needed_now(self) -> list[str | None]:
        """Return the digests before the captures are read, for which those by a URL are read once more."""
        pairs = zip(self._captures, self.before(), strict=True)
        return [digest_of(info.file) if _is_hashed_on_its_way(info) else known for info, known in pairs]

    def of_files(self) -> bool:
        """Whether captures are files, in which places can be named, or by a URL, and no pipes."""
        return any(map(_is_hashed_on_its_way, self._captures)) or any(self.before())


class KnownDigests(Digests):
    """Those that are known already."""

    def __init__(self, digests: Sequence[str | None]) -> None:
        super().__init__(())
        self._known = list(digests)

    def before(self) -> list[str | None]:
        """Return them."""
        return self._known

    results = needed_now = before


def digest_now(info: CaptureInfo, stopped: Callable[[], bool] = lambda: False) -> str | None:
    """Return the SHA-256 of a capture that has been read, as it was hashed meanwhile; else that of its file."""
    if info.before is not None:
        return info.before.sha256
    if _is_hashed_on_its_way(info) and info.format:  # not read to its end, all of it would have to come once more
        return info.sha256
    return digest_of(info.file, stopped, info.size)


def _is_hashed_on_its_way(info: CaptureInfo) -> bool:
    return info.before is None and is_url(info.file)


def digest_of(path: str, stopped: Callable[[], bool] = lambda: False, size: int | None = None) -> str | None:
    """Return the SHA-256 of a capture as stored; None where it is no regular file, nor by a URL, or cannot be read.

    With ``size``, of the octets that there were when it was opened: both are then of the same moment.
    """
    from pop2dissect.capture.digest import sha256_of

    try:
        return sha256_of(path, stopped, size) if is_url(path) or os.path.isfile(path) else None  # noqa: PTH113 (never raises)
    except OSError:
        return None
