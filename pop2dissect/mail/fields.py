"""Headers: from octets to names and values (RFC 5322)."""

from __future__ import annotations

from typing import NamedTuple

from pop2dissect.mail.characters import decode_octets, decode_words, is_utf8
from pop2dissect.mail.limits import MAX_HEADER, MAX_HEADER_BLOCK, MAX_HEADERS
from pop2dissect.mail.notes import Notes
from pop2dissect.patterns import expression

_FIELD = expression(rb"([!-9;-~]+)[ \t]*:")
"""RFC 5322, section 2.2: a name of printable ASCII without colon; section 4.5: blanks before the colon."""
_BLANK_LINE = expression(rb"\n\r?\n")
_SINGLE = ("date", "from", "to", "subject", "message-id")
"""RFC 5322, section 3.6: headers that occur once, of those that are shown."""


class Field(NamedTuple):
    """A header as it stands in a message."""

    name: str
    raw: bytes
    """Its value: unfolded (RFC 5322, section 2.2.3), not decoded."""


def read_fields(data: bytes, start: int, end: int, notes: Notes, where: str) -> tuple[list[Field], int]:
    """Read the headers that begin at ``start``, and give them and the offset where the body begins.

    They end at the first empty line (RFC 5322, section 2.1), or before a line that cannot be one.
    """
    read: list[tuple[str, list[bytes]]] = []
    position = start
    while position < end:
        newline = data.find(b"\n", position, end)
        after = newline + 1 if newline >= 0 else end
        line = data[position:after].removesuffix(b"\n").removesuffix(b"\r")
        match = _FIELD.match(line)
        if not line:
            position = after
            if not read and not where:
                notes.add("no headers")
            break
        if position - start >= MAX_HEADER_BLOCK or (match and len(read) >= MAX_HEADERS):
            notes.add(f"{where}headers after the first {MAX_HEADERS} or {MAX_HEADER_BLOCK} octets were passed over")
            blank = _BLANK_LINE.search(data, position, end)
            position = blank.end() if blank else end
            break
        if match:
            read.append((match[1].decode("ascii"), [line[match.end() :]]))
        elif line[0] in b" \t":
            if read:
                read[-1][1].append(line)
            else:
                notes.add(f"{where}the headers begin with a continuation line, which was passed over")
        elif line.startswith((b"From ", b">From ")):
            # The separator of an mbox file, which KA9Q NOS sends as the first line of a message; and the envelope that
            # UUCP leaves before the headers (RFC 976, section 2.3).
            shown = decode_octets(line[:100])
            kind = "an mbox separator" if line[:1] == b"F" else "a UUCP envelope"
            notes.add(f"{where}{kind} line among the headers was passed over: {shown}")
        else:
            problem = "the headers are not ended by an empty line but by one that is no header"
            notes.add(where + (problem if read else "no headers"))
            break
        position = after
    else:
        if read and not where and position - start < MAX_HEADER_BLOCK:
            notes.add("no empty line after the headers")

    fields = []
    for name, lines in read:
        raw = b"".join(lines).strip(b" \t")
        if len(raw) > MAX_HEADER:
            notes.add(f"{where}only the first {MAX_HEADER} octets of header {name[:40]} were kept")
        fields.append(Field(name, raw[:MAX_HEADER]))
    return fields, position


def decode_fields(fields: list[Field], notes: Notes) -> tuple[tuple[str, str], ...]:
    """Decode all headers of a message for display."""
    seen: dict[str, int] = {}
    for field in fields:
        seen[field.name.lower()] = seen.get(field.name.lower(), 0) + 1
    for name in _SINGLE:
        if seen.get(name, 0) > 1:
            notes.add(f"header {name.capitalize()} occurs {seen[name]} times")
    return tuple((field.name, _decode_value(field, notes)) for field in fields)


def _decode_value(field: Field, notes: Notes) -> str:
    if not field.raw.isascii() and not is_utf8(field.raw):
        notes.add(f"header {field.name[:40]} has 8-bit octets that are not UTF-8; read as Latin-1")
    return decode_words(decode_octets(field.raw), notes)
