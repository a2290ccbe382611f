"""Reassembly: from the segments of one direction, in any order, to a stream of disjoint spans.

Everything is decided when the connection is over, so that no buffer limit and no early
acknowledgement can make a hole of what arrives later. A segment costs an entry in an index, not a
copy of its payload.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import islice
from typing import NamedTuple

from pop2dissect.capture.record import FrameRef
from pop2dissect.choices import OverlapPolicy
from pop2dissect.limits import DEFAULT, Limits
from pop2dissect.tcp.stream import Conflict, Gap, Span, Stream

NOT_CAPTURED = "not captured"
CUT_BY_SNAP_LENGTH = "cut by the snap length"


class Cut(NamedTuple):
    """Payload octets that a frame carried on the wire, and that the snap length left out of the capture."""

    offset: int
    length: int


def build_stream(
    pieces: list[Span],
    *,
    ordered: bool,
    cuts: Sequence[Cut] = (),
    doubted: Sequence[Span] = (),
    proven_length: int = 0,
    policy: OverlapPolicy = "first",
    finished: bool = False,
    reset: bool = False,
    fragments: dict[int, tuple[int, ...]] | None = None,
    urgent: tuple[int, ...] = (),
    limits: Limits = DEFAULT,
) -> Stream:
    """Build a stream from what was captured of it.

    ``pieces`` are the payloads in order of arrival, with offsets of 0 or more; ``ordered`` says that
    the first has offset 0 and each begins where the one before it ends. ``cuts`` are runs known to be
    on the wire only, and ``proven_length`` is how much of the stream is known to have existed (by the
    peer's acknowledgements). ``policy`` says which copy of an octet counts where several were captured.
    ``doubted`` are pieces that count only where there is no other.
    """
    conflicts: list[Conflict] = []
    repeated = 0
    if ordered:
        spans = pieces
    else:
        candidates = [*pieces, *doubted] if policy == "first" else [*doubted, *pieces]
        spans = list(_merge_runs(_resolve(candidates, policy)))
        conflicts = list(islice(find_conflicts(candidates, Stream(spans)), limits.conflicts))
        repeated = sum(piece.length for piece in candidates) - sum(span.length for span in spans)
    length = max([proven_length, *(cut.offset + cut.length for cut in cuts)])
    contiguous = spans[-1].end if ordered and spans else 0
    gaps = list(_find_gaps([] if ordered else spans, contiguous, length, cuts))
    return Stream(
        spans,
        gaps,
        conflicts,
        finished=finished,
        reset=reset,
        fragments=fragments,
        urgent=urgent,
        repeated=repeated,
        limits=limits,
    )


def _resolve(pieces: Sequence[Span], policy: OverlapPolicy) -> Iterator[Span]:
    """Cut pieces that may overlap into disjoint runs in stream order.

    A sweep over the offsets with a heap of the pieces that cover the present one, the piece that
    the policy prefers on top: n log n for any input.
    """
    by_offset = sorted(range(len(pieces)), key=lambda arrival: pieces[arrival].offset)
    preference = 1 if policy == "first" else -1
    active: list[tuple[int, int]] = []
    position = 0
    upcoming = 0
    while upcoming < len(by_offset) or active:
        while active and pieces[active[0][1]].end <= position:
            heappop(active)
        if not active:
            if upcoming == len(by_offset):
                break
            position = max(position, pieces[by_offset[upcoming]].offset)
        while upcoming < len(by_offset) and pieces[by_offset[upcoming]].offset <= position:
            arrival = by_offset[upcoming]
            heappush(active, (arrival * preference, arrival))
            upcoming += 1
        piece = pieces[active[0][1]]
        end = piece.end
        if upcoming < len(by_offset):
            end = min(end, pieces[by_offset[upcoming]].offset)
        if end > position:
            yield piece._replace(offset=position, length=end - position, start=piece.start + position - piece.offset)
            position = end


def _merge_runs(runs: Iterable[Span]) -> Iterator[Span]:
    """Join runs that follow each other in the stream and in the same frame."""
    last: Span | None = None
    for run in runs:
        if (
            last is not None
            and last.frame == run.frame
            and last.data is run.data
            and last.end == run.offset
            and last.start + last.length == run.start
        ):
            last = last._replace(length=last.length + run.length)
            continue
        if last is not None:
            yield last
        last = run
    if last is not None:
        yield last


def find_conflicts(pieces: Iterable[Span], kept: Stream) -> Iterator[Conflict]:
    """Yield where a captured copy of some octets differs from the copy that was kept."""
    for piece in pieces:
        for span in kept.overlapping(piece.offset, piece.end):
            if span.data is piece.data and span.start - span.offset == piece.start - piece.offset:
                continue
            first, last = max(span.offset, piece.offset), min(span.end, piece.end)
            ours = span.data[span.start + first - span.offset : span.start + last - span.offset]
            theirs = piece.data[piece.start + first - piece.offset : piece.start + last - piece.offset]
            if ours == theirs:
                continue
            differing = [at for at, (one, other) in enumerate(zip(ours, theirs, strict=True)) if one != other]
            start, end = differing[0], differing[-1] + 1
            frames = FrameRef(span.frame), FrameRef(piece.frame)
            yield Conflict(first + start, end - start, frames[0], ours[start:end], frames[1], theirs[start:end])


def _find_gaps(spans: Iterable[Span], position: int, length: int, cuts: Sequence[Cut]) -> Iterator[Gap]:
    """Yield the holes from ``position`` to ``length`` that no span fills, split by whether a frame carried them."""
    pending = sorted(cuts)
    for span in spans:
        if span.offset > position:
            yield from _explain_hole(position, span.offset, pending)
        position = max(position, span.end)
    if length > position:
        yield from _explain_hole(position, length, pending)


def _explain_hole(start: int, end: int, cuts: list[Cut]) -> Iterator[Gap]:
    """Split a hole into what the snap length cut and what was not captured at all. Uses up ``cuts`` before it."""
    used = 0
    for cut in cuts:
        if cut.offset >= end:
            break
        first, last = max(cut.offset, start), min(cut.offset + cut.length, end)
        if last > first:
            if first > start:
                yield Gap(start, first - start, NOT_CAPTURED)
            yield Gap(first, last - first, CUT_BY_SNAP_LENGTH)
            start = last
        if cut.offset + cut.length <= end:
            used += 1
    if start < end:
        yield Gap(start, end - start, NOT_CAPTURED)
    del cuts[:used]
