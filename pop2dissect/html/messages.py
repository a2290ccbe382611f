"""A message that was transferred: what it is, what became of it, and what proves it."""

from __future__ import annotations

from dataclasses import dataclass

from pop2dissect.document.exhibit_names import attachment_exhibit, message_exhibit
from pop2dissect.document.facts import fate
from pop2dissect.html.times import Stamp, stamp
from pop2dissect.mail import Mail, Part
from pop2dissect.session import Message, Session
from pop2dissect.session.timeline import message_number
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.values import count, decode_text

MAX_HEADERS = 60
"""Headers of a message that are listed."""
MAX_ATTACHMENTS = 100
"""Attachments of a message that are listed."""
MAX_TEXT = 4000
"""Bytes of a message's text that are shown."""
MAX_MESSAGES = 1000
"""Messages of a report up to which all headers and texts are shown. Where there are more, the panes still have them."""
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
    """Its number."""
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
    text: str
    """The beginning of its text, decoded; empty where it has none, or the view is a brief one."""
    text_note: str
    """Which text that is, and how much of it."""
    attachments: tuple[AttachmentView, ...]
    remarks: tuple[str, ...]


def message_view(session: Session, message: Message, rendering: Rendering, *, brief: bool = False) -> MessageView:
    """Make the view of a message; a brief one has only the headers that are shown at once, and no text."""
    mail, contents = (message.mail, ()) if brief else message.opened()
    headers = mail.headers[:MAX_HEADERS]
    text = next((one for one in zip(mail.parts, contents, strict=False) if _is_text(one[0])), None)
    left_out = len(mail.headers) - len(headers)
    return MessageView(
        exhibit=message_exhibit(session, message),
        index=message.index,
        title=message_number(message),
        mailbox=message.mailbox,
        size=_size(message),
        fate=fate(message, session.protocol),
        time=stamp(message.start_time, rendering.zone),
        frames=rendering.frames(message.frames),
        start=message.start,
        end=message.end,
        octets=message.octets,
        sha256=message.sha256,
        headers=tuple(header for header in headers if header[0].lower() in _FIRST),
        other_headers=() if brief else tuple(header for header in headers if header[0].lower() not in _FIRST),
        text="" if text is None else message.shown(decode_text(text[1][:MAX_TEXT])),
        text_note="" if text is None else _text_note(text[0], mail),
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


def _is_text(part: Part) -> bool:
    return not part.is_attachment and part.content_type.startswith("text/") and part.octets > 0


def _text_note(part: Part, mail: Mail) -> str:
    which = "Text" if len(mail.parts) == 1 else f"Text of part {part.path}"
    much = f"the first {MAX_TEXT:,} of " if part.octets > MAX_TEXT else ""
    return f"{which} ({part.content_type}, {much}{count(part.octets, 'byte')})"


def _size(message: Message) -> str:
    if message.whole and message.complete:
        return f"{count(message.octets, 'byte')} to the end mark; complete"
    announced = "an unknown number" if message.declared_octets is None else f"{message.declared_octets:,}"
    if message.complete:
        return f"{count(message.octets, 'byte')}, as announced; complete"
    lost = f", {message.missing_octets:,} missing from the capture" if message.missing_octets else ""
    return f"{count(message.octets, 'byte')} captured{lost}; {announced} announced; incomplete"
