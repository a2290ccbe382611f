"""What the filters leave of a run.

What looks at sessions, or at connections without payload, is decided as they come; what looks at findings only once all
of them are known, since a finding may span sessions: until then the sessions wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final

from pop2dissect.errors import UsageError
from pop2dissect.filters import FILTERS, Filters, Order, Tests, are_true, number_ranges
from pop2dissect.incidents import Incident, about_incidents
from pop2dissect.ledger import Mailbox, about_mailboxes
from pop2dissect.session import Finding, Probe, Session, total_octets
from pop2dissect.text.values import count


@dataclass(slots=True)
class Selection:
    """What of one run is wanted."""

    filters: Filters = field(default_factory=Filters)
    seen: int = 0
    """Sessions that came, wanted or not."""
    _chosen: dict[int, int] = field(default_factory=dict)
    """The numbers of the sessions that are wanted, each with its place in the order."""

    def of(
        self,
        sessions: Iterable[Session],
        shown: Callable[[Session], Session],
        conclude: Callable[[], Iterable[Finding]],
    ) -> Iterator[Session]:
        """Yield the sessions that are wanted as ``shown`` gives them, which gets all of them.

        ``conclude`` gives the findings that span sessions, once all have come. Raises UsageError at the end where a
        session was asked for by a number that there is not.
        """
        if not (self.filters or self.filters.sort):
            for session in sessions:
                self.seen += 1
                yield shown(session)
            return
        tests, last = self.filters.tests("sessions"), self.filters.tests("findings")
        waits = self.filters.top or self.filters.sort or last
        waiting = []
        for session in sessions:
            self.seen += 1
            out = shown(session)
            if not are_true(tests, session):
                continue
            if waits:
                waiting.append((session, out))
            else:
                self._chosen[session.id] = session.id
                yield out
        yield from self._from(waiting, last, conclude)
        self._complain()

    def _from(
        self, waiting: Sequence[tuple[Session, Session]], tests: Tests, conclude: Callable[[], Iterable[Finding]]
    ) -> Iterator[Session]:
        """Yield those of the sessions that waited for the end which are wanted, in the order that was asked for."""
        if not waiting:
            return
        about = findings_about((session for session, _ in waiting), conclude())
        wanted = [pair for pair in waiting if are_true(tests, *about[pair[0].id])]
        order = self.filters.sort or ("severity" if self.filters.top else "number")
        ranked = sorted(wanted, key=lambda pair: rank(order, pair[0], about[pair[0].id]))
        ranked = ranked[: self.filters.top]
        by_rank = self.filters.sort is not None
        self._chosen = {one.id: place if by_rank else one.id for place, (one, _) in enumerate(ranked, 1)}
        yield from (out for session, out in (ranked if by_rank else wanted) if session.id in self._chosen)

    def _complain(self) -> None:
        for text in dict(self.filters.asked).get("session", ()):
            for first, last in number_ranges(text):
                if first > self.seen:
                    what = f"session {first}" if first == last else f"session from {first} to {last}"
                    found = count(self.seen, "session was", "sessions were")
                    raise UsageError(f"there is no {what}: {found} found")

    @property
    def warnings(self) -> list[str]:
        """What to say where the filters leave nothing of something."""
        if not self.filters or self._chosen or not self.seen:
            return []
        return [f"none of the {count(self.seen, 'session')} is wanted: {self.filters.words()}"]

    def may_want(self, session: Session) -> bool:
        """Whether a session is wanted as far as it can be told by itself."""
        return are_true(self.filters.tests("sessions"), session)

    @property
    def is_complete(self) -> bool:
        """Whether all sessions that can be wanted have come: they were asked for by their numbers."""
        numbers = self.filters.numbers
        if numbers is None or self.filters.top or self.filters.sort:
            return False
        ranges = [number_ranges(str(one))[0] for one in numbers]
        return len(self.filters.asked) == 1 and len(self._chosen) >= sum(last - first + 1 for first, last in ranges)

    def place(self, session: Session) -> int:
        """Return where a session stands in the order in which people are shown them."""
        return self._chosen.get(session.id, session.id)

    def findings(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return those of the findings that span sessions which are about one that is wanted.

        One about no session is wanted where nothing but findings is asked for, and it is so.
        """
        return [one for one in findings if self._wants(one)]

    def _wants(self, finding: Finding) -> bool:
        if not self.filters:
            return True
        if finding.sessions:
            return any(number in self._chosen for number in finding.sessions)
        alone = not self.filters.top and all(FILTERS[name].findings for name, _ in self.filters.asked)
        return alone and self.filters.admit(finding)

    def incidents(self, incidents: Sequence[Incident], findings: Iterable[Finding]) -> list[Incident]:
        """Return the incidents that are about wanted sessions; ``findings`` are all that span sessions."""
        if not self.filters:
            return list(incidents)
        left = (place for place, one in enumerate(findings, 1) if self._wants(one))
        return about_incidents(incidents, self._chosen, {before: now for now, before in enumerate(left, 1)})

    def mailboxes(self, mailboxes: Sequence[Mailbox]) -> list[Mailbox]:
        """Return the mailboxes that wanted sessions have opened."""
        return about_mailboxes(mailboxes, list(self._chosen) if self.filters else None)

    def probes(self, probes: Iterable[Probe]) -> list[Probe]:
        """Return the connections without payload that are wanted."""
        if self.filters.top or not all(FILTERS[name].probes for name, _ in self.filters.asked):
            return []
        tests = self.filters.tests("probes")
        return [probe for probe in probes if are_true(tests, probe)]


def findings_about(sessions: Iterable[Session], spanning: Iterable[Finding]) -> dict[int, list[Finding]]:
    """Return all findings about each session, the most severe first; ``spanning`` are those that span sessions."""
    about = {session.id: list(session.findings) for session in sessions}
    for finding in spanning:
        for number in finding.sessions:
            if number in about:
                about[number].append(finding)
    for findings in about.values():
        findings.sort(key=lambda finding: -finding.severity.rank)
    return about


def rank(order: Order, session: Session, about: Sequence[Finding]) -> tuple[Any, ...]:
    """Return what a session is sorted by; ``about`` are all findings about it."""
    return _KEYS[order](session, about), session.id


_KEYS: Final[Mapping[str, Callable[[Session, Sequence[Finding]], Any]]] = {
    "number": lambda session, _: session.id,
    "severity": lambda _, findings: (-max((one.severity.rank for one in findings), default=-1), -len(findings)),
    "duration": lambda session, _: -session.duration,
    "messages": lambda session, _: -len(session.messages),
    "deleted": lambda session, _: -len(session.deleted),
    "bytes": lambda session, _: -total_octets(session.messages),
    "client": lambda session, _: (int(ip_address(session.client.ip)), session.client.ip),
    "user": lambda session, _: (session.user is None, session.user or ""),
}
"""Of each order, what sessions are sorted by; those that are equal stay in the order of their numbers."""
