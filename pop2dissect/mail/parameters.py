"""The parameters of structured headers (RFC 2045, RFC 2231)."""

from __future__ import annotations

import re

from pop2dissect.mail.characters import decode_charset
from pop2dissect.mail.notes import Notes
from pop2dissect.patterns import expression

MIME_TYPE = expression(r"\s*([!#$%&'*+.^_`{|}~0-9A-Za-z-]+/[!#$%&'*+.^_`{|}~0-9A-Za-z-]+)\s*(?=$|[;(\s])")
_TOKEN = expression(r"\s*([!#$%&'*+.^_`{|}~0-9A-Za-z-]+)")
_PARAMETER = expression(r';\s*([^\s=;"]+)\s*=\s*(?:"([^"\\]*(?:\\.[^"\\]*)*)"?|([^;]*))', re.DOTALL)
"""RFC 2045, section 5.1, less strictly: an unquoted value may have blanks, a quoted one may lack its end."""
_QUOTED_PAIR = expression(r'\\(["\\])')
"""Not of other characters: programs write "C:\\TEMP\\X.DOC" as it is."""
_SECTION = expression(r"([^*]+)(?:\*([0-9]{1,4}))?(\*)?")
_PERCENT = expression(rb"%([0-9A-Fa-f]{2})")


_COMMENT_OR_TEXT = expression(r'"(?:[^"\\]|\\.)*"?|\\.?|[()]|[^"\\()]+', re.DOTALL)


def without_comments(text: str) -> str:
    """Return a structured header without its comments, which may be nested (RFC 2045, section 5.1; RFC 5322, 3.2.2).

    Where one has no end, nothing is taken for a comment.
    """
    if "(" not in text:
        return text
    kept, depth = [], 0
    for piece in _COMMENT_OR_TEXT.findall(text):
        if piece == "(":
            depth += 1
        elif piece == ")" and depth:
            depth -= 1
            kept.append(" ")
        elif not depth:
            kept.append(piece)
    return text if depth else "".join(kept)


def first_token(text: str) -> str:
    """Return the token that a header begins with, in lower case; what else it begins with, where it is none."""
    match = _TOKEN.match(text) or _TOKEN.match(without_comments(text))
    return (match[1] if match else text.strip()).lower()


def read_parameters(text: str, notes: Notes) -> dict[str, str]:
    """Read the parameters of a Content-Type or Content-Disposition header, RFC 2231 decoded.

    An extended parameter (``name*=``, ``name*0=``) goes before a plain one of the same name; of two
    alike, the first counts.
    """
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(text):
        quoted = match[2] is not None
        value = _QUOTED_PAIR.sub(r"\1", match[2]) if quoted else match[3].strip()
        name = match[1].lower()
        section = _SECTION.fullmatch(name)
        if section and (section[2] or section[3]):
            sections.setdefault(section[1], {}).setdefault(int(section[2] or 0), (value, bool(section[3])))
        else:
            plain.setdefault(name, value)
    for name, values in sections.items():
        plain[name] = _join_sections(values, notes)
    return plain


def _join_sections(values: dict[int, tuple[str, bool]], notes: Notes) -> str:
    """Put the sections of a parameter together (RFC 2231, sections 3 and 4)."""
    charset = ""
    octets: list[bytes] = []
    for number in range(len(values)):
        if number not in values:
            notes.add(f"RFC 2231 parameter without its section {number}; what follows was passed over")
            break
        value, encoded = values[number]
        if encoded:
            if number == 0 and value.count("'") >= 2:
                charset, _, value = value.split("'", 2)
            octets.append(_PERCENT.sub(lambda match: bytes([int(match[1], 16)]), value.encode()))
        else:
            octets.append(value.encode())
    return decode_charset(b"".join(octets), charset, notes)
