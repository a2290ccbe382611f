"""From octets to characters: charsets, and the encoded words of headers (RFC 2047)."""

from __future__ import annotations

import binascii
import re
from encodings.aliases import aliases

from pop2dissect.mail.contents import decode_base64
from pop2dissect.mail.notes import Notes

# fmt: off
CHARSETS = frozenset((
    "ascii", "big5", "big5hkscs", "cp037", "cp1006", "cp1026", "cp1125", "cp1140", "cp1250", "cp1251",
    "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp273", "cp424", "cp437",
    "cp500", "cp720", "cp737", "cp775", "cp850", "cp852", "cp855", "cp856", "cp857", "cp858", "cp860",
    "cp861", "cp862", "cp863", "cp864", "cp865", "cp866", "cp869", "cp874", "cp875", "cp932", "cp949",
    "cp950", "euc_jis_2004", "euc_jisx0213", "euc_jp", "euc_kr", "gb18030", "gb2312", "gbk", "hp_roman8",
    "hz", "iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_2004", "iso2022_jp_3", "iso2022_jp_ext",
    "iso2022_kr", "iso8859_10", "iso8859_11", "iso8859_13", "iso8859_14", "iso8859_15", "iso8859_16",
    "iso8859_2", "iso8859_3", "iso8859_4", "iso8859_5", "iso8859_6", "iso8859_7", "iso8859_8", "iso8859_9",
    "johab", "koi8_r", "koi8_t", "koi8_u", "kz1048", "latin_1", "mac_arabic", "mac_croatian",
    "mac_cyrillic", "mac_farsi", "mac_greek", "mac_iceland", "mac_latin2", "mac_roman", "mac_romanian",
    "mac_turkish", "ptcp154", "shift_jis", "shift_jis_2004", "shift_jisx0213", "tis_620", "utf_16_be",
    "utf_16_le", "utf_7", "utf_8", "utf_8_sig",
))
# fmt: on
"""Codecs that are character sets. A message must not choose among all that Python has: some take
quadratic time (``punycode``), some depend on the machine (``mbcs``, ``utf_16``), some are no charsets."""
_OTHER_NAMES = {
    "iso_8859_8_i": "iso8859_8",  # RFC 1556: the text's direction is implied
    "windows_874": "cp874",
    "x_sjis": "shift_jis",
    "x_gbk": "gbk",
    "x_mac_roman": "mac_roman",
}
_WORD = re.compile(r"=\?([^?\s]{1,80})\?([BbQq])\?([^?]*)\?=")
"""RFC 2047, section 2, less strictly: blanks in the text, and no limit of 75 octets."""
_NOT_NAME = re.compile(r"[^a-z0-9]+")


def is_utf8(octets: bytes) -> bool:
    """Whether octets are UTF-8."""
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def decode_octets(octets: bytes) -> str:
    """Decode octets of no known charset: UTF-8 where they are, else Latin-1, which takes any."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def decode_charset(octets: bytes, charset: str, notes: Notes) -> str:
    """Decode octets of the charset that a message names; never with surrogates in the result."""
    name = _NOT_NAME.sub("_", charset.lower()).strip("_")
    name = _OTHER_NAMES.get(name, aliases.get(name, name))
    if name not in CHARSETS:
        if name:
            notes.add(f"unknown charset {charset[:40]}; read as UTF-8 or Latin-1")
        return decode_octets(octets)
    try:
        text = octets.decode(name)
    except ValueError:
        notes.add(f"octets that are not of the charset {charset[:40]} were replaced")
        text = octets.decode(name, "replace")
    # UTF-7 is decoded to lone surrogates where it has them, which no output could be encoded from.
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def decode_words(text: str, notes: Notes) -> str:
    """Decode encoded words (RFC 2047); those next to each other without the blanks between (section 6.2).

    Octets of neighbours in the same charset are put together before they are decoded, because many
    programs split a character over two words.
    """
    if "=?" not in text:
        return text
    pieces: list[str] = []
    charset = ""
    octets: list[bytes] = []
    last = 0
    for match in _WORD.finditer(text):
        between = text[last : match.start()]
        adjacent = bool(octets) and (not between or between.isspace())
        word_charset = match[1].partition("*")[0]  # RFC 2231, section 5: *language
        if not adjacent or word_charset.lower() != charset.lower():
            if octets:
                pieces.append(decode_charset(b"".join(octets), charset, notes))
            if not adjacent:
                pieces.append(between)
            octets = []
        charset = word_charset
        encoded = match[3].encode()
        if match[2] in "Bb":
            word, problem = decode_base64(encoded)
            if problem:
                notes.add(f"encoded word: {problem}")
        else:
            word = binascii.a2b_qp(encoded, header=True)
        octets.append(word)
        last = match.end()
    if octets:
        pieces.append(decode_charset(b"".join(octets), charset, notes))
    pieces.append(text[last:])
    return "".join(pieces)
