"""Timelines: what happened in a session, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from pop2dissect.text.values import count

if TYPE_CHECKING:
    from pop2dissect.capture.record import FrameRef
    from pop2dissect.session.ends import Direction
    from pop2dissect.session.exchange import Exchange, Reply
    from pop2dissect.session.message import Message
    from pop2dissect.session.session import Session

Event: TypeAlias = Literal["start", "command", "reply", "message", "gap", "end"]

NOT_CAPTURED = "(not captured)"
"""Stands for a line of which nothing was captured."""
_ENDINGS = {
    "quit": "the connection ends after QUIT",
    "closed": "the connection is closed without QUIT",
    "reset": "the connection is reset",
    "incomplete": "no end of the connection was captured",
}


@dataclass(slots=True)
class Entry:
    """One thing that happened in a session."""

    event: Event
    time: int | None
    """In ns; None where it was not captured when."""
    direction: Direction | None
    """Who sent it; None for the connection itself."""
    state: str | None
    """The server's state: before a command, after the replies to it. None where there is none."""
    what: str
    """Exact text from the wire where ``quoted``, else in words. A password is masked unless asked for."""
    octets: int
    frames: tuple[FrameRef, ...]
    quoted: bool = False
    exchange: Exchange | None = None
    """What a command or a reply belongs to."""
    reply: Reply | None = None
    messages: tuple[Message, ...] = ()
    """The messages that a reply transfers: of RFC 918 a whole mailbox."""
    is_last: bool = False
    """Nothing of its exchange follows."""


def entries(session: Session, show_passwords: bool = False) -> Iterator[Entry]:
    """Yield what happened in a session, in the order of the conversation, which may not be that of the clock.

    Gaps stand where the conversation had got to when they were missed.
    """
    yield Entry("start", session.start, None, None, _opening(session), 0, (session.first_frame,))
    gaps = deque(sorted(_gaps(session), key=lambda entry: entry.time or 0))
    for entry in conversation(session, show_passwords):
        while gaps and entry.time is not None and (gaps[0].time or 0) < entry.time:
            yield gaps.popleft()
        yield entry
    if not session.exchanges:
        yield from _octets(session)
    yield from gaps
    yield Entry("end", session.end, None, session.state, _ENDINGS[session.ending], 0, (session.last_frame,))


def conversation(session: Session, show_passwords: bool = False) -> Iterator[Entry]:
    """Yield what was said in a session that was taken apart: commands, replies and messages.

    Each exchange has at least one entry: where nothing of it was captured, one that says so.
    """
    transferred: dict[int, list[Message]] = {}
    for message in session.messages:
        transferred.setdefault(message.exchange, []).append(message)
    for exchange in session.exchanges:
        line = exchange.shown_line(show_passwords)
        if line is not None or not exchange.replies:
            lost = not line and (line is None or exchange.missing > 0)
            yield Entry(
                "command",
                exchange.time,
                "client",
                exchange.state,
                NOT_CAPTURED if lost else line or "",
                exchange.end - exchange.start,
                exchange.frames,
                not lost,
                exchange,
                is_last=not exchange.replies,
            )
        last = len(exchange.replies) - 1
        for place, reply in enumerate(exchange.replies):
            messages = tuple(transferred.get(exchange.index, ())) if reply.kind == "data" else ()
            what, quoted = reply_text(reply, messages)
            yield Entry(
                "message" if reply.kind == "data" else "reply",
                reply.time,
                "server",
                exchange.next_state,
                what,
                reply.end - reply.start,
                reply.frames,
                quoted,
                exchange,
                reply,
                messages,
                place == last,
            )


def reply_text(reply: Reply, messages: Sequence[Message] = ()) -> tuple[str, bool]:
    """Return a reply in words, and whether they are the server's own."""
    if reply.kind == "close":
        return "(closes the connection)", False
    if reply.kind == "data":
        name = message_name(messages[0]) if len(messages) == 1 else "the lines of the reply"
        if len(messages) > 1:
            where = "" if messages[0].mailbox is None else f" of {messages[0].mailbox}"
            name = f"{len(messages):,} messages{where}"
        return f"{name}, {count(reply.end - reply.start, 'byte')}", False
    if not reply.raw and reply.missing:
        return NOT_CAPTURED, False
    return reply.line, True


def message_name(message: Message) -> str:
    """Name a message as its mailbox counts it: ``message 3 of /usr/spool/mail/fred``."""
    return message_number(message) + ("" if message.mailbox is None else f" of {message.mailbox}")


def message_number(message: Message) -> str:
    """Name a message by its number in the mailbox."""
    return "message of unknown number" if message.number is None else f"message {message.number}"


def _opening(session: Session) -> str:
    how = {
        "complete": "connects",
        "partial": "connects (part of the handshake was not captured)",
        "missing": "is connected already when the capture starts",
    }
    return f"{session.client} {how[session.handshake]} to {session.server}, {session.protocol}"


def _gaps(session: Session) -> Iterator[Entry]:
    for direction, stream in session.streams():
        for gap in stream.gaps:
            what = f"{count(gap.length, 'byte')}: {gap.reason}"
            yield Entry("gap", stream.gap_time(gap), direction, None, what, gap.length, ())


def _octets(session: Session) -> Iterator[Entry]:
    """Yield what each side sent in a protocol that is not taken apart, as a whole."""
    for direction, stream in session.streams():
        if stream.octets:
            what = f"{count(stream.octets, 'byte')} of {session.protocol}"
            frames = stream.frames(0, stream.length)
            yield Entry("message", stream.time_at(0), direction, None, what, stream.octets, frames)


def with_time_before(session: Session) -> Iterator[tuple[Exchange, int | None]]:
    """Yield a session's exchanges with the time at which the reply to the one before was complete."""
    before: int | None = None
    for exchange in session.exchanges:
        yield exchange, before
        before = reply_end(session, exchange)


def reply_end(session: Session, exchange: Exchange) -> int | None:
    """Return the time of the last octet that answered; None where it was not captured, or nothing did."""
    for reply in reversed(exchange.replies):
        if reply.end > reply.start:
            # Nearly all replies are in one frame, and then need not be looked for.
            one = len(reply.frames) == 1 and not reply.missing
            return reply.time if one else session.server_stream.time_at(reply.end - 1)
    return None
