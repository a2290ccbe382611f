"""The encodings of contents: base64, quoted-printable, uuencode."""

from __future__ import annotations

import binascii
import re
from typing import NamedTuple

from pop2dissect.patterns import expression
from pop2dissect.text.values import count

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_NOT_BASE64_NOR_BLANK = bytes(set(_NOT_BASE64) - set(b" \t\r\n"))
_BAD_QUOTED = expression(rb"=(?![0-9A-Fa-f]{2}|\r?\n|\Z)")
UU_BEGIN = expression(rb"^begin [0-7]{3,4} ([^\r\n]+)\r?\n", re.MULTILINE)
_UU_LINE = expression(rb"([!-M])([ -`]*)")


def decode_base64(octets: bytes) -> tuple[bytes, str]:
    """Decode base64 as far as it goes (RFC 2045, section 6.8), and say what is wrong with it."""
    problems = []
    strange = len(octets) - len(octets.translate(None, _NOT_BASE64_NOR_BLANK))
    if strange:
        problems.append(f"{count(strange, 'octet')} outside the base64 alphabet passed over")
    digits, padding, rest = octets.translate(None, _NOT_BASE64).partition(b"=")
    rest = rest.lstrip(b"=")
    if rest:
        problems.append(f"{count(len(rest), 'base64 digit')} after the padding passed over")
    if len(digits) % 4 == 1:
        problems.append("base64 cut short, its last digit passed over")
        digits = digits[:-1]
    elif len(digits) % 4 and not padding:
        problems.append("base64 without padding")
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4)), "; ".join(problems)


def decode_quoted_printable(octets: bytes) -> tuple[bytes, str]:
    """Decode quoted-printable (RFC 2045, section 6.7); what is not is left as it is."""
    problem = "malformed quoted-printable left as it is" if _BAD_QUOTED.search(octets) else ""
    return binascii.a2b_qp(octets), problem


class Uuencoded(NamedTuple):
    """A uuencoded file, as far as it could be decoded."""

    filename: bytes
    content: bytes
    problem: str
    end: int
    """Offset after its last line."""


def decode_uu(octets: bytes, begin: re.Match[bytes]) -> Uuencoded:
    """Decode the uuencoded file (POSIX, uuencode) that begins with a ``begin`` line, as far as it goes."""
    filename = begin[1].strip()
    content: list[bytes] = []
    position = begin.end()
    while position < len(octets):
        newline = octets.find(b"\n", position)
        after = newline + 1 if newline >= 0 else len(octets)
        line = octets[position : min(after, position + 100)].rstrip(b"\r\n")
        if line in (b"end", b"`", b" ", b""):
            if line == b"end":
                return Uuencoded(filename, b"".join(content), "", after)
        elif match := _UU_LINE.fullmatch(line):
            size = line[0] - 32
            digits = (size + 2) // 3 * 4  # blanks at the end may have been lost, a checksum may follow
            content.append(binascii.a2b_uu(match[1] + match[2][:digits]))
        else:
            return Uuencoded(filename, b"".join(content), "malformed uuencoded line, decoded to there", position)
        position = after
    return Uuencoded(filename, b"".join(content), "uuencoded file without its end", position)
