"""Reads captures as one: records of several files merged in the order of time."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from heapq import merge
from types import TracebackType
from typing import Protocol, Self

from pop2dissect.capture.damage import stop
from pop2dissect.capture.fast import Continued
from pop2dissect.capture.parts import Submit
from pop2dissect.capture.paths import cannot_be_read, find_captures
from pop2dissect.capture.record import CaptureInfo, Record
from pop2dissect.capture.source import Hold, OpenCapture, Survey, is_regular, size_of
from pop2dissect.capture.url import is_url
from pop2dissect.errors import CaptureError, MissingLibraryError
from pop2dissect.limits import DEFAULT, Limits

MAX_MAPPED = 64
"""With more captures than this, records have octets of their own instead of referring to a map of the file.

A map holds a file descriptor for as long as anything refers to it, and a process may have only so
many: 256 on macOS, 1024 on Linux.
"""

COPIED_OCTETS = 16 << 20
"""Captures of up to so many octets in all are copied into memory while they are read.

A map of a file that another program cuts meanwhile would end this one (SIGBUS). What is larger is mapped all the same:
a copy of it is more memory than the sessions in it need.
"""

_BEFORE_ALL = -(1 << 200)
"""Stands for the first time of a capture without packets; no time stamp of either format is so early."""


class Elsewhere(Protocol):
    """What gives the records of a capture that is not read here."""

    def records(self, info: CaptureInfo, index: int, ports: frozenset[int] | None, *, mapped: bool) -> Iterator[Record]:
        """Yield those that matter for some ports, as the capture would give them; say what is known of the capture.

        Where it would be read through a map (``mapped``), octets have the same places as in it.
        """
        ...


class Ahead(Elsewhere, Protocol):
    """Who reads captures before they are wanted."""

    octets: int
    """Of the captures that have been read so far."""

    def begin(self, captures: Sequence[tuple[int, str]]) -> None:
        """Read captures, each with its index, in this order."""
        ...


class CaptureReader:
    """The packet records of one or more captures, in the order of time. Iterate once; a context manager.

    ``paths`` are files, directories, patterns, URLs and ``-``, as :func:`find_captures` takes them; pcap and
    pcapng, plain or compressed with gzip, bzip2, xz, zstd or lz4, all told by their first octets. With
    ``ports``, records that plainly cannot be TCP on one of these are left out, though counted; None
    leaves out nothing. Each file's own order is kept: records are merged by comparing the next of each.

    A damaged or cut capture gives what precedes the damage, and its :class:`CaptureInfo` says so. With
    several captures, one that cannot be read at all has the reason in its ``warnings`` and the others
    are read. CaptureError is raised only when none can be read; one that is a MissingLibraryError too if
    all that is missing is a library.
    """

    def __init__(
        self,
        paths: Sequence[str | os.PathLike[str]],
        *,
        ports: frozenset[int] | None = None,
        max_mapped: int = MAX_MAPPED,
        limits: Limits = DEFAULT,
    ) -> None:
        found = find_captures(paths)
        self._extracted = {index: one.extracted for index, one in enumerate(found) if one.extracted is not None}
        self._elsewhere: dict[int, Elsewhere] = {**self._extracted}
        """What gives the records of captures that are not read here, by index."""
        self._ahead: Ahead | None = None
        self.captures = [CaptureInfo.of(one.path) for one in found]
        """The facts about each capture, in reading order; final once all records have been read."""
        self._ports = ports
        self._limits = limits
        self._hold = _how_to_hold([one.path for one in found], max_mapped)
        self._open: dict[int, OpenCapture] = {}
        self._octets_closed = 0
        self._first_times: dict[int, int] = {}
        """Of captures that are opened when their turn comes, by index."""
        self._records = self._merge()
        problems: list[CaptureError] = []
        for index, one in enumerate(found):
            try:
                if one.problem is not None:
                    raise CaptureError(one.problem)
                self._prepare(index, one.survey, alone=len(found) == 1)
            except CaptureError as error:
                problem = cannot_be_read(one.path, error)
                self.captures[index].warnings.append(str(problem))
                problems.append(problem)
        if len(problems) == len(found):
            self.close()
            raise _none_readable(problems)

    def _prepare(self, index: int, survey: Survey | None, alone: bool) -> None:
        """Open a capture; but of several files only to learn the first time, so that few are open at once."""
        info = self.captures[index]
        if index in self._extracted:
            first_time = self._extracted[index].survey(info, self._ports, self._limits)
            self._first_times[index] = _BEFORE_ALL if first_time is None else first_time
            return
        if alone or not (is_regular(info.path) or is_url(info.file)):
            self._open[index] = self._open_capture(index)
            return
        survey = survey or Survey.of(info.file)
        info.size, info.format = survey.size, survey.format
        self._first_times[index] = _BEFORE_ALL if survey.first_time is None else survey.first_time

    def _open_capture(self, index: int) -> OpenCapture:
        return OpenCapture(self.captures[index], index, self._ports, self._hold, self._limits)

    def files(self) -> list[int]:
        """Return the sizes of the captures that others could read for this one."""
        return [self.captures[index].size or 0 for index in self._first_times if index not in self._extracted]

    @property
    def divisible(self) -> int:
        """The octets of the only capture, if others can scan parts of it ahead."""
        return self._open[0].divisible if len(self.captures) == 1 and self._open else 0

    def divide(self, submit: Submit) -> None:
        """Have others do that. To be called before the iteration."""
        self._open[0].divide(submit)

    def leave_to(self, ahead: Ahead) -> None:
        """Have others read those captures; they begin with what comes first. To be called before the iteration."""
        waiting = sorted((time, index) for index, time in self._first_times.items() if index not in self._extracted)
        self._elsewhere.update((index, ahead) for _, index in waiting)
        self._ahead = ahead
        ahead.begin([(index, self.captures[index].file) for _, index in waiting])

    def __iter__(self) -> Iterator[Record]:
        return self._records

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def continued(self) -> Continued | None:
        """Let the scan take what continues conversations, before the iteration; None where it cannot.

        Records of several captures are merged one by one, and an extract is not scanned.
        """
        return self._open[0].continued() if len(self.captures) == 1 and self._open else None

    def close(self) -> None:
        """End the iteration and close the files. Records already given stay valid."""
        self._records.close()
        for index in list(self._open):
            self._close_capture(index)

    @property
    def octets_read(self) -> int:
        """Octets of all captures, as stored, that have been read so far: for showing progress."""
        ahead = 0 if self._ahead is None else self._ahead.octets
        return self._octets_closed + ahead + sum(capture.octets_read for capture in self._open.values())

    def _close_capture(self, index: int) -> None:
        capture = self._open.pop(index)
        capture.records.close()
        self._octets_closed += capture.octets_read
        capture.close()

    def _merge(self) -> Generator[Record, None, None]:
        if len(self.captures) == 1 and self._open:
            yield from self._open[0].records
            self._close_capture(0)
            return
        indexes = [*self._open, *self._first_times]
        for _, _, record in merge(*map(self._in_turn, indexes)):
            if record is not None:
                yield record

    def _in_turn(self, index: int) -> Iterator[tuple[int, int, Record | None]]:
        """Yield the records of a capture as the merge compares them, by time and then by capture.

        The first of one that is not open yet has no record: when its turn has come the capture is opened.
        """
        if index in self._first_times:
            yield self._first_times[index], index, None
            if index in self._elsewhere:
                yield from self._records_from_elsewhere(index)
                return
            try:
                self._open[index] = self._open_capture(index)
            except CaptureError as error:
                stop(self.captures[index], str(cannot_be_read(self.captures[index].path, error)))
                return
        for record in self._open[index].records:
            yield record.time, index, record
        self._close_capture(index)

    def _records_from_elsewhere(self, index: int) -> Iterator[tuple[int, int, Record]]:
        info = self.captures[index]
        mapped = self._hold is not Hold.FRAMES
        for record in self._elsewhere[index].records(info, index, self._ports, mapped=mapped):
            yield record.time, index, record
        if index in self._extracted:
            self._octets_closed += info.size or 0


def _how_to_hold(paths: Sequence[str], max_mapped: int) -> Hold:
    """Return where the octets of records are to lie, for all captures alike."""
    if len(paths) > max_mapped:
        return Hold.FRAMES
    return Hold.MAP if are_mapped(paths) else Hold.COPY


def are_mapped(paths: Sequence[str]) -> bool:
    """Whether captures are too large for copies in memory, and so are read through maps, if they are not too many."""
    return sum(map(size_of, paths)) > COPIED_OCTETS


def _none_readable(problems: list[CaptureError]) -> CaptureError:
    if not problems:
        return CaptureError("no capture is given")
    first = problems[0]
    if len(problems) == 1:
        return first
    libraries_only = all(isinstance(problem, MissingLibraryError) for problem in problems)
    kind = type(first) if libraries_only else CaptureError
    return kind(f"none of the {len(problems)} captures can be read; the first: {first}")
