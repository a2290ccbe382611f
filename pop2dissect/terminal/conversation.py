"""One session as lines of text: its heading, then a line for everything that was said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pop2dissect.mail import parse_headers
from pop2dissect.session import Exchange, Message, Reply, Session
from pop2dissect.tcp.stream import Stream
from pop2dissect.terminal.style import Style
from pop2dissect.text.safe import fit, terminal_safe
from pop2dissect.text.values import UTC, Zone, count, elapsed, frame_list, moment

HEADER_OCTETS = 16 << 10
"""Octets of a message that are looked at for its subject and sender; the whole may be large."""

FIRST_LOOK = 1 << 10
"""Octets in which the headers of most messages end."""

_NO_TIME = " " * 9
_USER = 24
"""Cells of a user's name in the facts about a session, where they are fitted to a terminal."""
_DEPARTURES = {
    "protocol.state": "not allowed in state {state}",
    "protocol.unknown_command": "not a command of the protocol",
    "protocol.syntax": "not the arguments that the command takes",
    "protocol.pre_greeting": "sent before the greeting",
    "protocol.pipelining": "sent before the reply to the command before it",
    "protocol.length_mismatch": "the message's length is not the announced one",
    "protocol.reply_injection": "a reply where none is due",
    "protocol.bare_lf": "a line ended by a bare LF",
    "protocol.long_line": "a line longer than the protocol allows",
    "protocol.non_ascii": "octets that are not printable ASCII",
    "protocol.terminal_escape": "control characters, which could steer a terminal",
}
"""Departures from the RFC in words."""
_MOST_REMARKS = 5
"""Gaps, and conflicts, of one end that are listed before its conversation."""
_SHORTEST_CITATION = 18
"""Cells that are enough to cite one frame."""


@dataclass(frozen=True, slots=True)
class Look:
    """How text output is to be written."""

    style: Style
    zone: Zone = UTC
    show_passwords: bool = False
    several_captures: bool = False

    def said(self, colour: str, text: str, frames: tuple[int, ...]) -> str:
        """Return a line of what was said, with the frames behind it that prove it; on a terminal both are fitted."""
        style = self.style
        if not frames:
            return f"{colour}{style.clip(text)}{style.off}"
        noun = "frame" if len(frames) == 1 else "frames"
        citation = f"  [{noun} {frame_list(frames, self.several_captures)}]"
        if style.width is not None:
            citation = fit(citation, max(style.width // 3, _SHORTEST_CITATION))
        return f"{colour}{style.clip(text, len(citation))}{style.off}{style.dim}{citation}{style.off}"


def departure(violation: str, state: str) -> str:
    """Return in words what departs from the RFC, for a command that came in that state of the server."""
    words = _DEPARTURES.get(violation)
    return violation if words is None else f"{words.format(state=state)} ({violation})"


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
    for direction, stream in (("client", session.client_stream), ("server", session.server_stream)):
        yield from (_remark(look, text) for text in _lost_and_doubtful(direction, stream, look))
    messages = {message.exchange: message for message in reversed(session.messages)}
    for exchange in session.exchanges:
        yield from _exchange(exchange, session, messages.get(exchange.index), look)
    if not session.exchanges:
        yield _remark(
            look,
            f"{session.protocol}: {session.protocol_evidence}; "
            f"{count(session.client_stream.octets, 'octet')} from the client, "
            f"{count(session.server_stream.octets, 'octet')} from the server",
        )


def _lost_and_doubtful(direction: str, stream: Stream, look: Look) -> Iterator[str]:
    """Yield where octets of one end were lost or differ; of many places the first, and how many more there are."""
    for gap in stream.gaps[: _shown(len(stream.gaps))]:
        yield f"{count(gap.length, 'octet')} of the {direction} at offset {gap.offset}: {gap.reason}"
    yield from _more(len(stream.gaps), "gap", direction)
    for conflict in stream.conflicts[: _shown(len(stream.conflicts))]:
        kept, other = (
            frame_list((frame,), look.several_captures) for frame in (conflict.kept_frame, conflict.other_frame)
        )
        yield (
            f"two copies of {count(conflict.length, 'octet')} of the {direction} at offset {conflict.offset} "
            f"differ: frame {kept} counts, frame {other} does not"
        )
    yield from _more(len(stream.conflicts), "conflict", direction)


def _shown(number: int) -> int:
    """Return how many of so many remarks are listed: a short snap length cuts every packet."""
    return number if number <= _MOST_REMARKS + 1 else _MOST_REMARKS


def _more(number: int, noun: str, direction: str) -> Iterator[str]:
    left_out = number - _shown(number)
    if left_out:
        yield f"and {count(left_out, noun)} more of the {direction} (-V lists all)"


def _circumstances(session: Session, look: Look) -> str:
    frames = frame_list((session.first_frame,), look.several_captures)
    last = frame_list((session.last_frame,), look.several_captures)
    user = ""
    if session.user is not None:
        name = terminal_safe(session.user)
        user = f"user {name if look.style.width is None else fit(name, _USER)}, login {session.login}, "
    return (
        f"{session.protocol}, {user}ended: {session.ending}, handshake {session.handshake}, "
        f"frames {frames} to {last}, {count(session.packets, 'packet')}"
    )


def _exchange(exchange: Exchange, session: Session, message: Message | None, look: Look) -> Iterator[str]:
    style = look.style
    line = exchange.shown_line(look.show_passwords)
    if line is not None:
        time = _NO_TIME if exchange.time is None else f"{elapsed(exchange.time - session.start):>9}"
        said = terminal_safe(line) if line or not exchange.missing else "(not captured)"
        yield look.said(style.client, f"{time} {style.to_server} {said}", exchange.frames)
    for reply in exchange.replies:
        time = _NO_TIME if reply.time is None else f"{elapsed(reply.time - session.start):>9}"
        colour = style.bad if reply.kind == "error" else style.server
        yield look.said(colour, f"{time} {style.to_client} {_said(reply, message)}", reply.frames)
        if reply.kind == "data" and message is not None:
            yield from _message(message, look)
    for violation in exchange.violations:
        yield _remark(look, departure(violation, exchange.state))
    for note in exchange.notes:
        yield _remark(look, note)


def _said(reply: Reply, message: Message | None) -> str:
    if reply.kind == "close":
        return "(the server closes)"
    if reply.kind != "data":
        return terminal_safe(reply.line) if reply.raw or not reply.missing else "(not captured)"
    octets = count(reply.end - reply.start, "octet")
    number = f" of message {message.number}" if message and message.number is not None else " of a message"
    return octets + number


def _message(message: Message, look: Look) -> Iterator[str]:
    style = look.style
    headers = parse_headers(_head(message))
    fate: str = message.disposition
    if fate == "deleted":
        fate += ", committed" if message.committed else ", not committed"
    where = "" if message.mailbox is None else f" in {terminal_safe(message.mailbox)}"
    colour = style.bad if message.disposition == "deleted" else style.good
    text = f"message {message.index}: {fate}{where}"
    yield f"{colour}{style.clip(f'{_NO_TIME}   {text}')}{style.off}"
    about = [
        f"{name}: {terminal_safe(value)}"
        for name, value in (("From", headers.sender), ("Subject", headers.subject))
        if value is not None
    ]
    if about:
        yield f"{style.dim}{style.clip(_NO_TIME + '   ' + '  '.join(about))}{style.off}"


def _head(message: Message) -> bytes:
    """Return a message's first octets, at least to the end of its headers: mostly few, and bodies may be long."""
    head = b""
    for octets in (FIRST_LOOK, HEADER_OCTETS):
        head = message.stream.read(message.start, min(message.end, message.start + octets))
        if b"\n\r\n" in head or b"\n\n" in head:
            break
    return head


def _remark(look: Look, text: str) -> str:
    style = look.style
    return f"{style.notable}{style.clip(f'{_NO_TIME} ! {text}')}{style.off}"
