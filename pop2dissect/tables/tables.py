"""The tables of a capture as pandas data frames: ``capture.tables.sessions`` and so on.

What their columns are is declared in :mod:`pop2dissect.tables.schema`, and described in docs/tables.md.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pop2dissect.masking import Redaction, shown
from pop2dissect.optional import extra
from pop2dissect.statistics.sums import Statistics
from pop2dissect.tables.analysis import statistics_table, with_log
from pop2dissect.tables.columns import Value
from pop2dissect.tables.files import write_csv, write_parquet
from pop2dissect.tables.rows import CaptureRow, Source, no_captures
from pop2dissect.tables.schema import TABLES, rows_of

if TYPE_CHECKING:
    import pandas as pd

    from pop2dissect.ledger import Mailbox
    from pop2dissect.session import Finding, Probe, Session

COLLECTED = ("sessions", "exchanges", "messages", "findings", "segments", "gaps")
"""The tables that are made of passing sessions by default: all but those of mails, which cost more to find."""
_SUMS = ("servers", "clients", "users", "protocols", "commands")
"""The tables of what sessions come to."""
_AT_ONCE = 256
"""Sessions that are in memory at once where they only pass."""
_GC_THRESHOLD = 100_000
"""Objects between two runs of the garbage collector. With Python's 700 they take nearly half of the time."""


class Tables(Mapping[str, "pd.DataFrame"]):
    """The tables of some sessions by their names, each made when it is first asked for, then kept.

    Rows are in the order of the capture. Tables join by ``session``, and by ``exchange`` or ``message``
    with it. Passwords are masked, unless ``show_passwords``.

    Needs pandas; the errors say how to install it. :meth:`write_csv` does not.
    """

    def __init__(
        self,
        sessions: Sequence[Session] = (),
        probes: Sequence[Probe] = (),
        findings: Sequence[Finding] = (),
        mailboxes: Sequence[Mailbox] = (),
        *,
        captures: Callable[[], Sequence[CaptureRow]] = no_captures,
        show_passwords: bool = False,
    ) -> None:
        """Take sessions, and what belongs to no single one: probes, findings that span sessions, the ledger."""
        self._given = (sessions, probes, findings, mailboxes)
        self._captures = captures
        redaction = Redaction(show_passwords)
        as_shown = [redaction.session(session) for session in sessions]
        self.source = Source(
            as_shown, probes, redaction.findings(findings), redaction.mailboxes(mailboxes), show_passwords, captures
        )
        self._frames: dict[str, pd.DataFrame] = {}
        self._statistics: Statistics | None = None

    def with_passwords(self) -> Self:
        """Return the same tables, made afresh, with passwords shown."""
        return type(self)(*self._given, captures=self._captures, show_passwords=True)

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return a table by its name. Raises KeyError where there is none."""
        if name in _SUMS:
            return self._sums(name)
        if name not in self._frames:
            table, rows = TABLES[name]
            with extra("analysis"):
                from pop2dissect.tables.frames import data_frame

            with _rare_collections():
                self._frames[name] = data_frame(table, rows(self.source))
        return self._frames[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*TABLES, *_SUMS))

    def __len__(self) -> int:
        return len(TABLES) + len(_SUMS)

    def __contains__(self, name: object) -> bool:
        return name in TABLES or name in _SUMS

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    @property
    def captures(self) -> pd.DataFrame:
        """The captures that were read; key ``capture``."""
        return self["captures"]

    @property
    def sessions(self) -> pd.DataFrame:
        """Connections that carried payload; key ``session``."""
        return self["sessions"]

    @property
    def exchanges(self) -> pd.DataFrame:
        """Commands with their replies; key ``session``, ``exchange``."""
        return self["exchanges"]

    @property
    def messages(self) -> pd.DataFrame:
        """Message transfers; key ``session``, ``message``."""
        return self["messages"]

    @property
    def mails(self) -> pd.DataFrame:
        """Headers and attachments of messages; key ``session``, ``message``. Each message is taken apart for it."""
        return self["mails"]

    @property
    def findings(self) -> pd.DataFrame:
        """Findings; key ``session``, ``finding``."""
        return self["findings"]

    @property
    def probes(self) -> pd.DataFrame:
        """Connections without payload; key ``client_ip``, ``server_ip``, ``server_port``."""
        return self["probes"]

    @property
    def mailboxes(self) -> pd.DataFrame:
        """What all sessions show of each mailbox, in time; key ``entry``."""
        return self["mailboxes"]

    @property
    def segments(self) -> pd.DataFrame:
        """Runs of bytes that the streams consist of; key ``session``, ``direction``, ``segment``."""
        return self["segments"]

    @property
    def gaps(self) -> pd.DataFrame:
        """What is missing of the streams; key ``session``, ``direction``, ``gap``."""
        return self["gaps"]

    @property
    def servers(self) -> pd.DataFrame:
        """What the sessions of each server come to; key ``name``."""
        return self["servers"]

    @property
    def clients(self) -> pd.DataFrame:
        """What the sessions of each client come to; key ``name``."""
        return self["clients"]

    @property
    def users(self) -> pd.DataFrame:
        """What the sessions of each user come to; key ``name``."""
        return self["users"]

    @property
    def protocols(self) -> pd.DataFrame:
        """What the sessions of each protocol come to; key ``name``."""
        return self["protocols"]

    @property
    def commands(self) -> pd.DataFrame:
        """What the uses of each command come to; key ``command``."""
        return self["commands"]

    def with_log(
        self, log: pd.DataFrame, *, when: str, by: Mapping[str, str], table: str = "sessions", time: str = "start"
    ) -> pd.DataFrame:
        """Return a table with, beside each row, the last entry of another log at that time or before.

        ``when`` is the log's column of times with a zone, of any unit, or of such text; ``by`` names for columns of the
        table those of the log that must equal them: ``{"client_ip": "ip"}``. Rows stay in their order; what has no
        entry is NA. Raises SettingError where the log's times have no zone.
        """
        return with_log(self[table], log, time, when, by)

    def _sums(self, name: str) -> pd.DataFrame:
        if name not in self._frames:
            if self._statistics is None:
                self._statistics = Statistics.of(self.source.sessions)
            self._frames[name] = statistics_table(self._statistics, name)
        return self._frames[name]

    def write_csv(self, directory: str | os.PathLike[str], *, exact: bool = False) -> list[Path]:
        """Write every table as ``NAME.csv``; see :func:`pop2dissect.tables.files.write_csv`."""
        return write_csv(self._rows, directory, exact=exact)

    def write_parquet(self, directory: str | os.PathLike[str]) -> list[Path]:
        """Write every table as ``NAME.parquet``; see :func:`pop2dissect.tables.files.write_parquet`."""
        return write_parquet(self._rows, directory)

    def _rows(self, name: str) -> Iterator[tuple[Value, ...]]:
        return rows_of(name, self.source)

    def __repr__(self) -> str:
        return f"<Tables of {len(self.source.sessions)} sessions: {', '.join(TABLES)}>"


def collect(
    sessions: Iterable[Session], names: Sequence[str] = COLLECTED, *, show_passwords: bool = False
) -> dict[str, pd.DataFrame]:
    """Make tables of sessions as they pass, and keep none of them: for more sessions than fit into memory.

    >>> import pop2dissect
    >>> frames = collect(pop2dissect.iter_sessions("samples/incident_small.pcap"))
    >>> frames["sessions"].shape[0] == len(pop2dissect.read("samples/incident_small.pcap"))
    True

    Gives the data frames by name, in the order of sessions' numbers. Passwords are masked, unless ``show_passwords``.
    Raises KeyError where there is no such table, and MissingLibraryError where pandas is missing.
    """
    with extra("analysis"):
        from pop2dissect.tables.frames import FrameBuilder

    builders = [(FrameBuilder(TABLES[name][0]), TABLES[name][1]) for name in names]
    passing = iter(sessions)
    with _rare_collections():
        while some := list(islice(passing, _AT_ONCE)):
            masked = [shown(one, show_passwords, "mails" in names) for one in some]
            source = Source(masked, show_passwords=show_passwords)
            for builder, rows in builders:
                builder.extend(rows(source))
        frames = {name: builder.frame() for name, (builder, _) in zip(names, builders, strict=True)}
    for name, frame in frames.items():
        if not frame["session"].is_monotonic_increasing:
            frames[name] = frame.sort_values("session", kind="stable", ignore_index=True)
    return frames


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Let the garbage collector look for cycles rarely meanwhile: rows have none, and it would go over all of them."""
    before = gc.get_threshold()
    if before[0]:
        gc.set_threshold(max(before[0], _GC_THRESHOLD), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
