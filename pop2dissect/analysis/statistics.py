"""Statistics of sessions, without pandas: added up one session after the other.

Times and durations are integers, in ns. What a capture can tell of the network is limited by where it was
taken: a reply's latency is the server's time and the network's between the place of capture and the
server, together. The least latency between two hosts is the most that the network can account for, so what is
above it is called the server's *think time*; it is a lower bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Self

from pop2dissect.analysis.columns import Column, Kind, Table
from pop2dissect.analysis.rows import DIRECTIONS, with_lateness, with_time_before
from pop2dissect.session import Session

if TYPE_CHECKING:
    import pandas as pd

NOBODY = ""
"""Stands for the user of sessions without a login, or with an empty name."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How values are spread. Quantiles are interpolated linearly, and rounded to integers."""

    count: int
    minimum: int
    median: int
    p95: int
    maximum: int
    total: int


def spread(values: Iterable[int]) -> Spread | None:
    """Tell how values are spread; None where there are none."""
    ordered = sorted(values)
    if not ordered:
        return None
    return Spread(
        len(ordered), ordered[0], quantile(ordered, 1, 2), quantile(ordered, 19, 20), ordered[-1], sum(ordered)
    )


def quantile(ordered: list[int], numerator: int, denominator: int) -> int:
    """Give the quantile ``numerator / denominator`` of values in order, interpolated, in integers only."""
    whole, part = divmod((len(ordered) - 1) * numerator, denominator)
    if not part:
        return ordered[whole]
    low, high = ordered[whole], ordered[whole + 1]
    return low + ((high - low) * part * 2 + denominator) // (2 * denominator)


@dataclass(slots=True)
class Tally:
    """What some sessions come to: those of a capture, a server, a user or a client."""

    sessions: int = 0
    logins: Counter[str] = field(default_factory=Counter)
    """``accepted``, ``refused``, ``none``."""
    commands: int = 0
    violations: int = 0
    messages: int = 0
    dispositions: Counter[str] = field(default_factory=Counter)
    """Messages ``kept``, ``deleted``, ``refused``, ``unacknowledged``."""
    committed: int = 0
    message_octets: int = 0
    client_octets: int = 0
    server_octets: int = 0
    missing: int = 0
    """Octets that the capture lacks, of both streams."""
    gaps: int = 0
    late: int = 0
    """Runs captured after octets that follow them: reordered, or sent again after a loss."""
    latencies: list[int] = field(default_factory=list)

    @property
    def success_rate(self) -> float | None:
        """The part of logins that was accepted, 0 to 1; None where there were none."""
        tried = self.logins["accepted"] + self.logins["refused"]
        return self.logins["accepted"] / tried if tried else None


@dataclass(slots=True)
class CommandTally:
    """What the uses of one command come to."""

    count: int = 0
    replies: Counter[str] = field(default_factory=Counter)
    """Kinds of the first replies; ``none`` where there was none."""
    violations: int = 0
    octets: int = 0
    """Of all replies."""
    latencies: list[int] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    """From the server's last octet before it to the command."""


class Transfer(NamedTuple):
    """A message that took more than one segment."""

    octets: int
    duration: int


class Step(NamedTuple):
    """How many sessions are open from a time on."""

    time: int
    open: int


@dataclass(slots=True)
class Statistics:
    """What sessions come to, as a whole and by server, client, user, protocol and command."""

    total: Tally = field(default_factory=Tally)
    servers: dict[str, Tally] = field(default_factory=dict)
    """By address and port."""
    clients: dict[str, Tally] = field(default_factory=dict)
    """By address."""
    users: dict[str, Tally] = field(default_factory=dict)
    """By name; :data:`NOBODY` for sessions without a login."""
    protocols: dict[str, Tally] = field(default_factory=dict)
    commands: dict[str, CommandTally] = field(default_factory=dict)
    """By keyword; the empty one stands for lines that have none."""
    pairs: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """Latencies by client address and server."""
    transfers: list[Transfer] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    """Captured octets of each message."""
    intervals: list[tuple[int, int]] = field(default_factory=list)
    """Start and end of each session."""

    @classmethod
    def of(cls, sessions: Iterable[Session]) -> Self:
        """Add up sessions."""
        statistics = cls()
        for session in sessions:
            statistics.add(session)
        return statistics

    def add(self, session: Session) -> None:
        """Add a session."""
        server, user = str(session.server), session.user or NOBODY
        tallies = (
            self.total,
            self.servers.setdefault(server, Tally()),
            self.clients.setdefault(session.client.ip, Tally()),
            self.users.setdefault(user, Tally()),
            self.protocols.setdefault(session.protocol, Tally()),
        )
        self.intervals.append((session.start, session.end))
        latencies = list(self._add_exchanges(session))
        if latencies:
            self.pairs.setdefault((session.client.ip, server), []).extend(latencies)
        for message in session.messages:
            self.sizes.append(message.octets)
            if (
                message.start_time is not None
                and message.end_time is not None
                and message.end_time > message.start_time
            ):
                self.transfers.append(Transfer(message.octets, message.end_time - message.start_time))
        streams = [session.stream(direction) for direction in DIRECTIONS]
        late = sum(is_late for stream in streams if len(stream.spans) > 1 for _, is_late in with_lateness(stream))
        for tally in tallies:
            tally.sessions += 1
            tally.logins[session.login] += 1
            tally.commands += sum(exchange.command is not None for exchange in session.exchanges)
            tally.violations += sum(len(exchange.violations) for exchange in session.exchanges)
            tally.messages += len(session.messages)
            tally.client_octets += session.client_stream.octets
            tally.server_octets += session.server_stream.octets
            tally.missing += sum(stream.missing for stream in streams)
            tally.gaps += sum(len(stream.gaps) for stream in streams)
            tally.late += late
            tally.latencies.extend(latencies)
            for message in session.messages:
                tally.dispositions[message.disposition] += 1
                tally.committed += message.committed
                tally.message_octets += message.octets

    def _add_exchanges(self, session: Session) -> Iterator[int]:
        """Add a session's commands; give the latencies of the replies to them."""
        for exchange, before in with_time_before(session):
            if exchange.command is None:
                continue
            tally = self.commands.setdefault(exchange.command, CommandTally())
            tally.count += 1
            tally.replies[exchange.replies[0].kind if exchange.replies else "none"] += 1
            tally.violations += len(exchange.violations)
            tally.octets += sum(reply.end - reply.start for reply in exchange.replies)
            latency = exchange.latency
            if latency is not None:
                tally.latencies.append(latency)
                yield latency
            if before is not None and exchange.time is not None:
                tally.waits.append(exchange.time - before)

    def sessions_at_once(self) -> list[Step]:
        """Give how many sessions were open over time: one step for each time at which that changes.

        A session is open from its first frame to its last, both included.
        """
        # A session that begins when another ends is open at once with it: beginnings come first.
        changes = sorted([(start, -1) for start, _ in self.intervals] + [(end, 1) for _, end in self.intervals])
        steps: list[Step] = []
        now = 0
        for time, change in changes:
            now -= change
            if steps and steps[-1].time == time:
                steps[-1] = Step(time, now)
            else:
                steps.append(Step(time, now))
        return steps

    def most_at_once(self) -> int:
        """Give the largest number of sessions that were open at the same time."""
        most = now = 0
        for _, change in sorted([(start, -1) for start, _ in self.intervals] + [(end, 1) for _, end in self.intervals]):
            now -= change
            most = max(most, now)
        return most

    def think_times(self) -> Spread | None:
        """Tell how the servers' think times are spread: latencies above the least between the same two hosts."""
        return spread(
            latency - least for values in self.pairs.values() for least in [min(values)] for latency in values
        )

    def network_times(self) -> Spread | None:
        """Tell how the least latencies between two hosts are spread, a value a pair: bounds of the network's part."""
        return spread(min(values) for values in self.pairs.values())

    def frame(self, name: str) -> pd.DataFrame:
        """Give ``servers``, ``clients``, ``users``, ``protocols`` or ``commands`` as a pandas data frame.

        The columns are those of :data:`GROUPS`, of commands those of :data:`COMMANDS`, a row a name, those
        with most first. Raises KeyError where there is no such group.
        """
        from pop2dissect.analysis.optional import need

        need("pandas", "analysis")
        from pop2dissect.analysis.frames import data_frame

        if name == "commands":
            return data_frame(COMMANDS, [CommandRow(key, tally) for key, tally in self.most_used()])
        groups = {
            "servers": self.servers,
            "clients": self.clients,
            "users": self.users,
            "protocols": self.protocols,
        }
        return data_frame(GROUPS, [GroupRow(key, tally) for key, tally in largest(groups[name])])

    def most_used(self) -> list[tuple[str, CommandTally]]:
        """Give the commands, those used most first."""
        return sorted(self.commands.items(), key=lambda item: (-item[1].count, item[0]))


def largest(groups: dict[str, Tally]) -> list[tuple[str, Tally]]:
    """Give groups in order, those with most sessions first."""
    return sorted(groups.items(), key=lambda item: (-item[1].sessions, item[0]))


# As data frames ------------------------------------------------------------------------------------


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
    'What the sessions of a server, client, user or protocol come to: `capture.statistics().frame("servers")`.',
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
        Column("violations", Kind.INTEGER, "departures from the RFC", lambda row: row.tally.violations),
        Column("messages", Kind.INTEGER, "read", lambda row: row.tally.messages),
        Column("kept", Kind.INTEGER, "of these: by ACKS", lambda row: row.tally.dispositions["kept"]),
        Column("deleted", Kind.INTEGER, "marked by ACKD", lambda row: row.tally.dispositions["deleted"]),
        Column("committed", Kind.INTEGER, "deletions released", lambda row: row.tally.committed),
        Column("message_octets", Kind.INTEGER, "of messages", lambda row: row.tally.message_octets, "octets"),
        Column("client_octets", Kind.INTEGER, "sent by clients", lambda row: row.tally.client_octets, "octets"),
        Column("server_octets", Kind.INTEGER, "sent by servers", lambda row: row.tally.server_octets, "octets"),
        Column("missing", Kind.INTEGER, "not in the capture", lambda row: row.tally.missing, "octets"),
        Column("gaps", Kind.INTEGER, "holes in the streams", lambda row: row.tally.gaps),
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
    'What the uses of a command come to: `capture.statistics().frame("commands")`.',
    ("command",),
    (
        Column("command", Kind.TEXT, "keyword; empty for lines without one", lambda row: row.command),
        Column("count", Kind.INTEGER, "how often", lambda row: row.tally.count),
        Column("errors", Kind.INTEGER, "answered by an error", lambda row: row.tally.replies["error"]),
        Column("unanswered", Kind.INTEGER, "without a captured reply", lambda row: row.tally.replies["none"]),
        Column("violations", Kind.INTEGER, "departures from the RFC", lambda row: row.tally.violations),
        Column("octets", Kind.INTEGER, "of the replies", lambda row: row.tally.octets, "octets"),
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
