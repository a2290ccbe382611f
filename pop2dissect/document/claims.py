"""The claims of a report: the JSON document of the same run in the page itself, and a seal over the page.

So ``pop2dissect verify`` can derive again what a report says, and tells when a byte of it was changed.
The seal shows damage and careless edits. It is not a signature: whoever edits the page on purpose can seal
it again, and only the claims, which the capture proves, stand on their own.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import lzma
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Final, NamedTuple

from pop2dissect.errors import UsageError
from pop2dissect.patterns import expression

MAX_DOCUMENT = 1 << 30
"""Bytes of a document that are unpacked: some 100,000 sessions. A page may come from anyone."""


class Envelope(NamedTuple):
    """What stands around the claims, so that no reader of the page sees them."""

    opening: str
    closing: str


SCRIPT: Final = Envelope('<script type="application/json" id="pop2dissect-claims"', "</script>")
"""In a page of HTML."""
COMMENT: Final = Envelope("\n<!-- pop2dissect-claims", " -->")
"""In one of Markdown, at the start of a line: there nothing from the wire stands."""
_ENVELOPES = (SCRIPT, COMMENT)
_UNSEALED = "0" * 64
_TAG = ' data-encoding="xz+base64" data-sha256="'
_ELEMENT = expression(
    b"|".join(
        re.escape((one.opening + _TAG).encode())
        + rb'([0-9a-f]{64})">([A-Za-z0-9+/=]*)'
        + re.escape(one.closing.encode())
        for one in _ENVELOPES
    )
)
_MARKS = expression(b"|".join(re.escape((one.opening + _TAG + _UNSEALED).encode()) for one in _ENVELOPES))
_LONGEST = max(len(one.opening + _TAG + _UNSEALED) for one in _ENVELOPES)
"""Bytes of a mark."""
_PRESET = 2
"""Of xz: two thirds of what gzip makes of a document, as fast, within 20 MB of memory."""
_MEMORY = 64 << 20
"""Bytes that unpacking may take: a page may ask for any."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a page says of itself."""

    document: str
    """The JSON document."""
    intact: bool
    """The page is, byte for byte, as it was sealed."""


def element(document: Iterable[str], envelope: Envelope = SCRIPT) -> Iterator[str]:
    """Put a JSON document into an envelope, in which nothing could close it; not yet sealed.

    Takes the document in pieces, and gives the element in pieces: neither need be in memory as a whole.
    """
    yield f'{envelope.opening}{_TAG}{_UNSEALED}">'
    rest = b""
    for packed in _packed(document):
        octets = rest + packed
        whole = len(octets) // 3 * 3  # base64 writes three bytes as four characters
        yield base64.b64encode(octets[:whole]).decode()
        rest = octets[whole:]
    yield f"{base64.b64encode(rest).decode()}{envelope.closing}"


def _packed(document: Iterable[str]) -> Iterator[bytes]:
    """Pack a text with xz, whose stream holds no time and no name."""
    packer = lzma.LZMACompressor(lzma.FORMAT_XZ, lzma.CHECK_CRC32, _PRESET)
    for piece in document:
        yield packer.compress(piece.encode())
    yield packer.flush()


def write_sealed(page: Iterable[str], file: IO[bytes]) -> int:
    """Write a page, and into it its SHA-256: of its UTF-8 bytes, with 64 zeros where the hash is to stand.

    The file must be new, and one that can be written anywhere. Gives the bytes of the page. Raises ValueError
    unless the page holds one unsealed element.
    """
    digest = hashlib.sha256()
    size = 0
    places: list[int] = []
    tail = b""  # the mark may begin in one piece and end in the next
    for piece in page:
        octets = piece.encode()
        seen = tail + octets
        places += (
            size - len(tail) + match.end() - len(_UNSEALED)
            for match in _MARKS.finditer(seen)
            if match.end() > len(tail)  # one that ends before was counted with the piece before
        )
        tail = seen[1 - _LONGEST :]
        digest.update(octets)
        file.write(octets)
        size += len(octets)
    if len(places) != 1:
        raise ValueError("the page holds no unsealed claims, or several")
    file.seek(places[0])
    file.write(digest.hexdigest().encode())
    file.seek(size)
    return size


def read_claims(page: bytes) -> Claims:
    """Take the claims out of a page. Raises UsageError where it holds none, or what it holds cannot be read."""
    found = list(_ELEMENT.finditer(page))
    if len(found) != 1:
        raise UsageError("the page holds no claims of pop2dissect, or damaged ones, or several")
    match = found[0]
    group = 1 if match[1] else 3
    first, last = match.span(group)
    unsealed = hashlib.sha256(page[:first] + _UNSEALED.encode() + page[last:]).hexdigest()
    return Claims(_unpack(match[group + 1]), intact=unsealed == match[group].decode())


def _unpack(text: bytes) -> str:
    try:
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, _MEMORY)
        octets = unpacker.decompress(base64.b64decode(text, validate=True), MAX_DOCUMENT)
        if not unpacker.eof:
            raise UsageError("the claims in the page are damaged or too large")
        return octets.decode()
    except (binascii.Error, lzma.LZMAError, UnicodeDecodeError) as error:
        raise UsageError("the claims in the page are damaged") from error
