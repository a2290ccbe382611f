"""The table of sessions: all of a few; of many those that stand out, and how many others there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import Final, NamedTuple, Self

from pop2dissect.document.facts import login_words
from pop2dissect.incidents import Incident
from pop2dissect.session import MOST_SEVERE_FIRST, Session, Severity, total_octets
from pop2dissect.terminal.look import Look
from pop2dissect.terminal.style import Style
from pop2dissect.terminal.table import Column, Table
from pop2dissect.terminal.wrap import wrapped
from pop2dissect.text.quoting import named
from pop2dissect.text.safe import terminal_safe
from pop2dissect.text.spool import Spool
from pop2dissect.text.values import count, duration, moment

FEW: Final = 20
"""Sessions that are all listed."""
SHOWN: Final = 8
"""Of more than those, so many are."""

COLUMNS: Final = (
    Column("#", right=True),
    Column("date", if_varied=True),
    Column("start", dispensable=1),
    Column("client"),
    Column("port", right=True, dispensable=9),
    Column("server", if_varied=True, dispensable=5),
    Column("server port", right=True, if_varied=True, dispensable=6),
    Column("protocol", if_varied=True, dispensable=4),
    Column("user", widest=16, piped=24, least=10),
    Column("login", least=8),
    Column("mails", right=True, dispensable=2),
    Column("deleted", right=True, dispensable=3),
    Column("bytes", right=True, dispensable=6),
    Column("end", dispensable=7),
    Column("duration", right=True, dispensable=8),
    Column("notes", elastic=True),
)
"""On a narrow terminal the columns with the highest numbers go first, and before them those that say nothing new."""

_LOGIN = [column.title for column in COLUMNS].index("login")
_BETWEEN_CELLS = "\x1f"


class StandsOut(NamedTuple):
    """Why a session is worth a look."""

    severity: Severity
    what: tuple[str, ...]
    """In a few words each, the gravest first."""


class SessionsTable:
    """Takes sessions in any order and keeps their rows out of memory. A context manager."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._rows = Spool()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.__exit__(kind, error, trace)

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, place: int, session: Session) -> None:
        """Add a session, which has its place in the order of the rows."""
        self._rows.add(place, _BETWEEN_CELLS.join(_row(session, self._look)))

    def lines(self, standing_out: Mapping[int, StandsOut], in_their_order: bool) -> Iterator[str]:
        """Yield the table; nothing where there are none.

        Of many those that stand out are shown, in their order, or the first ones where that was asked for.
        """
        if not len(self):
            return
        style = self._look.style
        chosen = self._chosen(standing_out, in_their_order)
        others: Counter[str] = Counter()
        with Table(COLUMNS, style) as table:
            for place, text in enumerate(self._rows.in_order()):
                number, *cells, notes = text.split(_BETWEEN_CELLS)
                if chosen is not None and int(number) not in chosen:
                    others[cells[_LOGIN - 1]] += 1
                    continue
                why = standing_out.get(int(number))
                all_notes = filter(None, (f"{why.severity}: {', '.join(why.what)}" if why else "", notes))
                table.add(place, (number, *cells, "; ".join(all_notes)))
            alike = ", ".join(f"{title} {text}" for title, text in table.alike())
            heading = style.clip(f"Sessions{': ' if alike else ''}{alike}")
            yield f"{style.heading}{heading}{style.off}"
            yield from table.lines(lambda cell: _colour(cell, style))
        if others:
            yield from _counted(others, style)
        yield ""

    def _chosen(self, standing_out: Mapping[int, StandsOut], in_their_order: bool) -> set[int] | None:
        """Return the numbers of the sessions that are shown; None for all."""
        if self._look.everything or len(self) <= FEW:
            return None
        rows = (text.split(_BETWEEN_CELLS) for text in self._rows.in_order())
        if in_their_order or not standing_out:
            return {int(row[0]) for row in islice(rows, SHOWN)}
        weights = (
            (-why.severity.rank, row[_LOGIN] == "refused", int(row[0]))
            for row in rows
            if (why := standing_out.get(int(row[0]))) is not None
        )
        return {number for *_, number in sorted(weights)[:SHOWN]}


def standing_out(findings: Mapping[int, tuple[Severity, str]], incidents: Sequence[Incident]) -> dict[int, StandsOut]:
    """Return which sessions stand out, by findings and incidents that are about them."""
    made = {number: StandsOut(severity, (title.lower(),)) for number, (severity, title) in findings.items()}
    told: dict[int, StandsOut] = {}
    for one in incidents:
        for number in one.sessions:
            before = told.get(number, StandsOut(one.severity, ()))
            what = dict.fromkeys((*before.what, one.title.lower()))
            told[number] = StandsOut(max(before.severity, one.severity), tuple(what))
    return {**made, **told}


def _counted(others: Counter[str], style: Style) -> Iterator[str]:
    logins = [f"{number:,} {name or 'without a login'}" for name, number in others.most_common()]
    text = f"and {count(others.total(), 'session')} more: {', '.join(logins)} (--all lists them)"
    yield from wrapped(text, style.width, "", "  ")


def _colour(cell: str, style: Style) -> str:
    severity = next((one for one in MOST_SEVERE_FIRST if cell.startswith(f"{one}: ")), None)
    if severity is not None:
        return style.bad if severity.is_grave else style.notable
    return style.notable if cell == "refused" else ""


def _row(session: Session, look: Look) -> tuple[str, ...]:
    """Return a session's row, its texts already harmless."""
    start = moment(session.start, look.zone)
    deleted = len(session.deleted)
    return (
        str(session.id),
        start.date,
        start.clock[:8],
        session.client.ip,
        str(session.client.port),
        session.server.ip,
        str(session.server.port),
        session.protocol,
        terminal_safe(named(session.user)) if session.user else "",
        "" if session.login == "none" else login_words(session),
        f"{len(session.messages):,}" if session.messages else "",
        f"{deleted:,}" if deleted else "",
        f"{total_octets(session.messages):,}" if session.messages else "",
        _end(session),
        duration(session.duration),
        _notes(session),
    )


def _end(session: Session) -> str:
    """Return how a session ended, and in which state of the protocol if not in the last."""
    if session.ending == "quit" or session.state in (None, "DONE"):
        return session.ending
    return f"{session.ending} in {session.state}"


def _notes(session: Session) -> str:
    """Return in a few words what is unusual about a session in itself."""
    released = [one.released.value for one in session.deleted]
    uncommitted, unsure = released.count(False), released.count(None)
    lost = session.client_stream.missing + session.server_stream.missing
    conflicts = len(session.client_stream.conflicts) + len(session.server_stream.conflicts)
    departures = sum([len(exchange.violations) for exchange in session.exchanges if exchange.departures])
    notes = (
        "start missing" if session.handshake == "missing" else "",
        f"{count(lost, 'byte')} missing" if lost else "",
        count(conflicts, "conflict") if conflicts else "",
        f"{uncommitted:,} not committed" if uncommitted else "",
        f"{unsure:,} not known to be committed" if unsure else "",
        f"{count(departures, 'protocol violation')}" if departures else "",
    )
    return ", ".join(note for note in notes if note)
