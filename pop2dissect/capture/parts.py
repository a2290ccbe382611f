"""Parts of a large file that others scan ahead: what they find to hold nothing that matters is passed by unread.

Nothing of the result hangs on them. Whoever scans a part guesses where in it a record begins, and hops on from there.
The reader comes along record by record as ever: where it arrives just at the record that was guessed, what was found
from there on is what it would find itself; where it does not, or where the scan ended early, it reads itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Protocol

from pop2dissect.capture.part import How, Part, Skip, Stamps, scan_part
from pop2dissect.capture.window import Window
from pop2dissect.errors import CaptureError

PART_OCTETS = 1 << 25
"""Octets of a part: some hundredths of a second of work."""
_AHEAD = 16
"""Parts that are given out at a time."""
_USELESS = 4
"""Parts in a row that were of no use, after which no more are scanned."""
_FAR = 1 << 62

Submit = Callable[..., "Future[Part | None]"]


class Seekable(Protocol):
    """The file that is read."""

    def seek(self, place: int) -> None:
        """Have the next octets come from there."""


class Parts:
    """What others have found of the file that is read through a window."""

    def __init__(
        self, file: str, identity: tuple[int, int], size: int, source: Seekable, window: Window, submit: Submit
    ) -> None:
        self._file, self._identity, self._size = file, identity, size
        self._source, self._window, self._submit = source, window, submit
        self._how: How | None = None
        """As it is where scanning began."""
        self._borders: Iterator[int] = iter(())
        self._scanned: deque[Future[Part | None]] = deque()
        self._skips: deque[Skip] = deque()
        """Of the part that the reader is in."""
        self._useless = 0

    def _give(self) -> None:
        while len(self._scanned) < _AHEAD and (begin := next(self._borders, None)) is not None:
            end = min(begin + PART_OCTETS, self._size)
            self._scanned.append(self._submit(scan_part, self._file, self._identity, begin, end, self._how))

    def _next(self, at: int) -> Part | None:
        """Return the next part that begins at a place or later; those that the reader came past are dropped."""
        while self._scanned:
            try:
                part = self._scanned[0].result()
            except (CaptureError, OSError):
                part = None
            if part is not None and part.begin >= at:
                return part
            self._drop(useless=True)
        return None

    def _drop(self, *, useless: bool) -> None:
        self._scanned.popleft()
        self._useless = self._useless + 1 if useless else 0
        if self._useless >= _USELESS:
            self._borders = iter(())
        self._give()

    def pass_by(self, position: int, how: Callable[[], How]) -> tuple[int, int, Stamps]:
        """Pass by what others have scanned, if the window ends with a whole record at this position.

        Return the position, how many packets were passed by, and the time stamps of the parts that begin there.
        """
        if self._how is None:
            self._how = how()
            self._borders = iter(range(self._window.base + self._window.end, self._size, PART_OCTETS))
            self._give()
        if position < self._window.end:
            return position, 0, []
        begin = at = self._window.base + position
        packets, stamps = 0, Stamps()
        while True:
            if not self._skips:
                part = self._next(at)
                if part is None or part.begin != at or how() != self._how:
                    break
                self._drop(useless=not part.skips)
                self._skips.extend(part.skips)
                stamps += part.stamps
            elif self._skips[0].begin == at:
                skip = self._skips.popleft()
                at, packets = skip.end, packets + skip.packets
            else:
                break
        if at > begin:
            self._source.seek(at)
            self._window.jump(at)
            position = 0
        return position, packets, stamps

    def room(self, at: int) -> int:
        """Return how many octets may be read from a place on, not to come past what can be passed by."""
        while self._skips and self._skips[0].begin <= at:  # the file became another one while it was read
            self._skips.popleft()
        if self._skips:
            return self._skips[0].begin - at
        part = self._next(at + 1)
        return _FAR if part is None else part.begin - at
