"""What a capture file gives: packet records, and the facts about the file itself."""

from __future__ import annotations

import mmap
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Self, TypeAlias

from pop2dissect.capture.url import is_url, without_credentials

Buffer: TypeAlias = bytes | mmap.mmap
"""Where octets lie: a memory map of the capture file, or an object of their own (compressed input, pipes)."""

FRAME_BITS = 40
"""A frame reference holds the frame number in its low 40 bits and the capture's index above them.

With one capture a reference *is* the frame number, as Wireshark counts it. 2**40 frames need a
capture of at least 17 TB, more than either file format is used for.
"""
_FRAME_MASK = (1 << FRAME_BITS) - 1


def frame_number(reference: int) -> int:
    """Return the frame number, counted from 1 in its own capture, of a frame reference."""
    return reference & _FRAME_MASK


def capture_index(reference: int) -> int:
    """Return the index, from 0 in reading order, of the capture that a frame reference points into."""
    return reference >> FRAME_BITS


class FrameRef(int):
    """A frame reference as people use it: ``18``, or of the second capture ``2:18``, both counted from 1.

    It is the integer that it is made of, so references compare, sort and hash as ever. It is made where the model of
    sessions is, and not for each packet.
    """

    __slots__ = ()

    @classmethod
    def of(cls, capture: int, number: int) -> Self:
        """Make a reference of a capture's number in the order of reading, and a frame's in it, both counted from 1."""
        return cls((capture - 1 << FRAME_BITS) | number)

    @property
    def capture(self) -> int:
        """Which capture it is in, counted from 1 in the order of reading."""
        return (self >> FRAME_BITS) + 1

    @property
    def number(self) -> int:
        """Its number in that capture, counted from 1, as Wireshark counts."""
        return self & _FRAME_MASK

    def __str__(self) -> str:
        return f"{self.capture}:{self.number}" if self >> FRAME_BITS else int.__repr__(self)

    __repr__ = __str__


def frame_text(reference: int) -> str:
    """Name a frame in a sentence: ``frame 5``, or where it is not of the first capture ``frame 2:5``."""
    return f"frame {FrameRef(reference)}"


class Record(NamedTuple):
    """One packet record of a capture: its frame's octets are ``data[start:start + captured]``."""

    frame: int
    """Frame reference (see :data:`FRAME_BITS`)."""
    time: int
    """Time stamp in ns since 1970-01-01 UTC."""
    link_type: int
    """LINKTYPE_ value of the interface, as registered by tcpdump.org."""
    data: Buffer
    start: int
    captured: int
    """Octets of the frame in the capture."""
    original: int
    """Octets of the frame on the wire; more than ``captured`` where the snap length cut it."""


class Option(NamedTuple):
    """An option of a pcapng block (draft-ietf-opsawg-pcapng, section 3.5)."""

    code: int
    value: bytes


class Interface(NamedTuple):
    """What packets were captured from; its time stamps count what its if_tsresol option says, by default 1 us."""

    number: int
    """Counted from 0 over all sections of the capture; 0 in a format without interfaces."""
    link_type: int
    snap_length: int
    options: tuple[Option, ...]


class Details(NamedTuple):
    """What a capture says of a packet beside its record: for writing it again unchanged."""

    interface: Interface
    stamp: int
    """The time stamp, in the interface's unit."""
    options: tuple[Option, ...]
    """Those that are known to mean the same in any file."""


class CaptureKind(Enum):
    """The family of formats that a capture file is of."""

    PCAP = "pcap"
    """Any variant of pcap: one link type, and time stamps in one unit."""
    PCAPNG = "pcapng"
    OTHER = "other"
    """A format that only tshark reads."""


class KnownBefore(NamedTuple):
    """What is known of a capture's file because it was read at an earlier time, into an extract."""

    sha256: str | None
    modified: int | None
    """When it had last been changed, ns since 1970-01-01 UTC."""


@dataclass(slots=True)
class CaptureInfo:
    """The facts about one capture file; they are final once its records have all been read."""

    path: str
    """As given by the user, or by an earlier result, without credentials; ``-`` for standard input."""
    size: int | None = None
    """Octets of the file as stored (compressed where it is); None where not yet known (a pipe)."""
    format: str = ""
    """For a person: ``pcap``, ``pcap (nanoseconds)``, ``pcapng``, with ``, gzip`` and the like added."""
    kind: CaptureKind | None = None
    """None of a file that cannot be read at all."""
    time_digits: int | None = None
    """Decimal digits of a second, at most 9, that its time stamps have; the most of its interfaces. None if unknown."""
    link_types: list[int] = field(default_factory=list)
    """LINKTYPE_ values of its interfaces, each once, in order of appearance."""
    snap_length: int | None = None
    """The largest snap length of its interfaces in octets; None where none is stated."""
    packets: int = 0
    first_time: int | None = None
    """Earliest time stamp, ns since 1970-01-01 UTC."""
    last_time: int | None = None
    """Latest time stamp, ns since 1970-01-01 UTC."""
    truncated: bool = False
    """The file ends inside a record or is damaged: what follows ``packets`` could not be read."""
    warnings: list[str] = field(default_factory=list)
    """Sentences for a person: damage with byte offset and frame, packets that could not be decoded."""
    before: KnownBefore | None = None
    """What an extract has of it: then its packets come from there, and the file is not read."""
    sha256: str | None = None
    """Of the octets as stored, in hexadecimal, where they were hashed while they were read to the end."""
    elsewhere: str | None = field(default=None, repr=False)
    """Where the file lies, if not under its path: an earlier result has another, or it is a URL with credentials."""

    @classmethod
    def of(cls, file: str) -> Self:
        """Begin with a file, by the name that it may be shown with."""
        path = without_credentials(file) if is_url(file) else file
        return cls(path, elsewhere=None if path == file else file)

    @property
    def file(self) -> str:
        """Where the file lies."""
        return self.path if self.elsewhere is None else self.elsewhere
