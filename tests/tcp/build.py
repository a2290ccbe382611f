"""Segments written by hand, for the tests of reassembly and tracking."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from pop2dissect.decode.segment import ACK, Segment
from pop2dissect.tcp import Connection, Stream, Tracker

CLIENT = bytes([10, 9, 0, 1])
SERVER = bytes([10, 9, 0, 2])


class Talk:
    """Makes the segments of one pair of ports, numbering frames and spacing them by a millisecond."""

    def __init__(
        self,
        client_isn: int = 1000,
        server_isn: int = 5000,
        port: int = 40000,
        frames: count[int] | None = None,
    ):
        self.forward = CLIENT + SERVER + port.to_bytes(2) + (109).to_bytes(2)
        self.backward = SERVER + CLIENT + (109).to_bytes(2) + port.to_bytes(2)
        self.isn = {"c": client_isn, "s": server_isn}
        self._frames = frames or count(1)

    def segment(
        self,
        who: str,
        offset: int,
        payload: bytes = b"",
        *,
        heard: int = 0,
        flags: int = ACK,
        length: int | None = None,
        urgent: int = 0,
        time: int | None = None,
    ) -> Segment:
        """Return a segment whose payload begins at a stream offset; ``heard`` is the offset that it acknowledges."""
        frame = next(self._frames)
        other = "s" if who == "c" else "c"
        return Segment(
            frame=frame,
            time=frame * 10**6 if time is None else time,
            key=self.forward if who == "c" else self.backward,
            seq=(self.isn[who] + 1 + offset) & 0xFFFFFFFF,
            ack=(self.isn[other] + 1 + heard) & 0xFFFFFFFF,
            flags=flags,
            window=65535,
            urgent=urgent,
            data=payload,
            start=0,
            captured=len(payload),
            length=len(payload) if length is None else length,
            fragments=(),
        )


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
