"""What happened and what was found: the pane at the left, where reading begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pop2dissect.browse.book import Book
from pop2dissect.browse.cells import Cell, Row
from pop2dissect.browse.details import Detail, finding_details
from pop2dissect.capture.record import FrameRef
from pop2dissect.incidents import Incident, findings_of, in_order
from pop2dissect.session import Finding
from pop2dissect.text.rendering import Rendering

_MOST = 100
"""Findings of one kind whose details are shown."""
_SHORT = {"critical": "crit", "medium": "med "}
"""Words for severities where there is little room."""


@dataclass(frozen=True, slots=True)
class Event:
    """A row: an incident, findings of one kind, or a heading."""

    label: str
    style: str = ""
    severity: str = ""
    indent: int = 0
    sessions: tuple[int, ...] = ()
    frame: FrameRef | None = None
    """The frame to begin with."""
    incident: Incident | None = None
    findings: tuple[Finding, ...] = ()

    def row(self) -> Row:
        """Return it as a row."""
        mark = [Cell(_SHORT.get(self.severity, self.severity), self.severity, 4), Cell(" ")] if self.severity else []
        return [Cell("", width=self.indent), *mark, Cell(self.label, self.style)]

    def details(self, rendering: Rendering) -> Iterator[Detail]:
        """Yield what is known of it."""
        if self.incident is not None:
            one = self.incident
            yield Detail(str(one.severity), f"{one.title}", style=str(one.severity))
            yield Detail("", one.sentence)
            if one.first_time is not None:
                yield Detail("  From", rendering.when(one.first_time))
                yield Detail("  To", rendering.when(one.last_time))
            if one.sessions:
                yield Detail("  Sessions", ", ".join(map(str, one.sessions)))
            yield Detail("  Frames", rendering.frames(one.frames))
        for finding in self.findings[:_MOST]:
            yield from finding_details(finding, rendering)
        if len(self.findings) > _MOST:
            yield Detail("", f"and {len(self.findings) - _MOST:,} more of this kind")


def outline(book: Book) -> list[Event]:
    """Return the rows: incidents, each followed by what it made possible, then the findings by their kind."""
    by_number = {session.id: session.findings for session in book.sessions}
    rows = [Event("What happened", "heading")]
    for one in in_order(book.incidents):
        found = findings_of(one, book.spanning, by_number)
        frame = one.frames[0] if one.frames else None
        indent = 0 if one.follows is None else 2
        rows.append(Event(one.sentence, "", str(one.severity), indent, one.sessions, frame, one, tuple(found)))
    if len(rows) == 1:
        rows.append(Event("no incident was recognised", "dim"))
    rows.append(Event("Findings", "heading"))
    kinds: dict[tuple[int, str], list[Finding]] = {}
    for finding in (*book.spanning, *(one for session in book.sessions for one in session.findings)):
        kinds.setdefault((-finding.severity.rank, finding.id), []).append(finding)
    for (_, name), group in sorted(kinds.items()):
        group.sort(key=lambda finding: (finding.time or 0, finding.sessions))
        first = group[0]
        numbers = tuple(sorted({number for finding in group for number in finding.sessions}))
        times = f"{len(group):,} × " if len(group) > 1 else ""
        label = f"{times}{first.title} ({name})"
        frame = first.frames[0] if first.frames else None
        rows.append(Event(label, "", str(first.severity), 0, numbers, frame, None, tuple(group)))
    if not kinds:
        rows.append(Event("none", "dim"))
    return rows
