"""Half-open connections to a server, counted by tenths of a second: how a flood of SYNs shows."""

from __future__ import annotations

from dataclasses import dataclass, field

from pop2dissect.tcp.connection import Connection

TENTH = 10**8
"""In ns. A second is ten of them, so that a burst is not cut in two by the boundaries of whole seconds."""

MAX_BINS = 1 << 14
"""Tenths of a second that are remembered at once; the older half is dropped once its peak is known."""


def is_half_open(connection: Connection) -> bool:
    """Whether a client asked for a connection and left it there: no ACK, no RST, and no refusal."""
    return (
        connection.client.space.initial is not None
        and not connection.handshake_ack
        and not connection.refused
        and not connection.client.reset
    )


@dataclass(slots=True)
class HalfOpenTally:
    """Half-open connections to one server port, from wherever."""

    server: bytes
    """The server's address, 4 or 16 octets."""
    server_port: int
    first_frame: int
    first_time: int
    last_time: int
    attempts: int = 0
    unlisted: int = 0
    """Those of them that are in no row of the table of probes, because it is full."""
    _bins: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Tenth of a second -> connections that began in it, and the lowest of their first frames."""
    _peak: tuple[int, int, int] = (0, 0, 0)

    def add(self, connection: Connection, *, listed: bool = True) -> None:
        """Count a connection that is over."""
        frame, time = connection.first_frame, connection.start
        self.attempts += 1
        self.unlisted += not listed
        self.first_frame = min(self.first_frame, frame)
        self.first_time = min(self.first_time, time)
        self.last_time = max(self.last_time, time)
        tenth = time // TENTH
        count, lowest = self._bins.get(tenth, (0, frame))
        self._bins[tenth] = count + 1, min(lowest, frame)
        if len(self._bins) > MAX_BINS:
            self._peak = self.peak()
            for old in sorted(self._bins)[: MAX_BINS // 2]:
                del self._bins[old]

    def peak(self) -> tuple[int, int, int]:
        """Return the most connections that began within one second, when that began, and their first frame."""
        best = self._peak
        bins = self._bins
        for first in sorted(bins):
            seen = [bins[tenth] for tenth in range(first, first + 10) if tenth in bins]
            count = sum(number for number, _ in seen)
            if count > best[0]:
                best = count, first * TENTH, min(frame for _, frame in seen)
        return best
