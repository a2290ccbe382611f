"""What is browsed: sessions in an order, which of them are shown, and which are marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pop2dissect.browse.cells import Cell, Row
from pop2dissect.capture.record import CaptureInfo
from pop2dissect.document.facts import facts, login_words
from pop2dissect.filters import Order
from pop2dissect.incidents import Incident
from pop2dissect.masking import Mask
from pop2dissect.phrases import query
from pop2dissect.selection import findings_about, rank
from pop2dissect.session import Finding, Session, total_octets
from pop2dissect.settings import Settings
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.values import count, frame_runs, moment


@dataclass(slots=True)
class Book:
    """The sessions of one run, with passwords masked unless asked for, and what they come to."""

    sessions: Sequence[Session]
    spanning: Sequence[Finding]
    """Findings that span sessions."""
    incidents: Sequence[Incident]
    captures: Sequence[CaptureInfo]
    warnings: Sequence[str]
    settings: Settings
    rendering: Rendering
    asked: str = ""
    """What was typed to find the sessions that are shown."""
    order: Order = "number"
    about: dict[int, list[Finding]] = field(init=False)
    """All findings about each session, the gravest first."""
    shown: list[Session] = field(init=False)
    """Those that were found, in order."""
    marked: set[int] = field(init=False, default_factory=set)
    """The numbers of marked sessions."""

    def __post_init__(self) -> None:
        self.about = findings_about(self.sessions, self.spanning)
        self.find("")

    def find(self, text: str) -> None:
        """Show the sessions that fit what was typed. Raises SettingError where it asks for what cannot be."""
        wanted = query(text)
        self.shown = [
            session
            for session in self.sessions
            if wanted.filters.fit(session, self.about[session.id])
            and (not wanted.words or _holds(self.told(session), wanted.words))
        ]
        self.asked = text
        self.sort(self.order)

    def sort(self, order: Order) -> None:
        """Put the sessions into an order."""
        self.order = order
        self.shown.sort(key=lambda session: rank(order, session, self.about[session.id]))

    def told(self, session: Session) -> str:
        """Return all that is told of a session, for a search: passwords are not among it unless they are shown."""
        mask = Mask(session, self.rendering.show_passwords)
        pieces = [fact.value for fact in facts(session, self.rendering)]
        pieces += [f"{one.id} {one.title}\n{one.detail}" for one in self.about[session.id]]
        pieces += [mask.text(direction, 0, stream.length) for direction, stream in session.streams()]
        return "\n".join([f"{session.client} {session.server}", *pieces])

    def mark(self, session: Session) -> None:
        """Mark a session, or take the mark away."""
        self.marked ^= {session.id}

    def mark_shown(self) -> None:
        """Mark all sessions that are shown; where all of them are, take the marks away."""
        numbers = {session.id for session in self.shown}
        self.marked = self.marked - numbers if numbers <= self.marked else self.marked | numbers

    def head(self) -> Row:
        """Return what stands above the panes."""
        captures = self.captures[0].path if len(self.captures) == 1 else count(len(self.captures), "capture")
        cells = [Cell(" pop2dissect ", "head"), Cell(f" {count(len(self.sessions), 'session')}")]
        if self.asked:
            cells += [Cell(f"  {len(self.shown):,} found: "), Cell(self.asked, "strong")]
        if self.marked:
            cells.append(Cell(f"  {len(self.marked):,} marked", "mark"))
        if self.order != "number":
            cells.append(Cell(f"  by {self.order}"))
        warnings = sum((len(one.warnings) for one in self.captures), len(self.warnings))
        if warnings:
            cells.append(Cell(f"  {count(warnings, 'warning')}", "notable"))
        return [*cells, Cell("  "), Cell(captures, "dim")]

    def row(self, place: int) -> Row:
        """Return the row of a session, what matters most at the left."""
        session = self.shown[place]
        found = self.about[session.id]
        worst = found[0].severity if found else None
        when = moment(session.start, self.rendering.zone)
        return [
            Cell("●" if session.id in self.marked else "", "mark", 2),
            Cell(str(session.id), "", max(len(str(self.sessions[-1].id)), 2), True),
            Cell(f" {worst or ''}", worst or "", 10),
            Cell(session.client.ip, "", 16),
            Cell(session.user or "", "strong", 11),
            Cell(login_words(session) if session.logins else "", "", 9),
            Cell(_number(len(session.messages), "message"), "", 13),
            Cell(_number(len(session.deleted), "deleted"), "", 11),
            Cell(f"{when.date} {when.clock[:8]}", "dim", 20),
            Cell(session.protocol, "", 9),
            Cell(str(session.server), "", 22),
            Cell(session.ending, "dim", 11),
            Cell(_number(total_octets(session.messages), "byte"), "dim", 16),
            Cell(found[0].title if found else ""),
        ]


def numbers_phrase(numbers: Sequence[int]) -> str:
    """Return what is typed to find sessions by their numbers."""
    return f"session:{','.join(frame_runs(sorted(numbers)))}"


def _holds(text: str, words: Sequence[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)


def _number(number: int, noun: str) -> str:
    return "" if not number else f"{number:,} deleted" if noun == "deleted" else count(number, noun)
