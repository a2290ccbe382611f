"""Connections without payload, which are only counted."""

from __future__ import annotations

from dataclasses import dataclass, field

from pop2dissect.capture.record import frame_text
from pop2dissect.decode.segment import ACK, FIN, PSH, RST, SYN, URG, FlowKey
from pop2dissect.tcp.connection import Connection
from pop2dissect.tcp.halfopen import HalfOpenTally, is_half_open


def scan_of(connection: Connection) -> str | None:
    """Return how a connection without payload scans a port; None where a program may have meant it.

    No stack begins anything by a segment that has none of SYN, RST and ACK (RFC 9293, section 3.10.7.1, has closed
    ports answer such by RST); and a port scanner that has the answer to its SYN has its own kernel reset it.
    """
    flags = connection.opened_with
    if not flags & (SYN | RST | ACK):
        return {0: "NULL", FIN: "FIN", FIN | PSH | URG: "Xmas"}.get(flags & (FIN | PSH | URG), "odd flags")
    answered = connection.server.space.initial is not None
    return "SYN" if answered and connection.client.reset and not connection.handshake_ack else None


@dataclass(slots=True)
class ProbeTally:
    """Connections without payload from one address to one server port, counted."""

    client: bytes
    """The client's address, 4 or 16 octets."""
    server: bytes
    server_port: int
    first_frame: int
    first_time: int
    last_time: int
    attempts: int = 0
    answered: int = 0
    refused: int = 0
    unanswered: int = 0
    scans: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Ways in which the port was scanned -> time and frame of the first such segment."""

    def add(self, connection: Connection) -> None:
        """Count a connection that is over."""
        self.attempts += 1
        if connection.server.space.initial is not None:
            self.answered += 1
        elif connection.refused:
            self.refused += 1
        else:
            self.unanswered += 1
        scan = scan_of(connection)
        if scan is not None:
            seen = connection.start, connection.first_frame
            self.scans[scan] = min(seen, self.scans.get(scan, seen))
        if connection.first_frame < self.first_frame:
            self.first_frame = connection.first_frame
        self.first_time = min(self.first_time, connection.start)
        self.last_time = max(self.last_time, connection.end)


@dataclass(slots=True)
class Count:
    """How many connections something befell, and the first frame of the first of them."""

    connections: int = 0
    first_frame: int = 0

    def add(self, connection: Connection) -> None:
        """Count a connection."""
        if not self.connections:
            self.first_frame = connection.first_frame
        self.connections += 1

    def warning(self, what: str) -> list[str]:
        """Return a sentence that says what befell them, if there are any."""
        if not self.connections:
            return []
        first = frame_text(self.first_frame)
        return [f"{self.connections:,} connections without payload (the first began with {first}) {what}"]


class Probes:
    """Counts connections without payload by client and server port, in at most ``limit`` rows."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._uncounted = Count()
        """Connections of pairs that are in no row of the table."""
        self.tallies: dict[tuple[bytes, bytes, int], ProbeTally] = {}
        """By client, server and server port."""
        self.half_open: dict[tuple[bytes, int], HalfOpenTally] = {}
        """By server and port."""

    def add(self, connection: Connection) -> None:
        """Count a connection that is over."""
        client, server, _, port = FlowKey.of(connection.client_key)
        tally = self.tallies.get((client, server, port))
        if tally is None and len(self.tallies) < self._limit:
            tally = self.tallies[client, server, port] = ProbeTally(
                client, server, port, connection.first_frame, connection.start, connection.end
            )
        if tally is None:
            self._uncounted.add(connection)
        else:
            tally.add(connection)
        if is_half_open(connection):
            half_open = self.half_open.get((server, port))
            if half_open is None:
                first, start = connection.first_frame, connection.start
                half_open = self.half_open[server, port] = HalfOpenTally(server, port, first, start, start)
            half_open.add(connection, listed=tally is not None)

    def warnings(self) -> list[str]:
        """Return what the table has no room for, a sentence."""
        return self._uncounted.warning(
            f"are in no row of the table of probes, because it has the {self._limit:,} rows that it may have "
            "(limit probe_pairs)"
        )
