"""Whether a message that is transferred again is the same one."""

from __future__ import annotations

import re
from hashlib import sha256

from pop2dissect.patterns import expression
from pop2dissect.session import Message

_MARKS = expression(rb"^(?:X-)?Status:[^\n]*\n?", re.IGNORECASE | re.MULTILINE)
"""Header fields in which UW's server and others note that a message was seen, and which it sends along."""

_END_OF_HEADERS = expression(rb"\n\r?\n")


def fingerprint(message: Message) -> bytes:
    """Return a digest of a message without what a server notes in it when it has been read."""
    content = message.content()
    end = _END_OF_HEADERS.search(content)
    headers = content[: end.start() + 1] if end is not None else content
    digest = sha256(_MARKS.sub(b"", headers))
    digest.update(memoryview(content)[len(headers) :])
    return digest.digest()
