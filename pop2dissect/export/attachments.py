"""What was attached to messages, decoded, as files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pop2dissect.document.exhibit_names import attachment_exhibit
from pop2dissect.export.exhibit import Exhibit, Kind
from pop2dissect.export.mail import message_stem, status_of
from pop2dissect.export.names import safe_name
from pop2dissect.session import Session
from pop2dissect.text.rendering import Rendering


def attachment_exhibits(session: Session, rendering: Rendering) -> Iterator[Exhibit]:
    """Yield each attachment of a session's messages as ``session-0001-message-01-part-2-report.pdf``."""
    for message in session.messages:
        mail, contents = message.opened()
        attached = (one for one in zip(mail.parts, contents, strict=True) if one[0].is_attachment)
        for number, (part, content) in enumerate(attached, 1):
            name = safe_name(part.filename or "")
            yield Exhibit(
                f"{message_stem(session, message)}-part-{part.path}{'-' if name else ''}{name}",
                {
                    "exhibit": attachment_exhibit(session, message, number),
                    "session": session.id,
                    "message": message.index,
                    "message_sha256": message.sha256,
                    "message_status": status_of(message),
                    "part": part.path,
                    "filename": part.filename,
                    "content_type": part.content_type,
                    "frames": rendering.frame_values(message.frames),
                },
                partial(iter, (content,)),
            )


ATTACHMENTS = Kind(
    name="attachments",
    of=attachment_exhibits,
    columns=(
        "exhibit",
        "session",
        "message",
        "message_status",
        "part",
        "filename",
        "content_type",
        "message_sha256",
        "frames",
    ),
    noun="attachment",
)
