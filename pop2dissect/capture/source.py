"""Opens one capture, whatever holds it: a file, a pipe, standard input, what a URL leads to; compressed or not."""

from __future__ import annotations

import mmap
import os
import stat
import sys
from collections.abc import Generator
from contextlib import closing, suppress
from enum import Enum, auto
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

from pop2dissect.capture import fast
from pop2dissect.capture.compression import MAGIC_OCTETS, Unpacked, compression_of
from pop2dissect.capture.damage import stop
from pop2dissect.capture.fast import Continued
from pop2dissect.capture.part import identity_of
from pop2dissect.capture.parts import Parts, Submit
from pop2dissect.capture.pcap import PCAP_MAGICS
from pop2dissect.capture.pcap_records import PcapReader
from pop2dissect.capture.pcapng import PcapngReader
from pop2dissect.capture.pcapng_blocks import PCAPNG_MAGIC
from pop2dissect.capture.record import CaptureInfo, Details, Record
from pop2dissect.capture.remote import RemoteFile, state_of_file
from pop2dissect.capture.url import is_url
from pop2dissect.capture.window import WINDOW_OCTETS, Window
from pop2dissect.errors import CaptureError
from pop2dissect.limits import DEFAULT, Limits

STANDARD_INPUT = "-"
_SURVEYED = 1 << 14
"""Octets that show enough of a usual capture."""
_MAGIC = 4
"""Octets of the magic number of either capture format."""
_FOREIGN_MAGICS = {
    b"snoo": "a snoop capture",
    b"GMBU": "a Microsoft Network Monitor capture",
    b"RTSS": "a Microsoft Network Monitor capture",
    b"XCP\0": "a NetXRay or Sniffer capture",
    b"TRSN": "a DOS Sniffer capture",
}


class Hold(Enum):
    """Where the octets of a plain file's records lie."""

    FRAMES = auto()
    """Each record has those of its own frame."""
    COPY = auto()
    """All refer to a copy of the file in memory, at the places where they are in the file."""
    MAP = auto()
    """All refer to a map of the file, which takes a file descriptor and no memory of its own."""


class NotACaptureError(CaptureError):
    """The file is readable but holds no capture: it is empty or begins with something else."""


class _Raw:
    """A file's octets as they come, counted; the first can be looked at before they are read."""

    def __init__(self, file: IO[bytes] | RemoteFile, size: int | None, hashed: bool) -> None:
        self._file = file
        self._size = size
        """Octets to give at most: what a file gains while it is read lies outside of its map."""
        self._read1: Any = file.read if isinstance(file, RemoteFile) else getattr(file, "read1", None)
        self._seen = b""
        self._digest = _sha256() if hashed else None
        self.octets = 0
        self.parts: Parts | None = None
        """What others scan ahead of it."""

    def peek(self, octets: int) -> bytes:
        """Return the first octets, fewer if the file has not as many."""
        room = bytearray(octets)
        with memoryview(room) as view:
            filled = 0
            while filled < octets and (count := self._fill(view[filled:])):
                filled += count
        self._seen = bytes(room[:filled])
        return self._seen

    def _fill(self, buffer: memoryview) -> int:
        """Read once. Of a buffered file only ``read1`` gives what it has without waiting for more."""
        if self._read1 is None:
            return self._file.readinto(buffer) or 0  # type: ignore[union-attr] # typing.IO knows no readinto
        octets = self._read1(len(buffer))
        buffer[: len(octets)] = octets
        return len(octets)

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the buffer or a part of it, without waiting for more than there is."""
        if self._seen:
            count = min(len(self._seen), len(buffer))
            buffer[:count] = self._seen[:count]
            self._seen = self._seen[count:]
        else:
            room = buffer if self._size is None else buffer[: max(0, self._size - self.octets)]
            if self.parts is not None:
                room = room[: self.parts.room(self.octets)]
            count = self._fill(room)
        self.octets += count
        if self._digest is not None:
            self._digest.update(buffer[:count])
        return count

    def seek(self, place: int) -> None:
        """Go on from another place, as if all before it had been read."""
        assert not isinstance(self._file, RemoteFile)
        self._file.seek(place)
        self.octets = place

    def finish(self) -> str | None:
        """Read what is left, if it is to be hashed; give the SHA-256 of all that could be read."""
        if self._digest is None:
            return None
        with memoryview(bytearray(WINDOW_OCTETS)) as room, suppress(OSError):
            while self.readinto(room):
                pass
        return str(self._digest.hexdigest())

    @property
    def is_hashed(self) -> bool:
        """Whether all octets must be read."""
        return self._digest is not None

    def identity(self) -> tuple[int, int]:
        """Return what tells a file of the file system from any other."""
        assert not isinstance(self._file, RemoteFile)
        return identity_of(self._file.fileno())

    def is_shorter_than(self, size: int) -> bool:
        """Whether the file has less octets by now."""
        return (_regular_size(self._file) or 0) < size

    def close(self) -> None:
        """Close the file, unless it is standard input, which is not ours to close."""
        if sys.stdin is None or self._file is not sys.stdin.buffer:
            self._file.close()


class OpenCapture:
    """One capture, opened: its format is known, and its records can be read, once.

    ``hold`` says where the octets of records lie; with pipes and compressed files each always has those
    of its own frame. A copy or a map lives as long as a record refers to it, also after :meth:`close`.
    Octets of a map must not be touched after another program has cut the file
    (:func:`~pop2dissect.capture.window.is_cut_off`).

    Raises CaptureError if it cannot be read at all: the text is the reason, without the path.
    """

    def __init__(
        self,
        info: CaptureInfo,
        index: int = 0,
        ports: frozenset[int] | None = None,
        hold: Hold = Hold.FRAMES,
        limits: Limits = DEFAULT,
        keep_options: bool = False,
        hashed: bool = False,
        window_octets: int = WINDOW_OCTETS,
    ) -> None:
        """With ``keep_options``, :meth:`details` gives the options of pcapng interfaces too.

        With ``hashed``, and always of a URL, all that is stored is read to its end and hashed meanwhile. Of a file no
        more than ``window_octets`` are read at a time.
        """
        file = _open(info.file)
        self._info = info
        info.size = None if info.file == STANDARD_INPUT else _regular_size(file)
        remote = isinstance(file, RemoteFile)
        self._raw = _Raw(file, None if remote else info.size, hashed or remote)
        try:
            window = self._window = self._opened(file, hold, window_octets)
            self._reader = self._begin(window, index, ports, limits, keep_options)
        except BaseException:
            self._raw.close()
            raise
        self.records = self._until_end()

    def _opened(self, file: IO[bytes] | RemoteFile, hold: Hold, window_octets: int) -> Window:
        info, raw = self._info, self._raw
        try:
            head = raw.peek(MAGIC_OCTETS)
        except OSError as error:
            raise CaptureError(f"reading fails ({error.strerror or error})") from None
        if not head:
            raise NotACaptureError("the file is empty" if info.size == 0 else "it gives no octets")
        self._compression = compression_of(head)
        if self._compression is not None:
            return Window(Unpacked(raw, self._compression))
        frames = None
        if info.size and hold is not Hold.FRAMES and not isinstance(file, RemoteFile):
            frames = _map(file, info.size if hold is Hold.COPY else 0)
        octets = WINDOW_OCTETS if isinstance(file, RemoteFile) else window_octets
        return Window(raw, frames, min(info.size or WINDOW_OCTETS, octets), hold is not Hold.COPY)

    def _begin(
        self, window: Window, index: int, ports: frozenset[int] | None, limits: Limits, keep_options: bool
    ) -> PcapReader | PcapngReader:
        window.forward(0, _MAGIC)
        magic = bytes(window.data[: min(_MAGIC, window.end)])
        reader: PcapReader | PcapngReader
        if magic in PCAP_MAGICS:
            reader = PcapReader(window, self._info, index, ports)
        elif magic == PCAPNG_MAGIC:
            reader = PcapngReader(window, self._info, index, ports, limits, keep_options)
        else:
            raise CaptureError(window.failure) if window.failure else NotACaptureError(_what_else(magic))
        if self._compression is not None:
            self._info.format += f", {self._compression}"
        return reader

    def details(self, record: Record) -> Details:
        """Return what the capture says of the record that was given last, before the next is asked for."""
        return self._reader.details(record)

    def continued(self) -> Continued | None:
        """Let the scan take what continues conversations; None where it cannot, or the octets lie in no map."""
        reader, window = self._reader, self._window
        if fast.scanner is None or window.frames is None:
            return None
        reader.flows = fast.scanner.Flows(window.data)
        return Continued(reader.flows, fast.scanner.Flow, window.frames)

    @property
    def divisible(self) -> int:
        """The octets of a file of which others can scan parts ahead; 0 of what must be read from its beginning."""
        plain = self._compression is None and not self._raw.is_hashed and is_regular(self._info.file)
        return self._info.size or 0 if plain and fast.scanner is not None else 0

    def divide(self, submit: Submit) -> None:
        """Have others scan parts of what is :attr:`divisible`, before the records are asked for."""
        raw, path, size = self._raw, os.path.realpath(self._info.file), self._info.size or 0
        self._reader.parts = raw.parts = Parts(path, raw.identity(), size, raw, self._window, submit)

    def _until_end(self) -> Generator[Record, None, None]:
        yield from self._reader.records()
        self._info.sha256 = self._raw.finish()
        if self._info.size is None or is_url(self._info.file):
            self._info.size = self._raw.octets
        elif self._raw.octets < self._info.size and self._raw.is_shorter_than(self._info.size):
            stop(self._info, f"the file became shorter than {self._info.size} octets while it was read")
        self.close()

    @property
    def octets_read(self) -> int:
        """Octets of the file, as stored, that have been read so far."""
        return self._raw.octets

    def close(self) -> None:
        """Close the file; what maps there are stay until no record refers to them."""
        self._raw.close()


def _sha256() -> Any:
    import hashlib  # costs some ms

    return hashlib.sha256()


class Survey(NamedTuple):
    """What a first look at a capture shows."""

    size: int | None
    format: str
    first_time: int | None
    """Time stamp of its first packet, whatever that is about; None where it has none."""

    @classmethod
    def of(cls, file: str) -> Self:
        """Look at a capture that can be opened again. Raises CaptureError where it cannot be read at all."""
        info = CaptureInfo(file)
        with closing(OpenCapture(info, window_octets=_SURVEYED)) as capture:
            first = next(capture.records, None)
            capture.records.close()
        return cls(info.size, info.format, None if first is None else first.time)


def copy(info: CaptureInfo, into: IO[bytes]) -> None:
    """Copy all that is stored, for another program to read; what a URL leads to is hashed meanwhile.

    Raises CaptureError where it cannot be opened; what breaks off later is copied as far as it comes.
    """
    file = _open(info.file)
    raw = _Raw(file, None, isinstance(file, RemoteFile))
    with closing(raw), memoryview(bytearray(WINDOW_OCTETS)) as room:
        try:
            while octets := raw.readinto(room):
                into.write(room[:octets])
        except OSError as error:
            stop(info, f"reading fails ({error.strerror or error}) after {raw.octets} octets")
        info.sha256 = raw.finish()


def _open(path: str) -> IO[bytes] | RemoteFile:
    if path == STANDARD_INPUT:
        if sys.stdin is None or sys.stdin.closed:
            raise CaptureError("it is closed")
        return sys.stdin.buffer
    try:
        if is_url(path):
            return RemoteFile(path)
        return Path(path).open("rb", buffering=0)
    except FileNotFoundError:
        raise CaptureError("there is no such file") from None
    except PermissionError:
        raise CaptureError("reading it is not permitted") from None
    except (OSError, ValueError) as error:
        raise CaptureError(f"opening it fails ({getattr(error, 'strerror', None) or error})") from None


def _regular_size(file: IO[bytes] | RemoteFile) -> int | None:
    """Return the size of a file of a file system; None for pipes and devices."""
    if isinstance(file, RemoteFile):
        return file.size
    status = os.fstat(file.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def is_regular(path: str) -> bool:
    """Whether a path leads to a file of the file system, which can be opened again and again."""
    return path != STANDARD_INPUT and os.path.isfile(path)  # noqa: PTH113 (never raises)


def stored_size(path: str) -> int | None:
    """Return the size of what can be opened again and again: a file, or what a URL leads to; None of all else."""
    if is_url(path):
        return state_of_file(path)[0]
    return size_of(path) if is_regular(path) else None


def size_of(path: str) -> int:
    """Return the size of a file of the file system; 0 where there is none, or none any more."""
    try:
        return os.path.getsize(path) if is_regular(path) else 0  # noqa: PTH202
    except OSError:
        return 0


def _map(file: IO[bytes], octets: int) -> mmap.mmap | None:
    """Map a file, or make room for a copy of ``octets`` if there are any; None where neither can be had."""
    try:
        return mmap.mmap(-1, octets) if octets else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError, OverflowError):
        # Some file systems cannot, and on 32-bit machines a file may be too large: records then get copies.
        return None


def _what_else(magic: bytes) -> str:
    if not magic:
        return "there is nothing inside of its compression"
    foreign = _FOREIGN_MAGICS.get(magic)
    if foreign is not None:
        return f"it is {foreign}, which --engine tshark can read"
    return f"it is neither pcap nor pcapng: it begins with {magic.hex(' ')}; --engine tshark knows more formats"
