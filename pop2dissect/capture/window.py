"""The part of a capture that is in memory: a window that only moves forward over a file or a stream."""

from __future__ import annotations

import mmap

from pop2dissect.capture.compression import DamagedInputError, Source
from pop2dissect.capture.record import Buffer

WINDOW_OCTETS = 1 << 18
"""Octets read at a time: enough for any packet of a usual link type, and small enough for a core's own cache.

Hopping through octets that a read has just brought into the cache is faster than hopping through a
memory map, where each record costs a cache miss, and it keeps the resident memory small.
"""
RELEASE_OCTETS = 1 << 25
"""Octets after which the memory map gives back what was read through it.

Pages of the file that were looked at count as this process's memory until then, and a capture may be
larger than that.
"""
READ_PAST = 64
"""Octets that may be looked at past the end of the window, so that scanning need not check each field."""


def is_cut_off(octets: Buffer, end: int) -> bool:
    """Whether the octets before ``end`` lie in a map of a file that has become shorter than that.

    To touch them would end the process (SIGBUS).
    """
    try:
        return isinstance(octets, mmap.mmap) and octets.size() < end
    except OSError:
        return False  # memory that holds a copy is of no file


class Window:
    """Octets ``data[:end]`` of a capture, of which the first lies at octet ``base`` of the (unpacked) file.

    ``data`` has :data:`READ_PAST` octets more than the window can hold, whose values mean nothing. It is
    overwritten by :meth:`forward`: nothing may keep a reference into it.
    """

    __slots__ = ("_copies", "_released", "_source", "base", "data", "end", "failure", "frames")

    def __init__(
        self, source: Source, frames: mmap.mmap | None = None, octets: int = WINDOW_OCTETS, filled: bool = True
    ) -> None:
        """``frames`` that are not ``filled`` are memory for a copy of the file, made while it is read."""
        self._source = source
        self.data = bytearray(octets + READ_PAST)
        self.base = 0
        self.end = 0
        self.failure: str | None = None
        """Why the source gave no more although it has not ended: a read error, damaged compressed data."""
        self.frames = frames
        """The whole file, mapped or copied, for records to refer to; None where they need octets of their own."""
        self._copies = not filled
        self._released = 0

    def forward(self, position: int, wanted: int) -> bool:
        """Move the window's beginning to ``position``; say whether ``wanted`` octets follow it.

        Reads no more often than it must to have the octets that are wanted: what a live pipe has
        delivered is never held back to wait for more.
        """
        rest = self.end - position
        if position:
            self.data[:rest] = self.data[position : self.end]
        self.base += position
        self.end = rest
        if self.frames is not None and not self._copies and self.base - self._released > RELEASE_OCTETS:
            self._release(self.frames)
        whole = True
        while whole and self.end < wanted:
            if self.end == len(self.data) - READ_PAST:
                self.data += bytes(min(wanted - self.end, len(self.data)))
            whole = self._read()
        if self.frames is not None and is_cut_off(self.frames, self.base + self.end):
            self.frames = None  # from here on records get octets of their own, which are at hand
        return whole

    def jump(self, place: int) -> None:
        """Begin anew, empty, at a place of the file, where its source has been brought."""
        self.base, self.end = place, 0

    def fill(self) -> None:
        """Have as much at hand as of other files, if this window was made smaller than usual."""
        if len(self.data) - READ_PAST < WINDOW_OCTETS:
            self.forward(0, WINDOW_OCTETS)

    def _release(self, frames: mmap.mmap) -> None:
        """Let go of the pages passed by; if anything still asks for them, they are read again."""
        self._released = self.base
        if hasattr(frames, "madvise"):  # not on Windows
            frames.madvise(mmap.MADV_DONTNEED, 0, self.base // mmap.PAGESIZE * mmap.PAGESIZE)

    def _read(self) -> bool:
        with memoryview(self.data) as view, view[self.end : -READ_PAST] as room:
            try:
                count = self._source.readinto(room)
            except DamagedInputError as error:
                self.failure = str(error)
                return False
            except OSError as error:
                self.failure = f"reading fails ({error.strerror or error})"
                return False
            if count and self._copies and self.frames is not None:
                at = self.base + self.end
                self.frames[at : at + count] = room[:count]
        self.end += count or 0
        return bool(count)

    def skip(self, position: int, count: int) -> bool:
        """Move the window's beginning ``count`` octets past ``position``, however many; False at the end."""
        while count > self.end - position:
            count -= self.end - position
            if not self.forward(self.end, 1):
                return False
            position = 0
        return self.forward(position + count, 0)
