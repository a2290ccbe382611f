"""What becomes of segments: connections and streams."""

from __future__ import annotations

from collections.abc import Iterable

from pop2dissect.decode.segment import Segment
from pop2dissect.tcp import Connection, Stream, Tracker


def track(segments: Iterable[Segment], policy: str = "first") -> list[Connection]:
    """Return the connections with payload, in the order of their numbers."""
    tracker = Tracker(frozenset({109}), "last" if policy == "last" else "first")
    return sorted(tracker.connections(segments), key=lambda connection: connection.number)


def streams(segments: Iterable[Segment], policy: str = "first") -> tuple[Stream, Stream]:
    """Return the two streams of the only connection."""
    (connection,) = track(segments, policy)
    assert connection.streams is not None
    return connection.streams


def whole(stream: Stream) -> bytes:
    """Return the captured octets of a stream."""
    return stream.read(0, stream.length)
