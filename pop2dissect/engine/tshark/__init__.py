"""The engine that leaves reading and decoding to tshark: for captures and link layers that only Wireshark knows.

tshark reads the file, takes the layers off and puts IP fragments together. Which connection a segment
belongs to, reassembly with gaps and conflicts, and POP2 itself are ours, as with the native engine.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from heapq import heappop, heappush, heapreplace
from pathlib import Path

from pop2dissect.capture.damage import stop
from pop2dissect.capture.paths import Found, find_captures, printable
from pop2dissect.capture.record import FRAME_BITS, CaptureInfo
from pop2dissect.capture.source import STANDARD_INPUT, copy
from pop2dissect.capture.url import is_url
from pop2dissect.decode.problems import Problems
from pop2dissect.decode.segment import Segment
from pop2dissect.engine.tshark.facts import gather_facts
from pop2dissect.engine.tshark.fields import RowReader
from pop2dissect.engine.tshark.process import TsharkRun
from pop2dissect.engine.tshark.programs import find_programs
from pop2dissect.errors import CaptureError, UsageError
from pop2dissect.text.values import count

__all__ = ["TsharkEngine"]

_BEFORE_ALL = -(1 << 200)
"""Stands for the first time of a capture without packets."""


class TsharkEngine:
    """As :class:`pop2dissect.engine.Engine`. A capture that cannot be read has the reason in its ``warnings``.

    Captures may have any format that Wireshark reads. ``options`` are its preferences, such as
    ``wlan.enable_decryption:TRUE``. Standard input is put aside in a temporary file, since it is read twice.
    Raises MissingProgramError where tshark is missing or too old, CaptureError where no capture can be read.
    """

    def __init__(
        self,
        paths: Sequence[str],
        *,
        ports: frozenset[int] | None,
        verify_checksums: bool = False,
        options: Sequence[str] = (),
    ) -> None:
        self._programs = find_programs()
        self._ports = ports
        self._verify = verify_checksums
        self._options = tuple(options)
        self._problems = Problems()
        self._held = ExitStack()
        self._segments = self._merge()
        found = find_captures(paths)
        if any(one.extracted for one in found):
            raise UsageError("an extract is read by pop2dissect itself: --engine tshark needs the captures")
        self.captures = [CaptureInfo.of(one.path) for one in found]
        self._files = [one.path for one in found]
        """Where each capture can be read; standard input has a file of its own."""
        self._waiting: list[tuple[int, int]] = []
        """First time and index of captures that are not open yet, the earliest last."""
        self._octets_read = 0
        unreadable = [problem for index, one in enumerate(found) if (problem := self._prepare(index, one))]
        if len(unreadable) == len(found):
            self.close()
            raise CaptureError(unreadable[0] if unreadable else "no capture is given")
        self._waiting.sort(reverse=True)

    def _prepare(self, index: int, found: Found) -> str | None:
        """Gather the facts about a capture; give a sentence where it cannot be read."""
        info = self.captures[index]
        try:
            if found.problem is not None:
                raise CaptureError(found.problem)
            if found.path == STANDARD_INPUT or is_url(found.path):
                self._files[index] = self._put_aside(info)
            gather_facts(self._programs.capinfos, _argument(self._files[index]), info)
        except CaptureError as error:
            name = "standard input" if found.path == STANDARD_INPUT else printable(found.path)
            info.warnings.append(f"{name} cannot be read: {error}")
            return info.warnings[-1]
        self._waiting.append((_BEFORE_ALL if info.first_time is None else info.first_time, index))
        return None

    def _put_aside(self, info: CaptureInfo) -> str:
        folder = self._held.enter_context(tempfile.TemporaryDirectory(prefix="pop2dissect-"))
        path = Path(folder) / "capture"
        with path.open("wb") as file:
            copy(info, file)
        return str(path)

    def __iter__(self) -> Iterator[Segment]:
        return self._segments

    def continued(self) -> None:
        """Nothing: each segment comes from tshark."""
        return

    @property
    def octets_read(self) -> int:
        """Octets of the captures that have been read to their ends."""
        return self._octets_read

    def warnings(self) -> list[str]:
        """Return a sentence for each kind of packet with TCP that tshark could not decode."""
        return [str(problem) for problem in self._problems.values()]

    def close(self) -> None:
        """End the iteration and the programs. Segments already given stay valid."""
        self._segments.close()
        self._held.close()

    def _merge(self) -> Generator[Segment, None, None]:
        """Merge the captures by comparing the next segment of each; each keeps its own order."""
        heads: list[tuple[int, int, Segment]] = []
        open_captures: dict[int, Iterator[Segment]] = {}
        while heads or self._waiting:
            while self._waiting and (not heads or self._waiting[-1][0] <= heads[0][0]):
                _, index = self._waiting.pop()
                open_captures[index] = self._read(index)
                first = next(open_captures[index], None)
                if first is not None:
                    heappush(heads, (first.time, index, first))
            if not heads:
                continue
            _, index, segment = heads[0]
            yield segment
            following = next(open_captures[index], None)
            if following is None:
                heappop(heads)
            else:
                heapreplace(heads, (following.time, index, following))

    def _read(self, index: int) -> Iterator[Segment]:
        info, path = self.captures[index], _argument(self._files[index])
        run = TsharkRun(self._programs.tshark, path, self._ports, self._verify, self._options)
        self._held.callback(run.close)
        rows = RowReader(self._ports, self._problems, index << FRAME_BITS)
        for line in run:
            yield from rows.segments(line)
        failure = run.failure()
        run.close()
        if failure is not None:
            stop(info, f"tshark stops after {count(info.packets, 'packet')}: {failure}")
        self._octets_read += info.size or 0


def _argument(path: str) -> str:
    """Return a path as no program takes for an option, nor for standard input."""
    return str(Path(path).absolute()) if path.startswith("-") else path
