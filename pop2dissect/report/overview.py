"""The table of sessions: what each was about, in a row."""

from __future__ import annotations

from collections.abc import Iterator

from pop2dissect.report.safe import terminal_safe
from pop2dissect.report.spool import Spool
from pop2dissect.report.table import Column, Table
from pop2dissect.report.values import count, elapsed, moment
from pop2dissect.report.view import View, words
from pop2dissect.session import Session, total_octets

_BETWEEN_FIELDS = "\x1f"
"""A control character, which harmless text has none of."""
_SEVERITIES = ("critical", "high", "medium", "low", "info")
_TIME, _SERVER, _PROTOCOL = 1, 3, 4


class Overview:
    """Takes the sessions in any order, and keeps of each only its row. A context manager."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._spool = Spool()
        self._columns = [
            Column("#", right=True),
            Column("time", leave_out=9),
            Column("client", narrow=True),
            Column("server", leave_out=8),
            Column("protocol", leave_out=7),
            Column("user", narrow=True),
            Column("login"),
            Column("ending", leave_out=5),
            Column("msgs", right=True),
            Column("deleted", right=True, leave_out=6),
            Column("octets", right=True, leave_out=4),
            Column("duration", right=True, leave_out=3),
            Column("notes", narrow=True),
        ]
        self._dates: set[str] = set()
        self._servers: set[str] = set()
        self._protocols: set[str] = set()

    def __enter__(self) -> Overview:
        self._spool.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._spool.__exit__(None, None, None)

    def __len__(self) -> int:
        return len(self._spool)

    def add(self, session: Session) -> None:
        """Keep a session's row."""
        when = moment(session.start, self._view.zone)
        deleted = sum(message.disposition == "deleted" for message in session.messages)
        row = [
            str(session.id),
            when.short_clock,
            str(session.client),
            str(session.server),
            session.protocol,
            terminal_safe(session.user or ""),
            "" if session.login == "none" else session.login,
            _ending(session),
            f"{len(session.messages):,}" if session.messages else "",
            f"{deleted:,}" if deleted else "",
            f"{total_octets(session.messages):,}" if session.messages else "",
            elapsed(session.duration),
            _notes(session),
        ]
        for column, text in zip(self._columns, row, strict=True):
            column.seen(text)
        for seen, value in (
            (self._dates, when.date),
            (self._servers, row[_SERVER]),
            (self._protocols, row[_PROTOCOL]),
        ):
            if len(seen) < 2:
                seen.add(value)
        self._spool.add(session.id, _BETWEEN_FIELDS.join((*row, when.date)))

    def lines(self) -> Iterator[str]:
        """Write the table."""
        style = self._view.style
        same_date = len(self._dates) < 2
        if same_date:
            self._columns[_SERVER].leave_out = 1 if len(self._servers) < 2 else 8
        else:
            self._columns[_TIME].width += len("2026-11-23 ")
        if len(self._servers) < 2:
            self._columns[_SERVER].leave_out = 1
        if len(self._protocols) < 2:
            self._columns[_PROTOCOL].leave_out = 2
        table = Table(self._columns, style)
        codes = {"accepted": style.good, "refused": style.bad} if style.off else {}
        yield from table.lines(self._rows(same_date), codes)

    def _rows(self, same_date: bool) -> Iterator[list[str]]:
        for text in self._spool.in_order():
            *row, date = text.split(_BETWEEN_FIELDS)
            if not same_date:
                row[_TIME] = f"{date} {row[_TIME]}"
            yield row

    @property
    def title(self) -> str:
        """What all rows have in common: the number of sessions, the date, the server and the protocol."""
        return words(
            [
                count(len(self), "session"),
                *(f"on {date}" for date in self._dates if len(self._dates) == 1),
                *(f"all with {server}" for server in self._servers if len(self._servers) == 1 and len(self) > 1),
            ]
        )


def _ending(session: Session) -> str:
    if session.ending == "quit" or session.state in (None, "DONE"):
        return session.ending
    return f"{session.ending} in {session.state}"


def _notes(session: Session) -> str:
    uncommitted = sum(m.disposition == "deleted" and not m.committed for m in session.messages)
    missing = session.client_stream.missing + session.server_stream.missing
    conflicts = len(session.client_stream.conflicts) + len(session.server_stream.conflicts)
    departures = sum(len(exchange.violations) for exchange in session.exchanges)
    worst = next((s for s in _SEVERITIES if any(f.severity == s for f in session.findings)), None)
    return words(
        [
            f"{worst}: {count(len(session.findings), 'finding')}" if worst else None,
            "starts midway" if session.handshake == "missing" else None,
            f"{count(missing, 'octet')} lost" if missing else None,
            f"{count(conflicts, 'conflict')}" if conflicts else None,
            f"{uncommitted:,} not committed" if uncommitted else None,
            count(departures, "departure") if departures else None,
        ]
    )
