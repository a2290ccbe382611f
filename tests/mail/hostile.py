"""Messages made to cost more than they should, of any size: for the tests, and for ``benchmarks/growth.py``."""

from __future__ import annotations

from collections.abc import Callable

NESTED = b"".join(
    b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n" % (b"b" * level, b"b" * level)
    for level in range(1, 25)
)
HEADER = 64 << 10
"""Bytes of a header, as many as are read."""


def _headers(start: bytes, repeated: bytes) -> Callable[[int], bytes]:
    """Return a maker of messages of as many headers as fill the size, each of one piece repeated."""
    header = start + repeated * ((HEADER - len(start)) // len(repeated)) + b"\r\n"
    return lambda size: header * (size // len(header)) + (start + repeated * (size % len(header) // len(repeated)))


HOSTILE: dict[str, Callable[[int], bytes]] = {
    "boundaries": lambda size: b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * (size // 5),
    "almost boundaries": lambda size: NESTED + b"--bbbbbbbbbbbbbbbbbbbbbbbX\n" * (size // 27),
    "messages": lambda size: b"Content-Type: message/rfc822\r\n\r\n" * (size // 32),
    "headers": lambda size: b"A: b\r\n" * (size // 6),
    "folded": lambda size: b"A: " + b"b\r\n " * (size // 4),
    "words": _headers(b"A: ", b"=?a?q?"),
    "whole words": _headers(b"A: ", b"=?a?q?b?= "),
    "word starts": _headers(b"A: ", b"=?"),
    "quotes": lambda size: b"Content-Type: text/plain" + b'; a="' * (size // 5) + b"\r\n\r\n",
    "semicolons": lambda size: b"Content-Type: text/plain" + b";" * size + b"\r\n\r\n",
    "sections": lambda size: (
        b"Content-Disposition: x" + b"".join(b"; a*%d*=%%" % number for number in range(size // 10)) + b"\r\n\r\n"
    ),
    "uuencoded": lambda size: b"A: b\r\n\r\n" + b"begin 644 x\n#86)C\n" * (size // 18),
    "line ends": lambda size: b"A: b\r\n\r\n" + b"\n" * size,
    "NUL": lambda size: bytes(size),
}
"""By what they are full of: ``HOSTILE[name](size)`` is a message of about so many bytes."""
