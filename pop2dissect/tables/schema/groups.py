"""The tables of statistics: what the sessions of a server, client, user or protocol come to, and commands."""

from __future__ import annotations

from typing import NamedTuple

from pop2dissect.statistics.spread import spread
from pop2dissect.statistics.sums import CommandTally, Tally
from pop2dissect.tables.columns import Column, Kind, Table


class GroupRow(NamedTuple):
    """A group and its name."""

    name: str
    tally: Tally


class CommandRow(NamedTuple):
    """A command and its uses."""

    command: str
    tally: CommandTally


def _spread(values: list[int], part: str) -> int | None:
    spread_of = spread(values)
    return None if spread_of is None else int(getattr(spread_of, part))


GROUPS: Table[GroupRow] = Table(
    "groups",
    "What the sessions of a server, client, user or protocol come to: `capture.tables.servers`, `clients`, `users` and "
    "`protocols`.",
    ("name",),
    (
        Column("name", Kind.TEXT, "of the group; empty for sessions without a user", lambda row: row.name),
        Column("sessions", Kind.INTEGER, "how many", lambda row: row.tally.sessions),
        Column("accepted", Kind.INTEGER, "logins accepted", lambda row: row.tally.logins["accepted"]),
        Column("refused", Kind.INTEGER, "logins refused", lambda row: row.tally.logins["refused"]),
        Column(
            "success_rate",
            Kind.NUMBER,
            "accepted of those tried, 0 to 1; NA where none",
            lambda row: row.tally.success_rate,
        ),
        Column("commands", Kind.INTEGER, "sent", lambda row: row.tally.commands),
        Column("violations", Kind.INTEGER, "protocol violations", lambda row: row.tally.violations),
        Column("messages", Kind.INTEGER, "read", lambda row: row.tally.messages),
        Column("kept", Kind.INTEGER, "of these: by ACKS", lambda row: row.tally.dispositions["kept"]),
        Column("deleted", Kind.INTEGER, "marked by ACKD", lambda row: row.tally.dispositions["deleted"]),
        Column("committed", Kind.INTEGER, "deletions released", lambda row: row.tally.committed),
        Column("message_octets", Kind.INTEGER, "of messages", lambda row: row.tally.message_octets, "bytes"),
        Column("client_octets", Kind.INTEGER, "sent by clients", lambda row: row.tally.client_octets, "bytes"),
        Column("server_octets", Kind.INTEGER, "sent by servers", lambda row: row.tally.server_octets, "bytes"),
        Column("missing", Kind.INTEGER, "not in the capture", lambda row: row.tally.missing, "bytes"),
        Column("gaps", Kind.INTEGER, "holes in the streams", lambda row: row.tally.gaps),
        Column("repeated", Kind.INTEGER, "captured again", lambda row: row.tally.repeated, "bytes"),
        Column("late_segments", Kind.INTEGER, "reordered, or sent again after a loss", lambda row: row.tally.late),
        Column(
            "latency_min",
            Kind.DURATION,
            "least latency of a reply",
            lambda row: _spread(row.tally.latencies, "minimum"),
        ),
        Column("latency_median", Kind.DURATION, "half are below", lambda row: _spread(row.tally.latencies, "median")),
        Column("latency_p95", Kind.DURATION, "95 % are below", lambda row: _spread(row.tally.latencies, "p95")),
        Column("latency_max", Kind.DURATION, "greatest", lambda row: _spread(row.tally.latencies, "maximum")),
    ),
)

COMMANDS: Table[CommandRow] = Table(
    "commands",
    "What the uses of a command come to: `capture.tables.commands`.",
    ("command",),
    (
        Column("command", Kind.TEXT, "keyword; empty for lines without one", lambda row: row.command),
        Column("count", Kind.INTEGER, "how often", lambda row: row.tally.count),
        Column("errors", Kind.INTEGER, "answered by an error", lambda row: row.tally.replies["error"]),
        Column("unanswered", Kind.INTEGER, "without a captured reply", lambda row: row.tally.replies["none"]),
        Column("violations", Kind.INTEGER, "protocol violations", lambda row: row.tally.violations),
        Column("octets", Kind.INTEGER, "of the replies", lambda row: row.tally.octets, "bytes"),
        Column("latency_min", Kind.DURATION, "least latency", lambda row: _spread(row.tally.latencies, "minimum")),
        Column("latency_median", Kind.DURATION, "half are below", lambda row: _spread(row.tally.latencies, "median")),
        Column("latency_p95", Kind.DURATION, "95 % are below", lambda row: _spread(row.tally.latencies, "p95")),
        Column("latency_max", Kind.DURATION, "greatest", lambda row: _spread(row.tally.latencies, "maximum")),
        Column(
            "wait_median",
            Kind.DURATION,
            "the client's median wait before",
            lambda row: _spread(row.tally.waits, "median"),
        ),
    ),
)
