"""Messages as files: each byte for byte as it was on the wire, without what byte-stuffing added."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from pop2dissect.document.exhibit_names import message_exhibit
from pop2dissect.document.json_text import Object
from pop2dissect.document.sessions import conflict_object, message_object
from pop2dissect.export.exhibit import Exhibit, Kind, stem
from pop2dissect.export.holes import Holes
from pop2dissect.session import Message, Session
from pop2dissect.text.rendering import Rendering

_COPIED = (
    *("mailbox", "number", "disposition", "committed", "declared_octets", "missing_octets"),
    *("start", "end", "start_offset", "end_offset", "frames", "headers", "notes"),
)
"""What the manifest says of a message as the JSON document does."""


def message_exhibits(session: Session, rendering: Rendering) -> Iterator[Exhibit]:
    """Yield each message of a session as ``session-0001-message-01.eml``, without what is missing from the capture."""
    holes = Holes(session.server_stream)
    for message in session.messages:
        yield Exhibit(
            f"{message_stem(session, message)}.eml",
            _facts(session, message, holes, rendering),
            message.chunks,
        )


def message_stem(session: Session, message: Message) -> str:
    """Name a message; where it is not known to be whole, the name says so."""
    status = status_of(message)
    suffix = f"-{status}" if status in ("incomplete", "unproven") else ""
    return f"{stem(session)}-message-{message.index:02}{suffix}"


def status_of(message: Message) -> str:
    """Return in a word whether a message is whole.

    ``incomplete``: bytes of it are missing from the capture, or the transfer ended before all that were announced
    or its end mark had been sent. ``unproven``: nothing is known to be missing, but the announcement was not captured.
    ``shorter`` and ``longer``: the server sent fewer or more than it announced, and went on with the next
    reply. Else ``complete``.
    """
    if message.missing_octets or message.whole is False:
        return "incomplete"
    if message.whole:
        return "complete"
    if message.declared_octets is None:
        return "unproven"
    if message.octets < message.declared_octets:
        return "shorter" if message.end < message.stream.length else "incomplete"
    return "complete" if message.octets == message.declared_octets else "longer"


def _facts(session: Session, message: Message, holes: Holes, rendering: Rendering) -> Object:
    described = message_object(message, rendering)
    return {
        "exhibit": message_exhibit(session, message),
        "session": session.id,
        "message": message.index,
        "exchange": message.exchange,
        "user": session.user,
        "status": status_of(message),
        **{name: described[name] for name in _COPIED},
        "gaps": [
            {"file_offset": _file_offset(message, holes, offset), "octets": octets, "reason": reason}
            for offset, octets, reason in holes.between(message.start, message.end)
        ],
        "conflicts": [
            {"file_offset": _file_offset(message, holes, conflict.offset), **conflict_object(conflict, rendering)}
            for conflict in message.stream.conflicts
            if message.start <= conflict.offset < message.end
        ],
    }


def _file_offset(message: Message, holes: Holes, offset: int) -> int:
    return holes.file_offset(offset, message.start) - bisect_left(message.skipped, offset)


MESSAGES = Kind(
    name="messages",
    of=message_exhibits,
    columns=(
        "exhibit",
        *("session", "message", "status", "user", "mailbox", "number", "disposition", "committed", "declared_octets"),
        *("missing_octets", "start", "end", "start_offset", "end_offset", "frames", "from", "to", "subject", "date"),
        "message_id",
    ),
    noun="message",
)
