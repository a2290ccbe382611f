"""Gives the captures of an extract as records, as reading the captures themselves would."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from pop2dissect.capture.extract.facts import METADATA, Facts, Ports
from pop2dissect.capture.portfilter import PortFilter
from pop2dissect.capture.record import FRAME_BITS, Buffer, CaptureInfo, KnownBefore, Record
from pop2dissect.capture.window import RELEASE_OCTETS
from pop2dissect.errors import CaptureError, UsageError
from pop2dissect.limits import Limits
from pop2dissect.optional import extra

INDEX = "captures.parquet"
PACKETS = "packets"
_COLUMNS = ["frame", "time", "time_exact", "link_type", "octets", "original", "place"]
_AT_ONCE = 1 << 12
"""Packets that are made records of at a time."""


Row: TypeAlias = tuple[int, int, int, bytes, int, int | None]
"""Of a packet its frame number, time, link type, octets, length on the wire, and place in the file."""


def parquet() -> Any:
    """Return pyarrow's module for Parquet. Raises MissingLibraryError, which says how to install it."""
    with extra("parquet"):
        import pyarrow.parquet
    return pyarrow.parquet


def is_extract(path: str) -> bool:
    """Whether a path leads to an extract, complete or begun: any folder may have one called ``packets``."""
    try:
        names = [entry.name for entry in Path(path).iterdir()]
    except (OSError, ValueError):
        return False
    begun = PACKETS in names and all(name == PACKETS or name.startswith(".") for name in names)
    return INDEX in names or begun


class Extract(NamedTuple):
    """The captures of an extract, and whether they were few and small enough to look at all of their ports."""

    captures: list[Facts]
    small: bool


def octets_if_small(folder: str) -> int | None:
    """Return the octets of the captures of an extract, if they were small enough to look at all ports."""
    try:
        with parquet().ParquetFile(Path(folder) / INDEX) as file:
            small = file.metadata.metadata[METADATA] == b"small"
        return sum(facts.size or 0 for facts in read_extract(folder).captures) if small else None
    except (CaptureError, OSError, ValueError, KeyError, TypeError):
        return None  # whoever reads it says what is wrong


def read_extract(folder: str) -> Extract:
    """Read an extract's index. Raises CaptureError where it is not complete, or damaged."""
    index = Path(folder) / INDEX
    if not index.exists():
        raise CaptureError("the extract is not complete; pop2dissect extract completes it")
    captures: list[Facts] = []
    try:
        with parquet().ParquetFile(index) as file:  # a table would take pandas along
            for batch in file.iter_batches(_AT_ONCE, columns=["facts"], use_threads=False):
                for text in batch.column("facts").to_pylist():
                    captures.append(Facts.of_json(text))
                    captures[-1].share(captures[0])
            small = file.metadata.metadata[METADATA] == b"small"
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CaptureError(f"the index of the extract cannot be read ({error})") from None
    return Extract(captures, small)


class Extracted:
    """One capture of an extract."""

    def __init__(self, folder: str, facts: Facts) -> None:
        self.facts = facts
        self.path = Path(folder) / PACKETS / facts.name

    @property
    def file(self) -> str:
        """Where the capture itself lies: its path as it was given, if that still leads there."""
        return self.facts.path if located(self.facts.path) == self.facts.file else self.facts.file

    def survey(self, info: CaptureInfo, ports: Ports, limits: Limits) -> int | None:
        """Begin to say what is known of the capture; return the time stamp of its first packet.

        Raises CaptureError where it could not be read, UsageError where other packets were kept than those that matter.
        """
        facts = self.facts
        info.before = KnownBefore(facts.sha256, facts.modified)
        if self.file != info.path:
            info.elsewhere = self.file
        if facts.problem is not None:
            raise CaptureError(facts.problem)
        if not facts.covers(ports, limits):
            raise UsageError(f"{self.path.parent.parent} has not all that is asked for: {self._missing(ports)}")
        info.size, info.format = facts.size, facts.info["format"]
        return facts.first

    def _missing(self, ports: Ports) -> str:
        kept = self.facts.ports
        if kept is not None and (ports is None or not ports <= set(kept)):
            has = f"of {self.facts.path} it has the packets of the ports {', '.join(map(str, sorted(kept)))} alone"
            return f"{has}; extract again with --any-port, or with --port for each that is wanted"
        limits = " ".join(f"--limit {name}={number}" for name, number in self.facts.limits.items())
        return f"{self.facts.path} was extracted with {limits}; give the same here, or extract again"

    def records(self, info: CaptureInfo, index: int, ports: Ports, *, mapped: bool) -> Iterator[Record]:
        """Yield the packets that matter for these ports, as the capture itself would give them.

        Where a reader of the capture would refer to a map of it (``mapped``), octets lie in a map too, at the places
        where they are in the capture.
        """
        if self.facts.kept:
            yield from records_of(self._rows(), self.facts, index, ports, mapped=mapped)
        self.facts.give(info)

    def _rows(self) -> Iterator[Row]:
        try:
            with parquet().ParquetFile(self.path) as file:
                if Facts.of_json(file.metadata.metadata[METADATA]).sha256 != self.facts.sha256:
                    raise ValueError("it is of another state of the capture")
                for batch in file.iter_batches(_AT_ONCE, columns=_COLUMNS, use_threads=False):
                    yield from _rows(batch)
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise CaptureError(f"{self.path} cannot be read ({error}); extract again", path=str(self.path)) from None


def records_of(rows: Iterable[Row], facts: Facts, index: int, ports: Ports, *, mapped: bool) -> Iterator[Record]:
    """Yield as records the packets that matter for these ports, of those that were kept of a capture."""
    reference = index << FRAME_BITS
    with _Places(facts.size or 0) as places:
        for number, time, link_type, octets, original, place in rows:
            captured = len(octets)
            if _skips(ports, link_type)(octets, 0, captured):
                continue
            data, start = (octets, 0) if place is None or not mapped else places.put(octets, place)
            yield Record(reference + number, time, link_type, data, start, captured, original)


@lru_cache(maxsize=64)
def _skips(ports: Ports, link_type: int) -> Callable[[bytes | bytearray, int, int], bool]:
    return PortFilter(ports, link_type).skips


def _rows(batch: Any) -> Iterator[Row]:
    import pyarrow as pa

    frames, times, exact, link_types, octets, originals, places = (batch.column(name) for name in _COLUMNS)
    stamps = times.view(pa.int64()).to_pylist()  # a cast would take all of pyarrow's functions along
    if times.null_count:
        beyond = exact.to_pylist()
        stamps = [int(beyond[at]) if stamp is None else stamp for at, stamp in enumerate(stamps)]
    columns = (frames, link_types, octets, originals, places)
    numbers, links, packets, lengths, starts = (column.to_pylist() for column in columns)
    return zip(numbers, stamps, links, packets, lengths, starts, strict=True)


class _Places:
    """A map of a capture in which only what was put there takes up room. A context manager."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._file: Any = None
        self._map: mmap.mmap | None = None
        self._since = 0

    def __enter__(self) -> _Places:
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()  # the map stays while records refer to it

    def put(self, octets: bytes, place: int) -> tuple[Buffer, int]:
        """Put octets at a place; return where they lie."""
        if not octets:
            return b"", 0
        if self._map is None:
            import tempfile  # costs some ms

            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (it stays open)
            self._file.truncate(self._size)
            self._map = mmap.mmap(self._file.fileno(), self._size, access=mmap.ACCESS_READ)
        self._file.seek(place)
        self._file.write(octets)
        self._since += len(octets)
        if self._since > RELEASE_OCTETS and hasattr(self._map, "madvise"):
            self._map.madvise(mmap.MADV_DONTNEED)
            self._since = 0
        return self._map, place


def located(path: str) -> str:
    """Return where a path leads, whatever the working directory; the address of something else as it is."""
    return path if "://" in path else os.path.realpath(path)
