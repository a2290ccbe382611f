r"""Messages as one mailbox file, to be opened with a mail program.

The form is mboxrd (https://en.wikipedia.org/wiki/Mbox#Family): a line that begins with any number of ``>``
and then ``From`` and a space gets one more ``>``. Lines end in LF, as mailbox files have them. Before each
message's own headers stand three that say where it is from; the .eml files, not this, are the messages
byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pop2dissect.export.mail import status_of
from pop2dissect.patterns import expression
from pop2dissect.session import Message, Session
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.values import moment

_QUOTED = expression(rb"^(>*From )", re.MULTILINE)
_DAYS = ("Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed")
"""1970-01-01 was a Thursday."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = 86400 * 10**9


def mbox_of(session: Session, rendering: Rendering) -> bytes:
    """Return the messages of a session as a part of a mailbox file, in order."""
    return b"".join(piece for message in session.messages for piece in _message(session, message, rendering))


def _message(session: Session, message: Message, rendering: Rendering) -> Iterator[bytes]:
    time = session.start if message.start_time is None else message.start_time
    yield f"From MAILER-DAEMON {_asctime(time)}\n".encode()
    frames = _cite(rendering.frame_values(message.frames))
    yield f"X-Pop2dissect-Source: session {session.id}, message {message.index}, frames {frames}\n".encode()
    missing = f", {message.missing_octets} bytes were not captured" if message.missing_octets else ""
    yield f"X-Pop2dissect-Status: {status_of(message)}{missing}\n".encode()
    yield f"X-Pop2dissect-SHA256: {message.sha256}\n".encode()
    content = message.content().replace(b"\r\n", b"\n")
    yield _QUOTED.sub(rb">\1", content)
    yield b"\n" if content.endswith(b"\n") or not content else b"\n\n"


def _cite(frames: Iterable[object]) -> str:
    """Cite frames, folded so that no line is too long (RFC 5322, section 2.1.1)."""
    names = [str(frame) for frame in frames]
    rows = [" ".join(names[first : first + 20]) for first in range(0, len(names), 20)]
    return "\n ".join(rows) or "none"


def _asctime(time: int) -> str:
    """Return a time as the line between messages has it, in UTC: ``Tue Nov 24 02:21:51 2026``."""
    when = moment(time)
    year, month, day = when.date.rsplit("-", 2)
    return f"{_DAYS[time // _DAY % 7]} {_MONTHS[int(month) - 1]} {int(day):2} {when.clock[:8]} {year}"
