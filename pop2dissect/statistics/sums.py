"""Statistics of sessions, without pandas: added up one session after the other.

Times and durations are integers, in ns. What a capture can tell of the network is limited by where it was
taken: a reply's latency is the server's time and the network's between the place of capture and the
server, together. The least latency between two hosts is the most that the network can account for, so what is
above it is called the server's *think time*; it is a lower bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import NamedTuple, Self

from pop2dissect.session import Session
from pop2dissect.session.timeline import with_time_before
from pop2dissect.statistics.spread import Spread, spread

NOBODY = ""
"""Stands for the user of sessions without a login, or with an empty name."""


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
    """Bytes missing from the capture, of both streams."""
    gaps: int = 0
    late: int = 0
    """Runs captured after bytes that follow them: reordered, or sent again after a loss."""
    repeated: int = 0
    """Bytes captured again."""
    latencies: list[int] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add what other sessions come to."""
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for login, number in other.logins.items():
            self.logins[login] += number
        for disposition, number in other.dispositions.items():
            self.dispositions[disposition] += number
        self.latencies += other.latencies

    @property
    def success_rate(self) -> float | None:
        """The part of logins that was accepted, 0 to 1; None where there were none."""
        tried = self.logins["accepted"] + self.logins["refused"]
        return self.logins["accepted"] / tried if tried else None


_NUMBERS = tuple(entry.name for entry in fields(Tally) if entry.default == 0)
"""What of a tally are plain numbers."""


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
    """From the server's last byte before it to the command."""


class Transfer(NamedTuple):
    """A message that took more than one segment."""

    octets: int
    duration: int


class Step(NamedTuple):
    """How many sessions are open from a time on."""

    time: int
    open: int


@dataclass(slots=True, repr=False)
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
    """Captured bytes of each message."""
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
        server, client = str(session.server), session.client.ip
        latencies = list(self._add_exchanges(session))
        tally = _tally(session, latencies)
        self.total.add(tally)
        for groups, name in (
            (self.servers, server),
            (self.clients, client),
            (self.users, session.user or NOBODY),
            (self.protocols, session.protocol),
        ):
            group = groups.get(name)
            if group is None:
                group = groups[name] = Tally()
            group.add(tally)
        if latencies:
            self.pairs.setdefault((client, server), []).extend(latencies)
        self.intervals.append((session.start, session.end))
        for message in session.messages:
            self.sizes.append(message.octets)
            start, end = message.start_time, message.end_time
            if start is not None and end is not None and end > start:
                self.transfers.append(Transfer(message.octets, end - start))

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

    def __repr__(self) -> str:
        total = self.total
        logins = ", ".join(f"{number:,} {login}" for login, number in total.logins.items())
        groups = f"{len(self.servers):,} servers, {len(self.clients):,} clients, {len(self.users):,} users"
        return f"<Statistics of {total.sessions:,} sessions: {groups}; logins: {logins}; {total.messages:,} messages>"

    @property
    def span(self) -> tuple[int, int]:
        """When the first session began and the last one ended. Raises ValueError where there are none."""
        return min(start for start, _ in self.intervals), max(end for _, end in self.intervals)

    def _changes(self) -> list[tuple[int, int]]:
        # A session that begins when another ends is open at once with it: beginnings, -1, come first.
        return sorted([(start, -1) for start, _ in self.intervals] + [(end, 1) for _, end in self.intervals])

    def sessions_at_once(self) -> list[Step]:
        """Return how many sessions were open over time: one step for each time at which that changes.

        A session is open from its first frame to its last, both included.
        """
        steps: list[Step] = []
        now = 0
        for time, change in self._changes():
            now -= change
            if steps and steps[-1].time == time:
                steps[-1] = Step(time, now)
            else:
                steps.append(Step(time, now))
        return steps

    def most_at_once(self) -> int:
        """Return the largest number of sessions that were open at the same time."""
        # Not the steps' maximum: a session of no duration begins and ends in one step.
        most = now = 0
        for _, change in self._changes():
            now -= change
            most = max(most, now)
        return most

    def think_times(self) -> Spread | None:
        """Return how the servers' think times are spread: latencies above the least between the same two hosts."""
        return spread(
            latency - least for values in self.pairs.values() for least in [min(values)] for latency in values
        )

    def network_times(self) -> Spread | None:
        """Return how the least latencies between two hosts are spread, a value a pair: bounds of the network's part."""
        return spread(min(values) for values in self.pairs.values())

    def most_used(self) -> list[tuple[str, CommandTally]]:
        """Return the commands, those used most first."""
        return sorted(self.commands.items(), key=lambda item: (-item[1].count, item[0]))


def _tally(session: Session, latencies: list[int]) -> Tally:
    streams = (session.client_stream, session.server_stream)
    messages = session.messages
    return Tally(
        sessions=1,
        logins=Counter([session.login]),
        commands=sum(exchange.command is not None for exchange in session.exchanges),
        violations=sum(len(exchange.violations) for exchange in session.exchanges),
        messages=len(messages),
        dispositions=Counter(message.disposition for message in messages),
        committed=sum(one.released.value is True for one in session.deleted),
        message_octets=sum(message.octets for message in messages),
        client_octets=session.client_stream.octets,
        server_octets=session.server_stream.octets,
        missing=sum(stream.missing for stream in streams),
        gaps=sum(len(stream.gaps) for stream in streams),
        late=sum(stream.count_late() for stream in streams),
        repeated=sum(stream.repeated for stream in streams),
        latencies=latencies,
    )


def largest(groups: dict[str, Tally]) -> list[tuple[str, Tally]]:
    """Return groups in order, those with most sessions first."""
    return sorted(groups.items(), key=lambda item: (-item[1].sessions, item[0]))
