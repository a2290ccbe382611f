"""What is known of what is chosen, field by field, each with the octets that show it where there are some."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pop2dissect.browse.cells import Cell, Row, broken
from pop2dissect.document.display_filters import finding_command, frames_filter, session_command, session_filter
from pop2dissect.document.facts import conflict_text, facts, fate, gap_text
from pop2dissect.document.lines import Line
from pop2dissect.masking import Mask
from pop2dissect.session import Finding, Message, Session
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.values import count

_LONGEST = 4000
"""Characters of a field that are shown; the octets have all."""
_INDENT = 4
"""Cells by which what does not fit a row is indented."""


class Place(NamedTuple):
    """Octets of a stream."""

    start: int
    end: int


class Detail(NamedTuple):
    """A field."""

    name: str
    value: str
    place: Place | None = None
    """In the stream of the line that it is of."""
    style: str = ""

    def rows(self, width: int) -> Iterator[Row]:
        """Yield it as rows of so many cells."""
        name = f"{self.name}: " if self.name else "  "
        first, *others = broken(self.value[:_LONGEST], max(width - _INDENT, 1), max(width - len(name), 1))
        yield [Cell(name, "name"), Cell(first, self.style)]
        yield from ([Cell(" " * _INDENT), Cell(other, self.style)] for other in others)


def session_details(session: Session, about: Iterable[Finding], rendering: Rendering) -> Iterator[Detail]:
    """Yield what is known of a session as a whole."""
    yield from (Detail(fact.name, fact.value) for fact in facts(session, rendering))
    for direction, stream in session.streams():
        yield Detail(f"{direction.capitalize()} sent", f"{count(stream.octets, 'byte')}, SHA-256 {stream.sha256()}")
        yield from (Detail("Gap", gap_text(gap, direction), style="notable") for gap in stream.gaps)
        for conflict in stream.conflicts:
            yield Detail("Conflict", conflict_text(conflict, direction, rendering), style="notable")
    for finding in about:
        yield from finding_details(finding, rendering)


def finding_details(finding: Finding, rendering: Rendering) -> Iterator[Detail]:
    """Yield a finding, and how Wireshark shows what it cites."""
    yield Detail(str(finding.severity), f"{finding.title} ({finding.id})", style=str(finding.severity))
    yield Detail("", finding.detail)
    if finding.sessions:
        yield Detail("  Sessions", ", ".join(map(str, finding.sessions)))
    if finding.frames:
        yield Detail("  Frames", rendering.frames(sorted(finding.frames)))
        yield from _hand_over(frames_filter(finding.frames), finding_command(finding, rendering))


def line_details(session: Session, line: Line, mask: Mask, rendering: Rendering) -> Iterator[Detail]:
    """Yield the fields of a line, and what else is known of it."""
    yield Detail("From", line.direction)
    for field in line.fields:
        text = mask.text(line.direction, field.start, min(field.end, field.start + _LONGEST))
        if field.name != "line end":
            text = text.rstrip("\r\n")
        yield Detail(field.name.capitalize(), text, Place(field.start, field.end))
    yield Detail("Time", rendering.when(line.time))
    if line.state:
        yield Detail("State", line.state)
    yield Detail("Frames", rendering.frames(line.frames) or "none")
    yield Detail("Bytes", f"{line.start} to {line.end} of what the {line.direction} sent")
    if line.missing:
        yield Detail("Missing", count(line.missing, "byte"), style="notable")
    yield from (Detail("Note", remark, style="notable") for remark in line.remarks)
    if line.direction == "server":
        for message in session.messages:
            if line.start < message.end and message.start < line.end:
                yield from _message(message, session.protocol)
    yield from _hand_over(session_filter(session), session_command(session, rendering, line.frames))


def _message(message: Message, protocol: str) -> Iterator[Detail]:
    yield Detail(f"Message {message.index}", fate(message, protocol), Place(message.start, message.end))
    yield Detail("SHA-256", message.sha256)
    headers = message.headers()
    yield from (Detail(name, text) for name, text in (("Header Subject", headers.subject),) if text)
    for part in message.mail.parts:
        if part.is_attachment:
            yield Detail("Attachment", f"{part.filename or '(no name)'}, {part.content_type}, {part.octets:,} bytes")


def _hand_over(display_filter: str, command: str) -> Iterator[Detail]:
    yield Detail("  Display filter", display_filter, style="dim")
    if command:
        yield Detail("  In Wireshark", command, style="dim")
