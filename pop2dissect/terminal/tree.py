"""One session as a tree of fields: all that is known of it, with the frames and bytes that show it."""

from __future__ import annotations

from collections.abc import Iterator

from pop2dissect.document.display_filters import finding_command, frames_filter
from pop2dissect.document.facts import conflict_text, facts, fate, gap_text, remarks
from pop2dissect.masking import Mask
from pop2dissect.session import PASSWORD_MASK, Direction, Exchange, Message, Reply, Session
from pop2dissect.session.timeline import reply_text
from pop2dissect.tcp.stream import Stream
from pop2dissect.terminal.look import Look
from pop2dissect.terminal.wrap import wrapped
from pop2dissect.text.safe import terminal_safe
from pop2dissect.text.values import count, decimal_seconds

_CONTINUED = 4
"""Columns by which what does not fit a line is indented more than its start."""


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
    heading = style.clip(f"Session {session.id}: {session.client} {style.to_server} {session.server}")
    yield f"{style.heading}{heading}{style.off}"
    for fact in facts(session, look):
        yield _field(1, fact.name, fact.value)
    for direction, stream in session.streams():
        yield from _stream(session, direction, stream, look)
    for exchange in session.exchanges:
        yield from _exchange(exchange, look)
    for message in session.messages:
        yield from _message(session, message, look)
    for finding in session.findings:
        yield _field(1, f"Finding, {finding.severity}", f"{finding.title} ({finding.id}): {finding.detail}")
        yield _field(2, "Display filter", frames_filter(finding.frames))
        if command := finding_command(finding, look):
            yield _field(2, "In Wireshark", command)


def _field(depth: int, name: str, value: str) -> str:
    return f"{'  ' * depth}{name}: {terminal_safe(value)}"


def _where(direction: Direction, start: int, end: int, frames: tuple[int, ...], look: Look) -> str:
    return f"[{look.cited(frames)}; {direction} bytes {start} to {end}]"


def _stream(session: Session, direction: Direction, stream: Stream, look: Look) -> Iterator[str]:
    yield f"  Stream of the {direction}"
    yield _field(2, "Bytes", str(stream.octets))
    yield _field(2, "SHA-256", stream.sha256())
    for gap in stream.gaps:
        yield _field(2, "Gap", gap_text(gap, direction))
    mask = Mask(session, look.show_passwords)
    for conflict in stream.conflicts:
        hidden = mask.hides(direction, conflict)
        kept, other = (PASSWORD_MASK if hidden else octets.hex() for octets in (conflict.kept, conflict.other))
        yield _field(2, "Conflict", conflict_text(conflict, direction, look))
        yield _field(3, "Kept", kept)
        yield _field(3, "Discarded", other)


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
    yield _field(2, "Time", look.when(exchange.time))
    yield _field(2, "State of the server", f"{exchange.state} {style.to_server} {exchange.next_state}")
    yield _field(2, "State of the client", exchange.client_state)
    if exchange.latency is not None:
        yield _field(2, "Latency", f"{decimal_seconds(exchange.latency)} s")
    if exchange.missing:
        yield _field(2, "Missing", count(exchange.missing, "byte"))
    for reply in exchange.replies:
        yield from _reply(reply, look)
    for remark in remarks(exchange):
        yield f"    {style.notable}Note: {terminal_safe(remark)}{style.off}"


def _reply(reply: Reply, look: Look) -> Iterator[str]:
    style = look.style
    where = _where("server", reply.start, reply.end, reply.frames, look)
    yield f"    Reply, {reply.kind}: {terminal_safe(reply_text(reply)[0])}{style.dim}  {where}{style.off}"
    if reply.value is not None:
        yield _field(3, "Value", str(reply.value))
    if reply.text:
        yield _field(3, "Text", reply.text)
    yield _field(3, "Time", look.when(reply.time))
    if reply.missing:
        yield _field(3, "Missing", count(reply.missing, "byte"))


def _message(session: Session, message: Message, look: Look) -> Iterator[str]:
    style = look.style
    where = _where("server", message.start, message.end, message.frames, look)
    yield f"  {style.good}Message {message.index}{style.off}{style.dim}  {where}{style.off}"
    yield _field(2, "Exchange", str(message.exchange))
    for name, value in (
        ("Mailbox", message.mailbox),
        ("Number", message.number),
        ("Announced bytes", message.declared_octets),
    ):
        yield _field(2, name, "not known" if value is None else str(value))
    yield _field(2, "Bytes", str(message.octets))
    yield _field(2, "Missing bytes", str(message.missing_octets))
    yield _field(2, "Complete", "yes" if message.complete else "no")
    yield _field(2, "SHA-256", message.sha256)
    yield _field(2, "Start", look.when(message.start_time))
    yield _field(2, "End", look.when(message.end_time))
    yield _field(2, "Disposition", fate(message, session.protocol))
    mail = message.mail
    for name, text in mail.headers:
        yield _field(2, f"Header {terminal_safe(name)}", text)
    for part in mail.parts:
        kind = "Attachment" if part.is_attachment else "Part"
        name = "" if part.filename is None else f", {part.filename}"
        yield _field(2, f"{kind} {part.path}", f"{part.content_type}, {count(part.octets, 'byte')}{name}")
        yield _field(3, "SHA-256", part.sha256)
    for defect in mail.defects:
        yield _field(2, "Defect", defect)
    for note in message.notes:
        yield _field(2, "Note", note)
