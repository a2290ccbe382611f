"""One session as lines of text: its heading, then a line for everything that was said."""

from __future__ import annotations

from collections.abc import Iterator

from pop2dissect.document.exhibit_names import message_exhibit
from pop2dissect.document.facts import brief_facts, conflict_text, fate, gap_text, remarks
from pop2dissect.session import Direction, Message, Session
from pop2dissect.session.timeline import conversation
from pop2dissect.tcp.stream import Stream
from pop2dissect.terminal.look import Look
from pop2dissect.text.safe import fit, terminal_safe, wire_safe
from pop2dissect.text.values import count, elapsed, moment

_NO_TIME = " " * 9
_GAP, _SHOWN_GAP = "  ", r" \x20"
"""Between what stands on one line, and how it is shown within text from the wire, so that the two differ."""
_PIECE = 40
"""Cells of one of the facts about a session, such as its user, where they are fitted to a terminal."""
_MOST_REMARKS = 5
"""Gaps, and conflicts, of one end that are listed before its conversation."""


def session_timeline(session: Session, look: Look) -> Iterator[str]:
    """Yield the lines of a session, without line ends."""
    style = look.style
    start = moment(session.start, look.zone)
    heading = (
        f"Session {session.id}  {session.client} {style.to_server} {session.server}"
        f"  {start.date} {start.short_clock} {start.zone}"
    )
    yield f"{style.heading}{style.clip(heading)}{style.off}"
    yield f"{style.dim}{style.clip('  ' + _circumstances(session, look))}{style.off}"
    for event in session.events:
        yield _remark(look, terminal_safe(event))
    for direction, stream in session.streams():
        yield from (_remark(look, text) for text in _lost_and_doubtful(direction, stream, look))
    for entry in conversation(session, look.show_passwords):
        time = _NO_TIME if entry.time is None else f"{elapsed(entry.time - session.start):>9}"
        if entry.direction == "client":
            sign, colour = style.to_server, style.client
        else:
            sign = style.to_client
            colour = style.bad if entry.reply is not None and entry.reply.kind == "error" else style.server
        what = wire_safe(entry.what) if entry.quoted else _in_parentheses(terminal_safe(entry.what))
        yield look.said(colour, f"{time} {sign} {what}", entry.frames)
        for message in entry.messages:
            yield from _message(session, message, look)
        if entry.is_last and entry.exchange is not None:
            yield from (_remark(look, terminal_safe(text)) for text in remarks(entry.exchange))
    if not session.exchanges:
        yield _remark(
            look,
            f"{session.protocol}: {session.protocol_evidence}; "
            f"{count(session.client_stream.octets, 'byte')} from the client, "
            f"{count(session.server_stream.octets, 'byte')} from the server",
        )


def _lost_and_doubtful(direction: Direction, stream: Stream, look: Look) -> Iterator[str]:
    """Yield where bytes of one end are missing or differ; of many places the first, and how many more there are."""
    for gap in stream.gaps[: _shown(len(stream.gaps))]:
        yield gap_text(gap, direction)
    yield from _more(len(stream.gaps), "gap", direction)
    for conflict in stream.conflicts[: _shown(len(stream.conflicts))]:
        yield conflict_text(conflict, direction, look)
    yield from _more(len(stream.conflicts), "conflict", direction)


def _shown(number: int) -> int:
    """Return how many of so many remarks are listed: a short snap length cuts every packet."""
    return number if number <= _MOST_REMARKS + 1 else _MOST_REMARKS


def _more(number: int, noun: str, direction: str) -> Iterator[str]:
    left_out = number - _shown(number)
    if left_out:
        yield f"and {count(left_out, noun)} more of the {direction} (-V lists all)"


def _circumstances(session: Session, look: Look) -> str:
    pieces = map(terminal_safe, brief_facts(session, look))
    return ", ".join(pieces if look.style.width is None else (fit(piece, _PIECE) for piece in pieces))


def _message(session: Session, message: Message, look: Look) -> Iterator[str]:
    style = look.style
    headers = message.headers()
    colour = style.bad if message.disposition == "deleted" else style.good
    text = f"{message_exhibit(session, message)}: {fate(message, session.protocol)}"
    yield f"{colour}{style.clip(f'{_NO_TIME}   {text}')}{style.off}"
    about = [
        f"{name}: {terminal_safe(value).replace(_GAP, _SHOWN_GAP)}"
        for name, value in (("From", headers.sender), ("Subject", headers.subject))
        if value is not None
    ]
    if about:
        yield f"{style.dim}{style.clip(_NO_TIME + '   ' + '  '.join(about))}{style.off}"


def _in_parentheses(words: str) -> str:
    return words if words.startswith("(") else f"({words})"


def _remark(look: Look, text: str) -> str:
    style = look.style
    return f"{style.notable}{style.clip(f'{_NO_TIME} ! {text}')}{style.off}"
