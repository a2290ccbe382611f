"""The tables, declared: each column once. Data frames, files, empty tables and docs/tables.md come from here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from pop2dissect.tables.columns import Table, Value
from pop2dissect.tables.rows import (
    Source,
    capture_rows,
    exchange_rows,
    finding_rows,
    gap_rows,
    mailbox_rows,
    message_rows,
    probe_rows,
    segment_rows,
    session_rows,
)
from pop2dissect.tables.schema.captures import CAPTURES
from pop2dissect.tables.schema.exchanges import EXCHANGES
from pop2dissect.tables.schema.findings import FINDINGS
from pop2dissect.tables.schema.mailboxes import MAILBOXES
from pop2dissect.tables.schema.messages import MAILS, MESSAGES
from pop2dissect.tables.schema.probes import PROBES
from pop2dissect.tables.schema.sessions import SESSIONS
from pop2dissect.tables.schema.streams import GAPS, SEGMENTS

AnyTable: TypeAlias = Table[Any]

TABLES: dict[str, tuple[AnyTable, Callable[[Source], Iterable[Any]]]] = {
    "captures": (CAPTURES, capture_rows),
    "sessions": (SESSIONS, session_rows),
    "exchanges": (EXCHANGES, exchange_rows),
    "messages": (MESSAGES, message_rows),
    "mails": (MAILS, message_rows),
    "findings": (FINDINGS, finding_rows),
    "probes": (PROBES, probe_rows),
    "mailboxes": (MAILBOXES, mailbox_rows),
    "segments": (SEGMENTS, segment_rows),
    "gaps": (GAPS, gap_rows),
}
"""Name -> the table, and what gives its rows."""


def rows_of(name: str, source: Source) -> Iterator[tuple[Value, ...]]:
    """Yield a table row by row, without pandas. Times and durations are integers, in ns."""
    table, rows = TABLES[name]
    return table.values(rows(source))
