"""What was said in a session, a row per line, each with what proves it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeAlias

from pop2dissect.document.facts import remarks
from pop2dissect.html.fields import Field, command_fields, message_fields, notation, reply_fields
from pop2dissect.html.times import Stamp, clock_stamp
from pop2dissect.masking import Mask
from pop2dissect.session import DIRECTIONS, Direction, Entry, Session
from pop2dissect.session.timeline import conversation
from pop2dissect.text.rendering import Rendering

MAX_LINES = 4000
"""Lines of one session that are listed: a browser still scrolls through them, and no mail session has as many."""

Kind: TypeAlias = str
"""A reply's kind, a command, or bytes of a conversation that is not taken apart."""
_FIRST_LINE = 120
"""Bytes of such a conversation that are looked at for a first line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that one end said."""

    exchange: int
    direction: Direction
    kind: Kind
    since: int | None
    """Time in ns since the session's start; None where not captured."""
    time: Stamp
    text: str
    """From the wire where ``quoted``, its password masked; else in words."""
    quoted: bool
    state: str
    """The server's state: before a command, and after the last reply to it."""
    frames: str
    start: int
    end: int
    """Offsets in what that end sent."""
    fields: str
    """As :func:`pop2dissect.html.fields.notation` writes them."""
    missing: int
    remarks: tuple[str, ...] = ()
    """What is to be said about the exchange that this is the last line of."""

    @property
    def marks(self) -> str:
        """Who said it, and what kind of thing it is unless it is a command: classes for the page."""
        return self.direction[0] if self.kind == "command" else f"{self.direction[0]} {self.kind}"


def session_lines(session: Session, rendering: Rendering, mask: Mask) -> Iterator[Line]:
    """Yield the lines of a session in the order of the conversation; ``mask`` hides passwords."""
    for entry in conversation(session, rendering.show_passwords):
        yield _line(session, entry, rendering)
    if not session.exchanges:
        yield from _turn_lines(session, rendering, mask)


def _line(session: Session, entry: Entry, rendering: Rendering) -> Line:
    exchange, reply = entry.exchange, entry.reply
    assert exchange is not None
    fields: Iterator[Field] = iter(())
    if reply is None:
        fields = command_fields(exchange, session.protocol)
    elif reply.kind == "data":
        fields = message_fields(session.server_stream, reply.start, reply.end)
    elif reply.kind != "close":
        fields = reply_fields(reply, session.protocol)
    said = exchange if reply is None else reply
    return Line(
        exchange=exchange.index,
        direction="client" if reply is None else "server",
        kind="command" if reply is None else reply.kind,
        since=None if entry.time is None else entry.time - session.start,
        time=clock_stamp(entry.time, session.start, rendering.zone),
        text=entry.what,
        quoted=entry.quoted,
        state=entry.state or "" if reply is None or entry.is_last else "",
        frames=rendering.frames(entry.frames),
        start=said.start,
        end=said.end,
        fields=notation(fields, said.start, said.end),
        missing=said.missing,
        remarks=tuple(remarks(exchange)) if entry.is_last else (),
    )


class _Turn(NamedTuple):
    """A run of bytes of one end, in a conversation that is not taken apart."""

    direction: Direction
    time: int
    start: int
    end: int


def _turns(session: Session) -> Iterator[_Turn]:
    """Yield the turns of a conversation in the order of time."""
    spans = sorted(
        (span.time, span.frame, direction, span.offset, span.end)
        for direction in DIRECTIONS
        for span in session.stream(direction).spans
    )
    turn: _Turn | None = None
    for time, _, direction, start, end in spans:
        if turn is not None and turn.direction == direction and turn.end == start:
            turn = turn._replace(end=end)
            continue
        if turn is not None:
            yield turn
        turn = _Turn(direction, time, start, end)
    if turn is not None:
        yield turn


def line_lengths(session: Session) -> Iterator[int]:
    """Yield how many bytes the lines of a session have, those that are listed."""
    if not session.exchanges:
        yield from (turn.end - turn.start for turn in islice(_turns(session), MAX_LINES))
    for exchange in islice(session.exchanges, MAX_LINES):
        yield exchange.end - exchange.start
        yield from (reply.end - reply.start for reply in exchange.replies)


def _turn_lines(session: Session, rendering: Rendering, mask: Mask) -> Iterator[Line]:
    for number, (direction, time, start, end) in enumerate(_turns(session)):
        yield Line(
            exchange=number,
            direction=direction,
            kind="octets",
            since=time - session.start,
            time=clock_stamp(time, session.start, rendering.zone),
            text=_beginning(session, direction, start, end, mask),
            quoted=True,
            state="",
            frames=rendering.frames(session.stream(direction).frames(start, end)),
            start=start,
            end=end,
            fields=notation([Field("bytes", start, end)], start, end),
            missing=0,
        )


def _beginning(session: Session, direction: Direction, start: int, end: int, mask: Mask) -> str:
    """Return the first line of a run of bytes."""
    stream = session.stream(direction)
    block = stream.read(start, min(end, start + _FIRST_LINE))
    line = block.split(b"\n", 1)[0].removesuffix(b"\r")
    return mask.text(direction, start, start + len(line))
