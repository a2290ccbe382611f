"""One session as a tree of fields: all that is known of it, with the frames and octets that show it."""

from __future__ import annotations

from collections.abc import Iterator

from pop2dissect.document.masking import hides, secret_ranges
from pop2dissect.session import PASSWORD_MASK, Direction, Exchange, Message, Reply, Session
from pop2dissect.terminal.conversation import Look
from pop2dissect.terminal.wrap import wrapped
from pop2dissect.text.safe import terminal_safe
from pop2dissect.text.values import count, decimal_seconds, frame_list, moment

_CONTINUED = 4
"""Columns by which what does not fit a line is indented more than its begin."""


def session_tree(session: Session, look: Look) -> Iterator[str]:
    """Yield the lines of the tree, without line ends; on a terminal nothing is cut off, but wrapped."""
    heading, *fields = _tree(session, look)
    yield heading
    for field in fields:
        text = field.lstrip(" ")
        depth = len(field) - len(text)
        yield from wrapped(text, look.style.width, field[:depth], " " * (depth + _CONTINUED))


def _tree(session: Session, look: Look) -> Iterator[str]:
    style = look.style
    password = session.password if look.show_passwords else session.password and PASSWORD_MASK
    heading = style.clip(f"Session {session.id}: {session.client} {style.to_server} {session.server}")
    yield f"{style.heading}{heading}{style.off}"
    yield _field(1, "Protocol", f"{session.protocol} ({session.protocol_evidence})")
    yield _field(1, "Frames", f"{_frames((session.first_frame,), look)} to {_frames((session.last_frame,), look)}")
    yield _field(1, "Packets", str(session.packets))
    yield _field(1, "Start", _time(session.start, look))
    yield _field(1, "End", _time(session.end, look))
    yield _field(1, "Duration", f"{decimal_seconds(session.duration)} s")
    yield _field(1, "Handshake", session.handshake)
    yield _field(1, "Ending", session.ending)
    for name, value in (("User", session.user), ("Password", password)):
        if value is not None:
            yield _field(1, name, value)
    yield _field(1, "Login", session.login)
    if session.state is not None:
        yield _field(1, "Last state of the server", session.state)
    for name, software in (("Client", session.client_software), ("Server", session.server_software)):
        if software is not None:
            yield _field(1, f"{name}'s software", f"{software} ({software.evidence})")
    for event in session.events:
        yield _field(1, "Event", event)
    for direction in ("client", "server"):
        yield from _stream(session, "client" if direction == "client" else "server", look)
    for exchange in session.exchanges:
        yield from _exchange(exchange, look)
    for message in session.messages:
        yield from _message(message, look)
    for finding in session.findings:
        yield _field(1, f"Finding, {finding.severity}", f"{finding.title} ({finding.id}): {finding.detail}")


def _field(depth: int, name: str, value: str) -> str:
    return f"{'  ' * depth}{name}: {terminal_safe(value)}"


def _frames(frames: tuple[int, ...], look: Look) -> str:
    return frame_list(frames, look.several_captures) or "none captured"


def _time(time: int | None, look: Look) -> str:
    if time is None:
        return "not captured"
    when = moment(time, look.zone)
    return f"{when.date} {when.clock} {when.zone}"


def _where(direction: Direction, start: int, end: int, frames: tuple[int, ...], look: Look) -> str:
    noun = "frame" if len(frames) == 1 else "frames"
    return f"[{noun} {_frames(frames, look)}; {direction} octets {start} to {end}]"


def _stream(session: Session, direction: Direction, look: Look) -> Iterator[str]:
    stream = session.stream(direction)
    yield f"  Stream of the {direction}"
    yield _field(2, "Octets", str(stream.octets))
    yield _field(2, "SHA-256", stream.sha256())
    for gap in stream.gaps:
        yield _field(2, "Gap", f"{count(gap.length, 'octet')} at offset {gap.offset}, {gap.reason}")
    secrets = secret_ranges(session) if direction == "client" and not look.show_passwords else []
    for conflict in stream.conflicts:
        hidden = direction == "client" and not look.show_passwords and hides(conflict, secrets)
        kept, other = (PASSWORD_MASK if hidden else octets.hex() for octets in (conflict.kept, conflict.other))
        yield _field(2, "Conflict", f"{count(conflict.length, 'octet')} at offset {conflict.offset}")
        yield _field(3, f"Kept, frame {_frames((conflict.kept_frame,), look)}", kept)
        yield _field(3, f"Not kept, frame {_frames((conflict.other_frame,), look)}", other)


def _exchange(exchange: Exchange, look: Look) -> Iterator[str]:
    style = look.style
    line = exchange.shown_line(look.show_passwords)
    title = "(no command)" if line is None else terminal_safe(line)
    where = "" if line is None else "  " + _where("client", exchange.start, exchange.end, exchange.frames, look)
    yield f"  {style.client}Exchange {exchange.index}: {title}{style.off}{style.dim}{where}{style.off}"
    if exchange.command is not None:
        yield _field(2, "Command", exchange.command or "(none that is known)")
    for argument in exchange.shown_arguments(look.show_passwords):
        yield _field(2, "Argument", argument)
    yield _field(2, "Time", _time(exchange.time, look))
    yield _field(2, "State of the server", f"{exchange.state} {style.to_server} {exchange.next_state}")
    yield _field(2, "State of the client", exchange.client_state)
    if exchange.latency is not None:
        yield _field(2, "Latency", f"{decimal_seconds(exchange.latency)} s")
    if exchange.missing:
        yield _field(2, "Missing", count(exchange.missing, "octet"))
    for reply in exchange.replies:
        yield from _reply(reply, look)
    for violation in exchange.violations:
        yield f"    {style.notable}Violation: {violation}{style.off}"
    for note in exchange.notes:
        yield _field(2, "Note", note)


def _reply(reply: Reply, look: Look) -> Iterator[str]:
    style = look.style
    where = _where("server", reply.start, reply.end, reply.frames, look)
    text = terminal_safe(reply.line) or {"close": "(the server closes)", "data": "(message data)"}.get(reply.kind, "")
    yield f"    Reply, {reply.kind}: {text}{style.dim}  {where}{style.off}"
    if reply.value is not None:
        yield _field(3, "Value", str(reply.value))
    if reply.text:
        yield _field(3, "Text", reply.text)
    yield _field(3, "Time", _time(reply.time, look))
    if reply.missing:
        yield _field(3, "Missing", count(reply.missing, "octet"))


def _message(message: Message, look: Look) -> Iterator[str]:
    style = look.style
    where = _where("server", message.start, message.end, message.frames, look)
    yield f"  {style.good}Message {message.index}{style.off}{style.dim}  {where}{style.off}"
    yield _field(2, "Exchange", str(message.exchange))
    for name, value in (
        ("Mailbox", message.mailbox),
        ("Number", message.number),
        ("Announced octets", message.declared_octets),
    ):
        yield _field(2, name, "not known" if value is None else str(value))
    yield _field(2, "Octets", str(message.octets))
    yield _field(2, "Missing octets", str(message.missing_octets))
    yield _field(2, "Complete", "yes" if message.complete else "no")
    yield _field(2, "SHA-256", message.sha256)
    yield _field(2, "Start", _time(message.start_time, look))
    yield _field(2, "End", _time(message.end_time, look))
    yield _field(2, "Disposition", message.disposition)
    yield _field(2, "Deletion committed", "yes" if message.committed else "no")
    mail = message.mail
    for name, text in mail.headers:
        yield _field(2, f"Header {terminal_safe(name)}", text)
    for part in mail.parts:
        kind = "Attachment" if part.is_attachment else "Part"
        name = "" if part.filename is None else f", {part.filename}"
        yield _field(2, f"{kind} {part.path}", f"{part.content_type}, {count(part.octets, 'octet')}{name}")
        yield _field(3, "SHA-256", part.sha256)
    for defect in mail.defects:
        yield _field(2, "Defect", defect)
    for note in message.notes:
        yield _field(2, "Note", note)
