"""Reads one capture by itself, and keeps the packets that the dissection would look at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

from pop2dissect.capture.digest import sha256_of
from pop2dissect.capture.extract.facts import Facts, Ports, deciding, state_of
from pop2dissect.capture.record import CaptureInfo, frame_number
from pop2dissect.capture.source import Hold, OpenCapture, Survey, is_regular
from pop2dissect.decode.segment import Segment
from pop2dissect.decode.sieve import Sieve
from pop2dissect.errors import CaptureError
from pop2dissect.limits import Limits


class Kept(NamedTuple):
    """A packet that matters."""

    frame: int
    """Its number in the capture, counted from 1."""
    time: int
    """In ns since 1970-01-01 UTC."""
    interface: int
    link_type: int
    original: int
    """Octets on the wire."""
    place: int | None
    """Where its octets lie in the file; None where that is compressed, or read from a pipe."""
    octets: bytes
    segment: Segment | None
    """What it is by itself; None of a fragment, or of a packet that cannot be decoded."""
    payload_at: int | None
    """Where in the octets the segment's payload begins; None where it is not there as it is."""


class Sifting:
    """The packets of a capture that matter, and the facts about it. Iterate once."""

    def __init__(self, path: str, file: str, ports: Ports, limits: Limits, *, for_now: bool = False) -> None:
        """``file`` is where the capture lies, whatever the working directory; ``path`` is how it is called.

        With ``for_now``, what only a later run needs is not found out: first time, time of change, SHA-256.
        """
        self._ports, self._limits, self._for_now = ports, limits, for_now
        self.facts = Facts(path, file, None if ports is None else sorted(ports), deciding(limits))
        """Complete when all packets have been given."""

    def __iter__(self) -> Iterator[Kept]:
        """Yield the packets that matter. What is wrong with the capture is among the facts."""
        facts = self.facts
        if not self._for_now:
            _, facts.modified = state_of(facts.file)
        try:
            if not self._for_now:
                facts.first = Survey.of(facts.file).first_time
            yield from self._packets()
        except CaptureError as error:
            facts.problem = str(error)
        if not self._for_now:
            facts.sha256 = facts.sha256 or _digest(facts.file, facts.size)

    def _packets(self) -> Iterator[Kept]:
        facts = self.facts
        info = CaptureInfo(facts.path, elsewhere=facts.file)
        keeps = Sieve(self._ports, self._limits).keeps
        # A map is for the places: the octets are copied from it at once.
        hashed = not self._for_now
        with closing(OpenCapture(info, 0, self._ports, Hold.MAP, self._limits, hashed=hashed)) as capture:
            for record in capture.records:
                matters, segment = keeps(record)
                if matters:
                    facts.kept += 1
                    data, start = record.data, record.start
                    yield Kept(
                        frame_number(record.frame),
                        record.time,
                        0 if self._for_now else capture.details(record).interface.number,
                        record.link_type,
                        record.original,
                        None if type(data) is bytes else start,
                        bytes(data[start : start + record.captured]),
                        segment,
                        None if segment is None or segment.data is not data else segment.start - start,
                    )
        facts.size, facts.sha256 = info.size, info.sha256
        if is_regular(facts.file):
            info.sha256 = None  # as it is where it is dissected
        facts.take(info)


def _digest(file: str, size: int | None) -> str | None:
    try:
        return sha256_of(file, size=size) if is_regular(file) else None
    except (OSError, ValueError):
        return None
