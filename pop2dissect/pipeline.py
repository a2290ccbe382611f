"""The path of the data: captures to records to segments to connections to sessions, in one pass."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from types import TracebackType
from typing import Self, TypeAlias

from pop2dissect.anyport import LeftOut, greets_as_wanted, is_small, registered_ports, serves
from pop2dissect.assemble.assemble import assemble, half_open, probe
from pop2dissect.capture.paths import printable
from pop2dissect.capture.record import CaptureInfo, capture_index
from pop2dissect.capture.window import is_cut_off
from pop2dissect.decode.segment import Segment
from pop2dissect.engine import open_engine
from pop2dissect.findings.engine import FindingsEngine
from pop2dissect.incidents import Chronicle, Incident
from pop2dissect.ledger import Ledger, Mailbox
from pop2dissect.selection import Selection
from pop2dissect.session import Finding, HalfOpen, Probe, Session
from pop2dissect.settings import Settings
from pop2dissect.tcp import Connection, Tracker

_DATA = attrgetter("data")
Paths: TypeAlias = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


class Dissection:
    """One pass over captures. Iterating gives each session once its connection is over and, where it deleted messages,
    later sessions have shown what came of that; with the setting ``as_they_end`` it does not wait.

    A context manager, since it holds the files open; the sessions' bytes lie in them, so use the
    sessions inside of it, or keep the dissection. Raises :class:`pop2dissect.errors.CaptureError`
    where no capture can be read.
    """

    def __init__(
        self,
        paths: Paths,
        settings: Settings | None = None,
        recorded: Sequence[str] = (),
        *,
        jobs: int | None = 1,
        dask: str | None = None,
    ) -> None:
        """``recorded`` are the paths by which an earlier result names the captures, for it to be made again.

        Several captures, or the parts of a large one, are read in as many processes as ``jobs`` says, which changes
        nothing of the result; None stands for as many as pay. With ``dask`` the workers of a Dask cluster read several,
        whose scheduler is at that address; ``local`` starts one on this machine.
        """
        self.settings = settings or Settings()
        if isinstance(paths, str | os.PathLike):
            paths = [paths]
        names = [os.fspath(path) for path in paths]
        self._left_out = LeftOut()
        self._engine = open_engine(
            self.settings.engine,
            names,
            ports=ports_looked_at(self.settings, names),
            overlap=self.settings.overlap,
            limits=self.settings.limits,
            verify_checksums=self.settings.check_checksums,
            tshark_options=self.settings.tshark_options,
            jobs=jobs,
            dask=dask,
        )
        for info, path in zip(self.captures, recorded, strict=False):
            info.elsewhere, info.path = info.file, path
        self._tracker = self._track(Connection)
        self._findings = FindingsEngine(self.settings.thresholds)
        self._cut_off: Counter[int] = Counter()
        """Connections left out because their capture lost their octets, by its index."""
        self._conclusion: list[Finding] | None = None
        """The findings that span sessions, once all sessions are over."""
        self._ledger = Ledger()
        self._chronicle = Chronicle()
        self.ended: Callable[[Session], None] | None = None
        """Is called with each session that may be wanted as soon as its connection is over, before its findings."""
        self.selection = Selection(self.settings.filters)
        """What of it is wanted, by the filters."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.close()

    def __iter__(self) -> Iterator[Session]:
        return self.wanted(lambda session: session)

    def wanted(self, shown: Callable[[Session], Session]) -> Iterator[Session]:
        """Yield the sessions that the filters let through as ``shown`` gives them, which gets all of them.

        Raises UsageError at the end where a session was asked for by a number that there is not.
        """
        return self.selection.of(self._examined(), shown, self._concluded)

    def _examined(self) -> Iterator[Session]:
        assembled = self._assembled()
        for session in assembled if self.settings.as_they_end else self._ledger.settled(assembled):
            session.findings = self._findings.examine(session)
            self._chronicle.take(session)
            yield session
        self._conclusion = self._findings.conclude(self._all_probes(), self.half_open)

    def _assembled(self) -> Iterator[Session]:
        for connection in self._tracker.connections(self._engine):
            gone = _capture_cut_off(connection)
            if gone is None:
                session = assemble(connection)
                if self.ended is not None and self.selection.may_want(session):
                    self.ended(session)
                yield session
            else:
                self._cut_off[gone] += 1

    def _track(self, kind: type[Connection]) -> Tracker:
        return Tracker(
            self.settings.ports,
            self.settings.overlap,
            self.settings.limits,
            interest=greets_as_wanted if self.settings.any_port else self._left_out.note,
            serves=serves,
            kind=kind,
            continued=self._engine.continued() if kind is Connection else None,
        )

    def connections(self, kind: type[Connection]) -> Iterator[Connection]:
        """Yield the connections that the sessions are made of, instead of the sessions, as objects of a class."""
        return self._track(kind).connections(self._engine)

    def segments(self) -> Iterator[Segment]:
        """Yield the TCP segments instead of the sessions that are made of them, in the order of the captures.

        Those of other ports are among them that are looked at to say what was left out.
        """
        return iter(self._engine)

    @property
    def captures(self) -> list[CaptureInfo]:
        """The facts about each capture, final once the iteration is over."""
        return self._engine.captures

    @property
    def octets(self) -> int:
        """Bytes of all captures as stored, as far as known."""
        return sum(info.size or 0 for info in self._engine.captures)

    @property
    def octets_read(self) -> int:
        """Bytes read so far."""
        return self._engine.octets_read

    @property
    def warnings(self) -> list[str]:
        """What could not be decoded, one sentence per reason; final once the iteration is over."""
        lost = [
            f"{printable(self.captures[index].path)} became shorter while it was read, "
            f"and with its end the octets of connections were lost, which are left out: {connections}"
            for index, connections in sorted(self._cut_off.items())
        ]
        return (
            lost
            + self._engine.warnings()
            + self._tracker.warnings
            + self._findings.limits_reached
            + self._ledger.limits_reached
            + self._chronicle.limits_reached
            + self._left_out.warnings
            + self.selection.warnings
        )

    @property
    def probes(self) -> list[Probe]:
        """Connections without payload that are wanted, as far as they are over, in the order of their first frames."""
        return self.selection.probes(self._all_probes())

    def _all_probes(self) -> list[Probe]:
        tallies = sorted(self._tracker.probes.values(), key=lambda tally: tally.first_frame)
        return [probe(tally) for tally in tallies]

    @property
    def half_open(self) -> list[HalfOpen]:
        """Connections that were started and never completed, one row per server, in the order of their first frames."""
        tallies = sorted(self._tracker.half_open.values(), key=lambda tally: tally.first_frame)
        return [half_open(tally) for tally in tallies]

    @property
    def mailboxes(self) -> list[Mailbox]:
        """What all sessions show of each mailbox that wanted ones opened; complete once the iteration is over."""
        return self.selection.mailboxes(self._ledger.mailboxes)

    @property
    def findings(self) -> list[Finding]:
        """Findings that span sessions, the most severe first; complete once the iteration is over."""
        return self.selection.findings(self._concluded())

    def _concluded(self) -> list[Finding]:
        if self._conclusion is not None:
            return self._conclusion
        return self._findings.conclude(self._all_probes(), self.half_open)

    @property
    def incidents(self) -> list[Incident]:
        """What happened, the gravest first; complete once the iteration is over."""
        findings = self._concluded()
        return self.selection.incidents(self._chronicle.conclude(findings), findings)


def ports_looked_at(settings: Settings, paths: Sequence[str]) -> frozenset[int] | None:
    """Return the ports whose packets matter, if only to say what was left out; None stands for all."""
    return None if settings.any_port or is_small(paths) else settings.ports | registered_ports()


def _capture_cut_off(connection: Connection) -> int | None:
    """Return the index of the capture that does not hold all octets of a connection any more, if one does not."""
    spans = [span for stream in connection.streams or () for span in stream.spans]
    octets = list(map(_DATA, spans))
    holders = dict(zip(map(id, octets), octets, strict=True))
    if not any(is_cut_off(data, len(data)) for data in holders.values()):
        return None
    return next((capture_index(span.frame) for span in spans if is_cut_off(span.data, span.start + span.length)), None)
