"""One session as the report shows it, and its row in the list of sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from pop2dissect.document.exhibit_names import stream_exhibit
from pop2dissect.document.facts import Fact, conflict_text, facts, gap_text, login_words
from pop2dissect.document.lines import MAX_LINES, session_lines
from pop2dissect.html.findings import Occurrence, occurrence
from pop2dissect.html.ladder import Ladder, ladder
from pop2dissect.html.lines import LineRow, line_row
from pop2dissect.html.messages import MessageView, message_view
from pop2dissect.html.octets import embedded
from pop2dissect.html.times import Stamp, stamp
from pop2dissect.masking import Mask
from pop2dissect.session import PASSWORD_MASK, Direction, Finding, Session, Severity, total_octets
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.safe import terminal_safe
from pop2dissect.text.values import count

MAX_CONFLICTS = 50
"""Conflicts of one stream that are listed; the rest is counted."""
_SHOWN_OCTETS = 48
"""Bytes of a copy that a conflict shows."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A row of the list of sessions."""

    id: int
    start: Stamp
    client: str
    server: str
    protocol: str
    user: str | None
    login: str
    ending: str
    messages: int
    deleted: int
    octets: int
    severity: Severity | None
    """Of the worst finding that is about it; None where there is none."""
    findings: int
    other_users: tuple[str, ...]
    """Users of its other logins: the search knows them too."""
    other_mailboxes: tuple[str, ...]
    """Mailboxes that it asked for or opened, and read nothing from."""


@dataclass(frozen=True, slots=True)
class StreamView:
    """What one end sent."""

    exhibit: str
    direction: Direction
    octets: int
    sha256: str
    remarks: tuple[str, ...]
    """Gaps and conflicts, a sentence each; these hold hexadecimal digits but no text of the capture."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """The lines of one exchange, and what is to be said about it."""

    lines: tuple[LineRow, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session with all that belongs to it."""

    row: SessionRow
    facts: tuple[Fact, ...]
    streams: tuple[StreamView, StreamView]
    ladder: Ladder
    exchanges: tuple[Exchange, ...]
    lines_left_out: int
    messages: tuple[MessageView, ...]
    findings: tuple[Occurrence, ...]
    octets: str
    """See :func:`pop2dissect.html.octets.embedded`."""


def session_row(session: Session, findings: Sequence[Finding], rendering: Rendering) -> SessionRow:
    """Make the row of a session; ``findings`` are all that are about it."""
    return SessionRow(
        id=session.id,
        start=stamp(session.start, rendering.zone),
        client=str(session.client),
        server=str(session.server),
        protocol=session.protocol,
        user=session.user,
        login=login_words(session),
        ending=session.ending,
        messages=len(session.messages),
        deleted=len(session.deleted),
        octets=total_octets(session.messages),
        severity=max((finding.severity for finding in findings), default=None),
        findings=len(findings),
        other_users=_others((login.user for login in session.logins), (session.user,)),
        other_mailboxes=_others(
            (name for folder in session.folders for name in (folder.asked, folder.named)),
            (message.mailbox for message in session.messages),
        ),
    )


def _others(names: Iterable[str | None], shown: Iterable[str | None]) -> tuple[str, ...]:
    """Return names that are not shown anyway, harmless."""
    known = set(shown)
    return tuple(dict.fromkeys(terminal_safe(name) for name in names if name is not None and name not in known))


def session_view(
    session: Session, row: SessionRow, findings: Sequence[Finding], limit: int, rendering: Rendering, *, brief: bool
) -> SessionView:
    """Make the view of a session; ``limit`` is how many bytes of a line the page carries, ``brief`` messages."""
    mask = Mask(session, rendering.show_passwords)
    lines = list(session_lines(session, mask))
    shown = lines[:MAX_LINES]
    return SessionView(
        row=row,
        facts=tuple(facts(session, rendering)),
        streams=(
            _stream(session, "client", rendering, mask),
            _stream(session, "server", rendering, mask),
        ),
        ladder=ladder(lines, session.start),
        exchanges=tuple(
            Exchange(
                tuple(line_row(line, session.start, rendering) for line in group),
                tuple(remark for line in group for remark in line.remarks),
            )
            for group in (list(lines) for _, lines in groupby(shown, key=lambda line: line.exchange))
        ),
        lines_left_out=len(lines) - len(shown),
        messages=tuple(message_view(session, message, rendering, brief=brief) for message in session.messages),
        findings=tuple(occurrence(finding, rendering) for finding in findings),
        octets=embedded(session, shown, limit, mask, rendering),
    )


def _stream(session: Session, direction: Direction, rendering: Rendering, mask: Mask) -> StreamView:
    stream = session.stream(direction)
    return StreamView(
        exhibit=stream_exhibit(session, direction),
        direction=direction,
        octets=stream.octets,
        sha256=stream.sha256(),
        remarks=tuple(_stream_remarks(stream, direction, rendering, mask)),
    )


def _stream_remarks(stream: Stream, direction: Direction, rendering: Rendering, mask: Mask) -> Iterator[str]:
    if stream.repeated:
        yield f"{count(stream.repeated, 'byte was', 'bytes were')} captured more than once."
    for gap in stream.gaps[:MAX_CONFLICTS]:
        yield f"Gap: {gap_text(gap, direction)}."
    if len(stream.gaps) > MAX_CONFLICTS:
        yield f"{count(len(stream.gaps) - MAX_CONFLICTS, 'more gap')}; {count(stream.missing, 'byte')} missing in all."
    for conflict in stream.conflicts[:MAX_CONFLICTS]:
        hidden = mask.hides(direction, conflict)
        kept, other = (_hex(octets, hidden) for octets in (conflict.kept, conflict.other))
        yield f"Conflict: {conflict_text(conflict, direction, rendering)}. Kept: {kept}. Discarded: {other}."
    if len(stream.conflicts) > MAX_CONFLICTS:
        yield f"{count(len(stream.conflicts) - MAX_CONFLICTS, 'more conflict')}."


def _hex(octets: bytes, hidden: bool) -> str:
    if hidden:
        return PASSWORD_MASK
    return octets[:_SHOWN_OCTETS].hex(" ") + (" …" if len(octets) > _SHOWN_OCTETS else "")
