"""One direction of a connection: an index of spans that says where each octet of the stream lies."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate, repeat
from operator import attrgetter, eq
from typing import NamedTuple

from pop2dissect.capture.record import Buffer, FrameRef
from pop2dissect.limits import DEFAULT, Limits

_OFFSET = attrgetter("offset")
_END = attrgetter("end")


class Span(NamedTuple):
    """A run of stream octets that one segment carried: ``data[start:start + length]``."""

    offset: int
    """Of its first octet in the stream."""
    length: int
    frame: int
    time: int
    acknowledged: int | None
    """How much of the peer's stream (as an offset) the sender had received when it sent this; None if unknown."""
    data: Buffer
    start: int

    @property
    def end(self) -> int:
        """Offset after its last octet."""
        return self.offset + self.length


class Gap(NamedTuple):
    """A run of stream octets that existed but are not in the capture."""

    offset: int
    length: int
    reason: str
    """``not captured``, ``cut by the snap length``."""

    @property
    def end(self) -> int:
        """Offset after its last octet."""
        return self.offset + self.length


class Conflict(NamedTuple):
    """Two copies of the same stream octets that differ: what was kept and what was not."""

    offset: int
    length: int
    kept_frame: FrameRef
    kept: bytes
    other_frame: FrameRef
    other: bytes


class Acknowledged(NamedTuple):
    """How much of a stream its receiver acknowledged in all, and the first frame that says so."""

    offset: int
    frame: int


class Stream:
    """What one side of a connection sent: disjoint spans in stream order, and the gaps between them.

    Offsets count from 0 at the first octet after the SYN, or at the first octet known where the
    capture starts in the middle.
    """

    __slots__ = (
        "_lost",
        "_offsets",
        "acknowledged",
        "conflicts",
        "ended_by",
        "finished",
        "fragments",
        "gaps",
        "length",
        "limits",
        "missing",
        "repeated",
        "reset",
        "spans",
        "urgent",
    )

    def __init__(
        self,
        spans: list[Span],
        gaps: list[Gap] | None = None,
        conflicts: list[Conflict] | None = None,
        *,
        finished: bool = False,
        reset: bool = False,
        fragments: dict[int, tuple[int, ...]] | None = None,
        urgent: tuple[int, ...] = (),
        repeated: int = 0,
        limits: Limits = DEFAULT,
        acknowledged: Acknowledged | None = None,
    ) -> None:
        self.spans = spans
        self.gaps = gaps or []
        self.conflicts = conflicts or []
        self.finished = finished
        """The sender ended it with FIN."""
        self.reset = reset
        """The sender ended it with RST."""
        self.ended_by: int | None = None
        """The frame of that FIN, else of the RST; None where there was neither."""
        self.fragments = fragments or {}
        """For each frame that completed a fragmented datagram: the frames of all its fragments."""
        self.urgent = urgent
        """Offsets of octets that were sent as urgent data; most programs do not read them with the others."""
        self.repeated = repeated
        """Octets that were captured again: sent again, or copied by the network or at the place of capture."""
        self.acknowledged = acknowledged
        """None where no acknowledgement was captured."""
        self.limits = limits
        """How much of it those look at who read it: of a line, of a message."""
        self.missing = sum(gap.length for gap in self.gaps)
        last = max(
            spans[-1].offset + spans[-1].length if spans else 0,
            self.gaps[-1].offset + self.gaps[-1].length if self.gaps else 0,
        )
        self.length = last
        """Octets from the start of the stream to its end as far as known, gaps included."""
        self._offsets: list[int] | None = None
        self._lost: list[int] | None = None
        """For each gap, how many bytes lie in those before it."""

    def __eq__(self, other: object) -> bool:
        """Whether the same octets came in the same frames, wherever in memory or in a file they lie."""
        if not isinstance(other, Stream):
            return NotImplemented
        return self._facts() == other._facts() and all(
            map(eq, self.chunks(0, self.length), other.chunks(0, other.length))
        )

    __hash__ = None  # type: ignore[assignment] # as Python has it where only __eq__ is defined

    def _facts(self) -> list[object]:
        spans = [span[: Span._fields.index("data")] for span in self.spans]
        return [spans, *(getattr(self, name) for name in self.__slots__ if name != "spans" and name[0] != "_")]

    def __getstate__(self) -> tuple[None, dict[str, object]]:
        """Return what pickle keeps: the octets themselves, as the file that they lie in may be elsewhere then."""
        state = {name: getattr(self, name) for name in self.__slots__ if name[0] != "_"}
        spans = [
            span._replace(data=bytes(span.data[span.start : span.start + span.length]), start=0) for span in self.spans
        ]
        return None, {**state, "spans": spans, "_offsets": None, "_lost": None}

    @property
    def octets(self) -> int:
        """Octets captured: the length without the gaps."""
        return self.length - self.missing

    def span_index(self, offset: int) -> int:
        """Return the index of the span that holds ``offset``, else of the first one after it."""
        offsets = self._offsets
        if offsets is None:
            offsets = self._offsets = list(map(_OFFSET, self.spans))
        index = bisect_right(offsets, offset) - 1
        if index >= 0:
            span = self.spans[index]
            if offset < span[0] + span[1]:
                return index
        return index + 1

    def overlapping(self, start: int, end: int) -> list[Span]:
        """Return the spans that hold octets of ``start`` to ``end``, in stream order."""
        index = self.span_index(start)
        assert self._offsets is not None
        return self.spans[index : bisect_left(self._offsets, end, index)]

    def chunks(self, start: int, end: int) -> Iterator[memoryview]:
        """Yield the captured octets of ``start`` to ``end`` piece by piece, without copying them."""
        for span in self.overlapping(start, end):
            offset, first = span.offset, span.start
            last = first + span.length
            if offset + span.length > end:
                last = first + end - offset
            if offset < start:
                first += start - offset
            yield memoryview(span.data)[first:last]

    def read(self, start: int, end: int) -> bytes:
        """Return the captured octets of ``start`` to ``end``, those in gaps left out."""
        index = self.span_index(start)
        if index < len(self.spans):
            offset, length, _, _, _, data, first = self.spans[index]
            if offset <= start <= end <= offset + length:  # as nearly all lines do
                return bytes(data[first + start - offset : first + end - offset])
        return b"".join(self.chunks(start, end))

    def sha256(self, start: int = 0, end: int | None = None) -> str:
        """Return the SHA-256, in hexadecimal, of what :meth:`read` gives."""
        digest = hashlib.sha256()
        for chunk in self.chunks(start, self.length if end is None else end):
            digest.update(chunk)
        return digest.hexdigest()

    def octet_at(self, offset: int) -> bytes:
        """Return the octet at an offset; nothing where it lies in a gap or outside of the stream."""
        return self.read(offset, offset + 1) if offset >= 0 else b""

    def missing_between(self, start: int, end: int) -> int:
        """Count the octets of ``start`` to ``end`` that lie in gaps."""
        if not self.gaps:
            return 0
        return self._missing_before(end) - self._missing_before(start) if start < end else 0

    def _missing_before(self, offset: int) -> int:
        """Count the bytes before an offset that lie in gaps: of all gaps but the last by a sum made once."""
        if self._lost is None:
            self._lost = [0, *accumulate(gap.length for gap in self.gaps)]
        index = bisect_left(self.gaps, offset, key=_OFFSET)
        if not index:
            return 0
        last = self.gaps[index - 1]
        return self._lost[index - 1] + min(last.length, offset - last.offset)

    def gap_after(self, offset: int) -> Gap | None:
        """Return the first gap that ends after an offset: the one that it lies in, else the next."""
        index = bisect_right(self.gaps, offset, key=_END)
        return self.gaps[index] if index < len(self.gaps) else None

    def spans_from(self, index: int) -> Iterator[Span]:
        """Yield the spans from an index on, which may be asked for again and again: nothing is copied."""
        return map(self.spans.__getitem__, range(index, len(self.spans)))

    def frames(self, start: int, end: int) -> tuple[FrameRef, ...]:
        """Return the frames that carried the octets ``start`` to ``end``, each once, in stream order."""
        return self.seen(start, end)[1]

    def first_frame(self, start: int, end: int) -> tuple[FrameRef, ...]:
        """Return the first of :meth:`frames`; nothing where no octet was captured."""
        index = self.span_index(start)
        if index == len(self.spans) or self.spans[index].offset >= end:
            return ()
        frame = self.spans[index].frame
        return (FrameRef(self.fragments.get(frame, (frame,))[0]),)

    def _all_frames(self, start: int, end: int) -> tuple[FrameRef, ...]:
        frames = dict.fromkeys([span[2] for span in self.overlapping(start, end)])
        if self.fragments:
            frames = dict.fromkeys(part for frame in frames for part in self.fragments.get(frame, (frame,)))
        return tuple(map(FrameRef, frames))

    def seen(self, start: int, end: int) -> tuple[int | None, tuple[FrameRef, ...]]:
        """Return :meth:`time_at` ``start`` and the :meth:`frames` of the octets; a line lies in one span mostly."""
        offsets = self._offsets
        if offsets is not None and not self.fragments and (index := bisect_right(offsets, start)):
            span = self.spans[index - 1]
            if start < end <= span[0] + span[1]:
                return span[3], (FrameRef(span[2]),)
        return self.time_at(start), self._all_frames(start, end)

    def time_at(self, offset: int) -> int | None:
        """Return the time stamp of the frame that carried an octet; None where it lies in a gap or past the end."""
        index = self.span_index(offset)
        if index < len(self.spans) and self.spans[index].offset <= offset:
            return self.spans[index].time
        return None

    def gap_time(self, gap: Gap) -> int | None:
        """Return the time of the last octet before a gap, else of the first one after it; None if there is neither."""
        before = self.time_at(gap.offset - 1) if gap.offset else None
        return self.time_at(gap.offset + gap.length) if before is None else before

    def spans_and_lateness(self) -> Iterator[tuple[Span, bool]]:
        """Yield the spans in stream order, and whether each was captured after octets that follow it."""
        if self._in_order():
            return zip(self.spans, repeat(False))
        late: list[bool] = []
        earliest = 1 << 63
        for span in reversed(self.spans):
            late.append(span.frame > earliest)
            earliest = min(earliest, span.frame)
        return zip(self.spans, reversed(late), strict=True)

    def _in_order(self) -> bool:
        frames = [span[2] for span in self.spans]
        return frames == sorted(frames)

    def count_late(self) -> int:
        """Count the spans that were captured after octets that follow them."""
        if self._in_order():
            return 0
        late = 0
        earliest = 1 << 63
        for span in reversed(self.spans):
            if span.frame > earliest:
                late += 1
            else:
                earliest = span.frame
        return late
