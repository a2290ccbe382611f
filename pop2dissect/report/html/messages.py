"""A message that was transferred: what it is, what became of it, and what proves it."""

from __future__ import annotations

from dataclasses import dataclass

from pop2dissect.report.exhibit_names import attachment_exhibit, message_exhibit
from pop2dissect.report.html.lines import Context
from pop2dissect.report.html.times import Stamp
from pop2dissect.report.values import count
from pop2dissect.session import Message, Session

MAX_HEADERS = 60
"""Headers of a message that are listed."""
MAX_ATTACHMENTS = 100
"""Attachments of a message that are listed."""
MAX_MESSAGES = 1000
"""Messages of a report up to which all headers are listed. Where there are more, the fields pane still has them."""
_FIRST = ("from", "to", "subject", "date", "message-id")
"""Headers that are shown at once; the others are folded away."""


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """An attachment; ``name`` is as the sender gave it."""

    exhibit: str
    name: str
    content_type: str
    octets: int
    sha256: str


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message. Headers and names are from the wire."""

    exhibit: str
    index: int
    title: str
    """Its number and mailbox."""
    mailbox: str | None
    size: str
    fate: str
    time: Stamp
    frames: str
    start: int
    end: int
    octets: int
    sha256: str
    headers: tuple[tuple[str, str], ...]
    other_headers: tuple[tuple[str, str], ...]
    attachments: tuple[AttachmentView, ...]
    remarks: tuple[str, ...]


def message_view(session: Session, message: Message, context: Context, *, brief: bool = False) -> MessageView:
    """Make the view of a message; a brief one lists only the headers that are shown at once."""
    mail = message.mail
    headers = mail.headers[:MAX_HEADERS]
    left_out = len(mail.headers) - len(headers)
    return MessageView(
        exhibit=message_exhibit(session, message),
        index=message.index,
        title="message of unknown number" if message.number is None else f"message {message.number}",
        mailbox=message.mailbox,
        size=_size(message),
        fate=_fate(message),
        time=context.times.full(message.start_time),
        frames=context.frames(message.frames),
        start=message.start,
        end=message.end,
        octets=message.octets,
        sha256=message.sha256,
        headers=tuple(header for header in headers if header[0].lower() in _FIRST),
        other_headers=() if brief else tuple(header for header in headers if header[0].lower() not in _FIRST),
        attachments=tuple(
            AttachmentView(
                attachment_exhibit(session, message, number),
                part.filename or "(without a name)",
                part.content_type,
                part.octets,
                part.sha256,
            )
            for number, part in enumerate(mail.attachments[:MAX_ATTACHMENTS], 1)
        ),
        remarks=(
            *message.notes,
            *mail.defects,
            *((f"{count(left_out, 'header')} more are not listed here",) if left_out else ()),
        ),
    )


def _size(message: Message) -> str:
    announced = "an unknown number" if message.declared_octets is None else f"{message.declared_octets:,}"
    if message.complete:
        return f"{count(message.octets, 'octet')}, as announced; complete"
    lost = f", {message.missing_octets:,} not captured" if message.missing_octets else ""
    return f"{count(message.octets, 'octet')} captured{lost}; {announced} announced; not complete"


def _fate(message: Message) -> str:
    return {
        "kept": "kept (ACKS)",
        "deleted": "deleted (ACKD), committed" if message.committed else "marked as deleted (ACKD), not committed",
        "refused": "refused by the client (NACK)",
        "unacknowledged": "never acknowledged",
    }[message.disposition]
