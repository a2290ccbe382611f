"""What was said in a session, line by line, each with what proves it and where its fields are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeAlias

from pop2dissect.capture.record import FrameRef
from pop2dissect.document.facts import remarks
from pop2dissect.document.fields import Field, command_fields, message_fields, reply_fields
from pop2dissect.masking import Mask
from pop2dissect.session import DIRECTIONS, Direction, Entry, Session
from pop2dissect.session.timeline import conversation

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
    time: int | None
    """In ns; None where not captured."""
    text: str
    """From the wire where ``quoted``, its password masked; else in words."""
    quoted: bool
    state: str
    """The server's state: before a command, and after the last reply to it."""
    frames: tuple[FrameRef, ...]
    start: int
    end: int
    """Offsets in what that end sent."""
    fields: tuple[Field, ...]
    missing: int
    remarks: tuple[str, ...] = ()
    """What is to be said about the exchange that this is the last line of."""


def session_lines(session: Session, mask: Mask) -> Iterator[Line]:
    """Yield the lines of a session in the order of the conversation; ``mask`` hides passwords."""
    for entry in conversation(session, mask.shows_passwords):
        yield _line(session, entry)
    if not session.exchanges:
        yield from _turn_lines(session, mask)


def _line(session: Session, entry: Entry) -> Line:
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
        time=entry.time,
        text=entry.what,
        quoted=entry.quoted,
        state=entry.state or "" if reply is None or entry.is_last else "",
        frames=entry.frames,
        start=said.start,
        end=said.end,
        fields=tuple(fields),
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


def _turn_lines(session: Session, mask: Mask) -> Iterator[Line]:
    for number, (direction, time, start, end) in enumerate(_turns(session)):
        yield Line(
            exchange=number,
            direction=direction,
            kind="octets",
            time=time,
            text=_beginning(session, direction, start, end, mask),
            quoted=True,
            state="",
            frames=session.stream(direction).frames(start, end),
            start=start,
            end=end,
            fields=(Field("bytes", start, end),),
            missing=0,
        )


def _beginning(session: Session, direction: Direction, start: int, end: int, mask: Mask) -> str:
    """Return the first line of a run of bytes."""
    stream = session.stream(direction)
    block = stream.read(start, min(end, start + _FIRST_LINE))
    line = block.split(b"\n", 1)[0].removesuffix(b"\r")
    return mask.text(direction, start, start + len(line))
