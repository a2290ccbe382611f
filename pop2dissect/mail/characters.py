"""From octets to characters: charsets, and the encoded words of headers (RFC 2047)."""

from __future__ import annotations

import binascii
import re
from encodings.aliases import aliases

from pop2dissect.mail.contents import decode_base64
from pop2dissect.mail.notes import Notes
from pop2dissect.patterns import expression

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
# fmt: off
_OTHER_NAMES = {
    other: name
    for name, others in {
        "big5": "cn_big5 x_x_big5",
        "cp1250": "x_cp1250", "cp1251": "x_cp1251", "cp1252": "x_cp1252", "cp1253": "x_cp1253", "cp1254": "x_cp1254",
        "cp1255": "x_cp1255", "cp1256": "x_cp1256", "cp1257": "x_cp1257", "cp1258": "x_cp1258",
        "cp874": "dos_874 windows_874",
        "cp932": "windows_31j",
        "cp949": "windows_949",
        "euc_jp": "cseucpkdfmtjapanese x_euc_jp",
        "euc_kr": "cseuckr csksc56011987 iso_ir_149 ks_c_5601_1989 ksc_5601",
        "gb2312": "csgb2312 gb_2312 gb_2312_80",
        "gbk": "x_gbk",
        "iso8859_10": "iso885910", "iso8859_11": "iso885911", "iso8859_13": "iso885913", "iso8859_14": "iso885914",
        "iso8859_15": "csisolatin9 iso885915",
        "iso8859_2": "iso88592", "iso8859_3": "iso88593", "iso8859_4": "iso88594", "iso8859_5": "iso88595",
        "iso8859_6": "csiso88596e csiso88596i iso88596 iso_8859_6_e iso_8859_6_i",
        "iso8859_7": "iso88597 sun_eu_greek",
        "iso8859_8": "csiso88598e csiso88598i iso88598 iso_8859_8_e iso_8859_8_i logical visual",
        "iso8859_9": "iso88599",
        "koi8_r": "koi koi8",
        "koi8_u": "koi8_ru",
        "latin_1": "iso88591",
        "mac_cyrillic": "x_mac_cyrillic x_mac_ukrainian",
        "mac_roman": "csmacintosh mac x_mac_roman",
        "shift_jis": "x_sjis",
        "utf_16_be": "unicodefffe",
        "utf_8": "unicode11utf8 unicode20utf8 unicode_1_1_utf_8 x_unicode20utf8",
    }.items()
    for other in others.split()
}
# fmt: on
"""Labels of the Encoding Standard (section 4.2) that Python has no alias for, normalised as it does."""
_READ_AS = {
    "ascii": "cp1252",
    "big5": "big5hkscs",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859_11": "cp874",
    "iso8859_9": "cp1254",
    "latin_1": "cp1252",
    "shift_jis": "cp932",
    "tis_620": "cp874",
}
"""What mail programs mean by the names of charsets: supersets of them (WHATWG, Encoding Standard, section 4.2)."""
_CODE_PAGES = ("cp1252", "cp1254", "cp874")
_CONTROLS = expression(rb"([\x81\x8d-\x90\x9d\x9e])")
"""Octets of a Windows code page that are control characters where it has no character for them (section 9)."""
_WORD = expression(r"=\?([^?\s]{1,80})\?([BbQq])\?([^?]*)\?=")
"""RFC 2047, section 2, less strictly: blanks in the text, and no limit of 75 octets."""
_NOT_NAME = expression(r"[^a-z0-9]+")


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
    codec = _READ_AS.get(name, name)
    try:
        text = octets.decode(codec)
    except ValueError:
        text = _decode_leniently(octets, codec)
    if "\ufffd" in text or (name == "ascii" and not octets.isascii()):
        notes.add(f"octets that are not of the charset {charset[:40]} were replaced")
    # UTF-7 is decoded to lone surrogates where it has them, which no output could be encoded from.
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _decode_leniently(octets: bytes, codec: str) -> str:
    if codec in _CODE_PAGES:
        pieces = _CONTROLS.split(octets)  # every second one is a control character
        return "".join(one.decode("latin-1" if place % 2 else codec, "replace") for place, one in enumerate(pieces))
    if codec == "iso2022_jp":
        return _decode_jis(octets)
    if codec == "euc_jp":
        return _decode_jis(_EUC.sub(_euc_as_jis, octets))
    return octets.decode(codec, "replace")


# Python's codecs have JIS X 0208 as it was published; mail has the characters that NEC and IBM added to it, as code
# page 932 has them (section 12.2 and 12.3).
_JIS = expression(rb"\x1b(\$[@B]|\([BJI])([^\x1b]*)")
_EUC = expression(rb"((?:[\xa1-\xfe]{2})+)|\x8e([\xa1-\xdf])")


def _euc_as_jis(match: re.Match[bytes]) -> bytes:
    mode, octets = (b"$B", match[1]) if match[1] else (b"(I", match[2])
    return b"\x1b%b%b\x1b(B" % (mode, bytes(octet & 0x7F for octet in octets))


def _decode_jis(octets: bytes) -> str:
    """Decode ISO-2022-JP with the rows that were added to JIS X 0208; what is no character is replaced."""
    pieces = [_plain(octets[: octets.find(b"\x1b")] if b"\x1b" in octets else octets)]
    for mode, text in _JIS.findall(octets):
        if mode.startswith(b"$"):
            pairs = zip(text[::2], text[1::2], strict=False)
            pieces.append(b"".join(_shifted(first, second) for first, second in pairs).decode("cp932", "replace"))
        elif mode == b"(I":
            pieces.append(bytes(octet | 0x80 for octet in text).decode("cp932", "replace"))
        else:
            pieces.append(_plain(text))
    return "".join(pieces)


def _plain(octets: bytes) -> str:
    return octets.decode("ascii", "replace")


def _shifted(first: int, second: int) -> bytes:
    """Return a character of JIS X 0208 as Shift_JIS has it: two rows there are one lead octet."""
    row = first - 0x21
    lead = row // 2 + (0x81 if row < 62 else 0xC1)
    trail = second + 0x7E if row % 2 else second + 0x1F + (second >= 0x60)
    return bytes([lead, trail]) if 0 <= row < 94 and 0x21 <= second <= 0x7E else b"\xff"


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
