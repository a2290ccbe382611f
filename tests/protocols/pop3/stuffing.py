"""Byte-stuffing as RFC 1939, section 3, has it, for whole messages."""

from __future__ import annotations

import re


def stuff(content: bytes) -> bytes:
    """Return a message as a server sends it, without the end mark."""
    return re.sub(rb"(?:(?<=\r\n)|\A)\.", b"..", content)


def unstuff(octets: bytes) -> bytes:
    """Return the message that :func:`stuff` makes the octets of."""
    return re.sub(rb"(?:(?<=\r\n)|\A)\.", b"", octets)
