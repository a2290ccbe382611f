"""The table of connections without payload."""

from __future__ import annotations

from pop2dissect.tables.columns import Column, Kind, Table
from pop2dissect.tables.rows import ProbeRow
from pop2dissect.tables.schema.shared import CAPTURE_OF

PROBES: Table[ProbeRow] = Table(
    "probes",
    "Connections without payload, a row for each client and server port.",
    ("client_ip", "server_ip", "server_port"),
    (
        Column("client_ip", Kind.TEXT, "address of the client", lambda probe: probe.client_ip),
        Column("server_ip", Kind.TEXT, "address of the server", lambda probe: probe.server.ip),
        Column("server_port", Kind.INTEGER, "TCP port of the server", lambda probe: probe.server.port),
        Column("attempts", Kind.INTEGER, "how many", lambda probe: probe.attempts, "connections"),
        Column("answered", Kind.INTEGER, "accepted by SYN, ACK", lambda probe: probe.answered, "connections"),
        Column("refused", Kind.INTEGER, "refused by RST", lambda probe: probe.refused, "connections"),
        Column("unanswered", Kind.INTEGER, "neither", lambda probe: probe.unanswered, "connections"),
        Column("first_time", Kind.TIME, "time of the first", lambda probe: probe.first_time),
        Column("last_time", Kind.TIME, "time of the last", lambda probe: probe.last_time),
        Column("capture", Kind.INTEGER, CAPTURE_OF, lambda probe: probe.first_frame.capture),
        Column("first_frame", Kind.INTEGER, "first frame", lambda probe: probe.first_frame.number),
    ),
)
