"""The rows of all tables, spooled to disk while sessions pass that are too many to be kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from pop2dissect.ledger import Mailbox
from pop2dissect.session import Finding, Probe, Session
from pop2dissect.tables.columns import Value
from pop2dissect.tables.rows import CaptureRow, Source
from pop2dissect.tables.schema import TABLES, rows_of
from pop2dissect.text.spool import Spool

_AFTER_ALL_SESSIONS = 2**64 - 1


class SpooledTables:
    """A context manager. Sessions come in the order of their ends; rows are given in the order of their numbers."""

    def __init__(self, *, show_passwords: bool = False) -> None:
        self._show_passwords = show_passwords
        self._held = ExitStack()
        self._spools = {name: self._held.enter_context(Spool()) for name in TABLES}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def add(self, session: Session) -> None:
        """Spool the rows of a session. Its number must be known."""
        self._spool(session.id, Source((session,), show_passwords=self._show_passwords))

    def add_rest(
        self,
        probes: Sequence[Probe],
        findings: Sequence[Finding],
        mailboxes: Sequence[Mailbox],
        captures: Sequence[CaptureRow] = (),
    ) -> None:
        """Spool what belongs to no session: connections without payload, findings that span sessions, the ledger."""
        self._spool(_AFTER_ALL_SESSIONS, Source((), probes, findings, mailboxes, captures=lambda: captures))

    def _spool(self, number: int, source: Source) -> None:
        for name, spool in self._spools.items():
            rows = list(rows_of(name, source))
            if rows:
                spool.add(number, json.dumps(rows, separators=(",", ":")))

    def rows(self, name: str) -> Iterator[list[Value]]:
        """Yield the rows of a table, as :func:`pop2dissect.tables.schema.rows_of` does."""
        for text in self._spools[name].in_order():
            yield from json.loads(text)
