"""Connections that were captured twice: by two taps, with any difference between their clocks, or around a NAT.

A copy has the same initial sequence numbers and the same bytes, and comes after the same time everywhere. What has the
same numbers but other bytes, or another rhythm, is another connection.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from pop2dissect.capture.record import frame_text
from pop2dissect.tcp.connection import Connection
from pop2dissect.tcp.reassembly import build_stream, find_conflicts
from pop2dissect.tcp.sender import Sender
from pop2dissect.tcp.sequence import difference
from pop2dissect.tcp.stream import Span
from pop2dissect.text.values import count, duration

RHYTHM = 10**8
"""By how much, in ns, the time between a segment and its copy may vary, besides a hundredth of how long it all took:
taps hand over packets in batches, and clocks drift."""

REPEATED_AT_LEAST = 3
"""Segments that must have come again before a connection can be said to have been captured twice."""

MAX_REMEMBERED_SPANS = 64
"""Spans of each stream that are remembered of a connection that was given out, and one in so many after them."""

MAX_LISTED = 20
"""Connections captured again that a warning is made for; others are counted."""

_Known = dict[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Imprint:
    """What is remembered of a connection: enough to know it when it is captured again."""

    key: bytes
    initials: tuple[int, int]
    first_frame: int
    start: int
    lengths: tuple[int, int]
    known: tuple[_Known, _Known]
    """For each stream: offset and length of a span -> hash of its bytes, and its time."""
    whole: bool
    """All spans are remembered."""


@dataclass(slots=True)
class _Match:
    """How one connection's spans compare to what is known of another."""

    same: int = 0
    different: int = 0
    unknown: int = 0
    """Only the copy has them."""
    missed: int = 0
    """Only the first capture has them."""
    odd_frame: int = 0
    """The first frame that is different."""
    least: int = 0
    most: int = 0
    """Time from a span to its copy, in ns."""

    def add(self, delay: int) -> None:
        """Count a span that is the same."""
        self.least = min(self.least, delay) if self.same else delay
        self.most = max(self.most, delay) if self.same else delay
        self.same += 1

    def differ(self, span: Span) -> None:
        """Count a span that has other bytes."""
        self.different += 1
        self.odd_frame = self.odd_frame or span.frame

    def is_alike(self, lasted: int) -> bool:
        """Whether so much is the same that where it differs one of two sensors had other bytes, or a program began anew
        with the same numbers."""
        return self.same >= REPEATED_AT_LEAST and self.has_rhythm(lasted)

    def disagreements(self) -> str:
        """Say what one sensor had and the other had not."""
        counts = [(self.missed, "the first time"), (self.unknown, "the second time")]
        said = [f"{count(number, 'segment')} with payload only {when}" for number, when in counts if number]
        return f"; {' and '.join(said)}" if said else ""

    def has_rhythm(self, lasted: int) -> bool:
        """Whether all copies came after the same time."""
        return self.most - self.least <= RHYTHM + lasted // 100


class Copies:
    """Remembers connections that were given out, at most ``limit``, and says which were captured again."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._imprints: OrderedDict[tuple[int, int], Imprint] = OrderedDict()
        """By the two initial sequence numbers, which a NAT leaves as they are."""
        self._by_syn: dict[tuple[bytes, int], Imprint] = {}
        """By flow key and initial sequence number of the client."""
        self._warnings: list[str] = []
        self._unlisted = 0

    def remember(self, connection: Connection) -> None:
        """Remember a connection whose streams are built, if both its initial sequence numbers were captured."""
        initials = _initials(connection)
        if initials is None or connection.streams is None:
            return
        client, server = connection.streams
        imprint = Imprint(
            connection.client_key,
            initials,
            connection.first_frame,
            connection.start,
            (client.length, server.length),
            (_known(client.spans), _known(server.spans)),
            max(len(client.spans), len(server.spans)) <= MAX_REMEMBERED_SPANS,
        )
        for old in (self._imprints.pop(initials, None), self._by_syn.get((imprint.key, initials[0]))):
            if old is not None:
                self._by_syn.pop((old.key, old.initials[0]), None)
                self._imprints.pop(old.initials, None)
        self._imprints[initials] = self._by_syn[imprint.key, initials[0]] = imprint
        while len(self._imprints) > self._limit:
            _, oldest = self._imprints.popitem(last=False)
            self._by_syn.pop((oldest.key, oldest.initials[0]), None)

    def begun_with(self, key: bytes, initial: int) -> bool:
        """Whether a connection that was given out began with a SYN of the same numbers."""
        return (key, initial) in self._by_syn

    def is_copy(self, connection: Connection) -> bool:
        """Whether a connection is only a copy of one that was given out; other likeness is noted with it."""
        initials = _initials(connection)
        imprint = self._imprints.get(initials) if initials is not None else None
        if imprint is None:
            return False
        match = _Match()
        for pieces, known in zip((connection.client.pieces, connection.server.pieces), imprint.known, strict=True):
            for span in pieces.spans:
                found = known.get((span.offset, span.length))
                if found is None:
                    match.unknown += imprint.whole
                elif found[0] != _hash(span):
                    match.differ(span)
                else:
                    match.add(span.time - found[1])
            if imprint.whole:
                match.missed += len(known.keys() - {(span.offset, span.length) for span in pieces.spans})
        longer = (
            connection.client.pieces.highest > imprint.lengths[0]
            or connection.server.pieces.highest > imprint.lengths[1]
        )
        delay = _delay(connection.start - imprint.start)
        if match.different and match.is_alike(connection.end - connection.start):
            _note_differences(connection, imprint.first_frame, match, delay)
        if match.different or longer or not match.same or not match.has_rhythm(connection.end - connection.start):
            return False
        if imprint.key != connection.client_key:
            if match.same >= REPEATED_AT_LEAST and not match.unknown:
                connection.note(
                    f"the same sequence numbers and bytes as the connection that began with "
                    f"{frame_text(imprint.first_frame)}, {delay}: most likely the same one, "
                    "on the other side of an address translation",
                    connection.first_frame,
                )
            return False
        if match.unknown:
            connection.note(
                f"the connection that began with {frame_text(imprint.first_frame)} captured again, {delay}, "
                "with bytes that the first capture of it lacks",
                connection.first_frame,
            )
            return False
        self._warn(connection, imprint, delay + match.disagreements())
        return True

    def _warn(self, connection: Connection, imprint: Imprint, delay: str) -> None:
        if len(self._warnings) >= MAX_LISTED:
            self._unlisted += 1
            return
        self._warnings.append(
            f"The connection that began with {frame_text(imprint.first_frame)} was captured again, {delay}, with the "
            f"same sequence numbers and bytes ({connection.packets:,} packets from "
            f"{frame_text(connection.first_frame)} on): it counts once"
        )

    def warnings(self) -> list[str]:
        """Return a sentence for each connection that was captured again after it had been given out."""
        more = [f"{self._unlisted:,} more connections were captured again, and count once"] if self._unlisted else []
        return self._warnings + more


def absorb(original: Connection, copy: Connection) -> Connection | None:
    """Let one of two connections that began with the same number take up the other, if they are one.

    The one of which more was captured stays, and the other is returned; None, where they are two.
    """
    match = _Match()
    shifts = []
    for ours, theirs in zip(original.ends, copy.ends, strict=True):
        shift = _shift(ours, theirs)
        if shift is None or (ours.fin is not None and theirs.pieces.highest + shift > ours.fin):
            return None
        shifts.append(shift)
        kept = build_stream(list(ours.pieces.spans), ordered=False)
        spans = [span._replace(offset=span.offset + shift) for span in theirs.pieces.spans]
        odd = {conflict.other_frame for conflict in islice(find_conflicts(spans, kept), MAX_LISTED)}
        times = {(span.offset, span.length): span.time for span in reversed(ours.pieces.spans)}
        for span in spans:
            if span.frame in odd:
                match.differ(span)
            elif (span.offset, span.length) in times:
                match.add(span.time - times[span.offset, span.length])
            else:
                match.unknown += 1
        match.missed += len(times.keys() - {(span.offset, span.length) for span in spans})
    delay = _delay(copy.start - original.start)
    if match.different:
        if match.is_alike(copy.end - copy.start):
            _note_differences(copy, original.first_frame, match, delay)
        return None
    has_rhythm = match.has_rhythm(copy.end - copy.start)
    if all(copy.handshake) and not has_rhythm:
        return None
    first, second = (copy, original) if _extent(copy) > _extent(original) else (original, copy)
    if match.same and has_rhythm:
        first.note(
            f"captured again, {delay}, with the same sequence numbers and bytes, and counted once"
            + match.disagreements(),
            copy.first_frame,
        )
    for ours, theirs, shift in zip(original.ends, copy.ends, shifts, strict=True):
        if shift and ours.space.initial is None:
            original.move(ours, -shift)
        elif shift:
            copy.move(theirs, shift)
    first.absorb(second)
    return second


def _shift(ours: Sender, theirs: Sender) -> int | None:
    """Return what must be added to the offsets of one index to have those of another; None: they are two streams."""
    if ours.space.base is None or theirs.space.base is None:
        return 0
    shift = difference(theirs.space.base, ours.space.base)
    is_sure = None not in (ours.space.initial, theirs.space.initial)
    return None if abs(shift) > (0 if is_sure else ours.limits.unseen_octets) else shift


def _extent(connection: Connection) -> tuple[int, int]:
    """Return how much of a connection was captured: segments with payload, then parts of the handshake."""
    return sum(len(sender.pieces.spans) for sender in connection.ends), sum(connection.handshake)


def _note_differences(connection: Connection, first_frame: int, match: _Match, delay: str) -> None:
    connection.note(
        f"the same sequence numbers as the connection that began with {frame_text(first_frame)}, {delay}, and "
        f"{match.same:,} of {match.same + match.different:,} segments with payload the same: another connection, or "
        "the same one as another sensor captured it, with other bytes",
        match.odd_frame,
    )


def find_second_tap(connection: Connection) -> None:
    """Note that the segments of a connection came twice, the second time as long after the first everywhere.

    The copies then do not make it last longer.
    """
    if connection.has_copies:
        return
    match = _Match()
    distinct = 0
    first_again: int | None = None
    latest = connection.start
    for pieces in (connection.client.pieces, connection.server.pieces):
        if pieces.ordered:
            distinct += len(pieces.spans)
            continue
        seen: dict[tuple[int, int], Span] = {}
        for span in pieces.spans:
            before = seen.setdefault((span.offset, span.length), span)
            if before is span:
                latest = max(latest, span.time)
            else:
                match.add(span.time - before.time)
                first_again = span.frame if first_again is None else min(first_again, span.frame)
        distinct += len(seen)
    varies = match.most - match.least
    if (
        first_again is None
        or match.same < REPEATED_AT_LEAST
        or 2 * match.same < distinct
        or varies > RHYTHM // 20 + abs(match.least) // 20
    ):
        return
    connection.note(
        f"captured twice: {match.same:,} of {distinct:,} segments with payload came again, {_delay(match.least)}",
        first_again,
    )
    connection.ends_at(max(latest, connection.end - max(match.least, 0)))


def _known(spans: Sequence[Span]) -> _Known:
    return {
        (offset, length): (hash(bytes(data[start : start + length])), time)
        for offset, length, _, time, _, data, start in _sampled(spans)
    }


def _sampled(spans: Sequence[Span]) -> Iterable[Span]:
    if len(spans) <= MAX_REMEMBERED_SPANS:
        return spans
    return _some(spans)


def _some(spans: Sequence[Span]) -> Iterator[Span]:
    yield from spans[:MAX_REMEMBERED_SPANS]
    yield from spans[MAX_REMEMBERED_SPANS::MAX_REMEMBERED_SPANS]


def _hash(span: Span) -> int:
    return hash(bytes(span.data[span.start : span.start + span.length]))


def _initials(connection: Connection) -> tuple[int, int] | None:
    client, server = connection.client.space.initial, connection.server.space.initial
    return None if client is None or server is None else (client, server)


def _delay(nanoseconds: int) -> str:
    size = abs(nanoseconds)
    text = duration(size) if size >= 10**6 else f"{size / 1000:g} µs"
    return f"{text} {'later' if nanoseconds >= 0 else 'earlier'}"
