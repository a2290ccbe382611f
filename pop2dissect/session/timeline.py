"""Timelines: what happened in a session, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from pop2dissect.session.model import Direction, Exchange, Message, Reply, Session

Event: TypeAlias = Literal["start", "command", "reply", "message", "gap", "end"]

_ENDINGS = {
    "quit": "the connection ends after QUIT",
    "closed": "the connection is closed without QUIT",
    "reset": "the connection is reset",
    "incomplete": "no end of the connection was captured",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened in a session."""

    event: Event
    time: int | None
    """In ns; None where it was not captured when."""
    direction: Direction | None
    """Who sent it; None for the connection itself."""
    state: str | None
    """The server's state before it, by the RFC; None where there is none."""
    what: str
    """Exact text from the wire where there is one; a password is masked unless asked for."""
    octets: int
    frames: tuple[int, ...]


def entries(session: Session, show_passwords: bool = False) -> Iterator[Entry]:
    """Yield what happened in a session, in the order of the conversation, which may not be that of the clock.

    Gaps stand where the conversation had got to when they were missed.
    """
    yield Entry("start", session.start, None, None, _opening(session), 0, (session.first_frame,))
    gaps = deque(sorted(_gaps(session), key=lambda entry: entry.time or 0))
    for entry in _talk(session, show_passwords):
        while gaps and entry.time is not None and (gaps[0].time or 0) < entry.time:
            yield gaps.popleft()
        yield entry
    yield from gaps
    yield Entry("end", session.end, None, session.state, _ENDINGS[session.ending], 0, (session.last_frame,))


def _opening(session: Session) -> str:
    how = {
        "complete": "connects",
        "partial": "connects (part of the handshake was not captured)",
        "missing": "is connected already when the capture begins",
    }
    return f"{session.client} {how[session.handshake]} to {session.server}, {session.protocol}"


def _gaps(session: Session) -> Iterator[Entry]:
    for direction, stream in session.streams():
        for gap in stream.gaps:
            what = f"{gap.length:,} octets: {gap.reason}"
            yield Entry("gap", stream.gap_time(gap), direction, None, what, gap.length, ())


def _talk(session: Session, show_passwords: bool) -> Iterator[Entry]:
    messages = {message.exchange: message for message in session.messages}
    for exchange in session.exchanges:
        line = exchange.shown_line(show_passwords)
        if line is not None:
            octets = exchange.end - exchange.start
            yield Entry("command", exchange.time, "client", exchange.state, line, octets, exchange.frames)
        for reply in exchange.replies:
            yield _reply(exchange, reply, messages.get(exchange.index))
    if not session.exchanges:
        for direction, stream in session.streams():
            if stream.octets:
                what = f"{stream.octets:,} octets of {session.protocol}"
                frames = stream.frames(0, stream.length)
                yield Entry("message", stream.time_at(0), direction, None, what, stream.octets, frames)


def _reply(exchange: Exchange, reply: Reply, message: Message | None) -> Entry:
    if reply.kind == "close":
        return Entry("reply", reply.time, "server", exchange.next_state, "closes", 0, reply.frames)
    if reply.kind == "data":
        what = "data"
        if message is not None:
            number = "?" if message.number is None else message.number
            what = f"message {number} of {message.mailbox or 'an unknown mailbox'}"
            if message.disposition != "unacknowledged":
                what += f", {message.disposition}" + (" for good" if message.committed else "")
        return Entry("message", reply.time, "server", exchange.next_state, what, reply.end - reply.start, reply.frames)
    octets = reply.end - reply.start
    return Entry("reply", reply.time, "server", exchange.next_state, reply.line, octets, reply.frames)


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
