"""Message bodies (RFC 822, MIME): headers, parts, attachments.

Whatever octets come, there is a result: what cannot be read as the RFCs say is read as well as it can
be, and ``defects`` says so. Time and memory grow in proportion to the size of the message; the bounds
below stop what a hostile message could multiply, and a defect says that they did.

The structure is read here and not by the standard library's ``email`` package. For evidence that
package falls short: it gives a forwarded message back rewritten instead of octet for octet, recurses
without a bound into nested parts, takes quadratic time on some headers, raises on others, and looks
up whatever codec a message names. The tests hold this module against it on well-formed mail.

References are to RFC 5322 (822) for the headers, RFC 2045 and 2046 (MIME), RFC 2047 (encoded words),
RFC 2183 (Content-Disposition) and RFC 2231 (parameters).
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from encodings.aliases import aliases
from typing import NamedTuple

MAX_MESSAGE = 64 << 20
"""Octets of a message that are taken apart. Far above any mail; keeps a forged one from costing minutes."""
MAX_HEADER_BLOCK = 256 << 10
"""Octets of the headers of one message or part that are read. Long Received chains need a tenth of it."""
MAX_HEADERS = 1000
"""Headers of one message or part that are read. Mail has some tens."""
MAX_HEADER = 64 << 10
"""Octets of one header that are kept. The longest in practice are To lists of a thousand addresses."""
MAX_DEPTH = 20
"""Containers within containers that are opened. Mail programs make up to about five."""
MAX_MESSAGES = 4
"""Messages within messages that are opened; each level holds the octets of all below it once more."""
MAX_PARTS = 1000
"""Parts that are listed. A digest has some tens, a directory mailed file by file perhaps hundreds."""
MAX_DEFECTS = 100
"""Defects that are listed; the rest is only said to exist."""
MAX_LINE = 1000
"""Octets of a line, CRLF included, that RFC 5322 (section 2.1.1) and RFC 937 (Sizes) allow."""


@dataclass(slots=True, frozen=True)
class Part:
    """One part of a message that is not a container: the text, or an attachment."""

    path: str
    """Its place in the tree of parts, as ``1``, ``1.2``."""
    content_type: str
    """In lower case, without parameters."""
    filename: str | None
    """As the sender named it, RFC 2047 and RFC 2231 decoded; never to be used as a path unchecked."""
    is_attachment: bool
    """See :func:`is_attachment` for the rule."""
    octets: int
    """Of the decoded content."""
    sha256: str
    """Of the decoded content, in hexadecimal."""
    content: bytes


@dataclass(slots=True, frozen=True)
class Headers:
    """The headers of a message. Values are None where the header is absent."""

    fields: tuple[tuple[str, str], ...]
    """All of them in order, names as sent, values unfolded and with RFC 2047 words decoded."""
    defects: tuple[str, ...]
    """What is malformed, one sentence each."""

    def get(self, name: str) -> str | None:
        """Give the value of the first header of that name, in any case."""
        name = name.lower()
        return next((value for field, value in self.fields if field.lower() == name), None)

    @property
    def sender(self) -> str | None:
        """The From header (RFC 5322, section 3.6.2)."""
        return self.get("From")

    @property
    def recipients(self) -> str | None:
        """The To header; several, which old mail has, joined by commas."""
        values = [value for field, value in self.fields if field.lower() == "to"]
        return ", ".join(values) if values else None

    @property
    def subject(self) -> str | None:
        """The Subject header."""
        return self.get("Subject")

    @property
    def date(self) -> str | None:
        """The Date header as the sender wrote it."""
        return self.get("Date")

    @property
    def message_id(self) -> str | None:
        """The Message-ID header."""
        return self.get("Message-ID")


@dataclass(slots=True, frozen=True)
class Mail:
    """A message taken apart. Values are None where the header is absent."""

    headers: tuple[tuple[str, str], ...]
    """All of them in order, with RFC 2047 words decoded."""
    sender: str | None
    recipients: str | None
    subject: str | None
    date: str | None
    message_id: str | None
    parts: tuple[Part, ...]
    """In the order of the message; parts of an attached message follow it, with paths below its own."""
    defects: tuple[str, ...]
    """What is malformed, one sentence each."""

    @property
    def attachments(self) -> tuple[Part, ...]:
        """The parts that are attachments."""
        return tuple(part for part in self.parts if part.is_attachment)


def parse_mail(octets: bytes) -> Mail:
    """Take a message apart. Never raises."""
    try:
        return _parse_mail(octets)
    except Exception as error:
        # Nothing is known to get here, and the tests go round this net; it is here because one message
        # must not cost the report of all others.
        return Mail((), None, None, None, None, None, (), (f"the message could not be read: {error!r}",))


def parse_headers(octets: bytes) -> Headers:
    """Read the headers only, for tables of messages. Never raises.

    The first :data:`MAX_HEADER_BLOCK` octets of the message are all that is looked at, so that it is
    enough to give those.
    """
    notes = _Notes()
    try:
        fields, _ = _read_fields(octets, 0, len(octets), notes, "")
        return Headers(_decode_fields(fields, notes), notes.sentences())
    except Exception as error:  # as in parse_mail
        return Headers((), (f"the headers could not be read: {error!r}",))


def is_attachment(content_type: str, disposition: str, filename: str | None) -> bool:
    """Tell whether a part is an attachment: something that a mail program offers to save.

    It is when its Content-Disposition is anything but ``inline`` (RFC 2183, section 2.8: what is not
    known is to be treated as ``attachment``), when it has a file name, or when it is not text. So an
    image shown in the text is one too, as is a container that could not be opened: what is in it must
    not escape notice.
    """
    return disposition not in ("", "inline") or filename is not None or not content_type.startswith("text/")


def _parse_mail(octets: bytes) -> Mail:
    dissection = _Dissection()
    notes = dissection.notes
    if len(octets) > MAX_MESSAGE:
        notes.add(f"only the first {MAX_MESSAGE} of {len(octets)} octets were taken apart")
        octets = octets[:MAX_MESSAGE]
    _check_lines(octets, notes)
    fields = dissection.take_apart(_Entity(octets, 0, len(octets), own="1", below="", depth=0, messages=0))
    decoded = _decode_fields(fields, notes)
    headers = Headers(decoded, notes.sentences())
    return Mail(
        headers=headers.fields,
        sender=headers.sender,
        recipients=headers.recipients,
        subject=headers.subject,
        date=headers.date,
        message_id=headers.message_id,
        parts=tuple(dissection.parts),
        defects=headers.defects,
    )


class _Notes:
    """The defects of a message: each once, and not more than :data:`MAX_DEFECTS`."""

    def __init__(self) -> None:
        self._sentences: dict[str, None] = {}
        self._more = 0

    def add(self, sentence: str) -> None:
        if sentence in self._sentences:
            return
        if len(self._sentences) < MAX_DEFECTS:
            self._sentences[sentence] = None
        else:
            self._more += 1

    def sentences(self) -> tuple[str, ...]:
        more = (f"{_count(self._more, 'further defect')} not listed",) if self._more else ()
        return (*self._sentences, *more)


def _check_lines(octets: bytes, notes: _Notes) -> None:
    """Note what RFC 5322 (sections 2.1, 2.3 and 4) does not allow of a message's lines."""
    if not octets:
        notes.add("the message is empty")
        return
    bare = octets.count(b"\n") - octets.count(b"\r\n")
    if bare:
        notes.add(f"{_count(bare, 'line')} ended by a bare LF")
    nul = octets.count(0)
    if nul:
        notes.add(_count(nul, "NUL octet"))
    if not octets.endswith(b"\n"):
        notes.add("the last line has no line end")
    long_lines = sum(1 for _ in _long_lines(octets))
    if long_lines:
        notes.add(f"{_count(long_lines, 'line')} longer than {MAX_LINE} octets")


def _long_lines(octets: bytes) -> Iterator[int]:
    """Give the offsets of lines longer than :data:`MAX_LINE`, hopping over short ones several at a time."""
    position = 0
    while position + MAX_LINE < len(octets):
        newline = octets.rfind(b"\n", position, position + MAX_LINE)
        if newline < 0:
            yield position
            newline = octets.find(b"\n", position + MAX_LINE)
            if newline < 0:
                return
        position = newline + 1


# Headers ---------------------------------------------------------------------------------------------

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
"""RFC 5322, section 2.2: a name of printable ASCII without colon; section 4.5: blanks before the colon."""
_BLANK_LINE = re.compile(rb"\n\r?\n")
_SINGLE = ("date", "from", "to", "subject", "message-id")
"""RFC 5322, section 3.6: headers that occur once, of those that are shown."""


class _Field(NamedTuple):
    name: str
    raw: bytes
    """Its value: unfolded (RFC 5322, section 2.2.3), not decoded."""


def _read_fields(data: bytes, start: int, end: int, notes: _Notes, where: str) -> tuple[list[_Field], int]:
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
        elif line.startswith(b"From "):
            # The separator of an mbox file: KA9Q NOS sends it as the first line of a message.
            shown = _decode_octets(line[:100])
            notes.add(f"{where}an mbox separator line among the headers was passed over: {shown}")
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
        fields.append(_Field(name, raw[:MAX_HEADER]))
    return fields, position


def _decode_fields(fields: list[_Field], notes: _Notes) -> tuple[tuple[str, str], ...]:
    """Decode all headers of a message for display."""
    seen: dict[str, int] = {}
    for field in fields:
        seen[field.name.lower()] = seen.get(field.name.lower(), 0) + 1
    for name in _SINGLE:
        if seen.get(name, 0) > 1:
            notes.add(f"header {name.capitalize()} occurs {seen[name]} times")
    return tuple((field.name, _decode_value(field, notes)) for field in fields)


def _decode_value(field: _Field, notes: _Notes) -> str:
    if not field.raw.isascii() and not _is_utf8(field.raw):
        notes.add(f"header {field.name[:40]} has 8-bit octets that are not UTF-8; read as Latin-1")
    return _decode_words(_decode_octets(field.raw), notes)


# Characters ------------------------------------------------------------------------------------------

# fmt: off
_CHARSETS = frozenset((
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


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decode_octets(octets: bytes) -> str:
    """Decode octets of no known charset: UTF-8 where they are, else Latin-1, which takes any."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _decode_charset(octets: bytes, charset: str, notes: _Notes) -> str:
    """Decode octets of the charset that a message names; never with surrogates in the result."""
    name = _NOT_NAME.sub("_", charset.lower()).strip("_")
    name = _OTHER_NAMES.get(name, aliases.get(name, name))
    if name not in _CHARSETS:
        if name:
            notes.add(f"unknown charset {charset[:40]}; read as UTF-8 or Latin-1")
        return _decode_octets(octets)
    try:
        text = octets.decode(name)
    except ValueError:
        notes.add(f"octets that are not of the charset {charset[:40]} were replaced")
        text = octets.decode(name, "replace")
    # UTF-7 is decoded to lone surrogates where it has them, which no output could be encoded from.
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _decode_words(text: str, notes: _Notes) -> str:
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
                pieces.append(_decode_charset(b"".join(octets), charset, notes))
            if not adjacent:
                pieces.append(between)
            octets = []
        charset = word_charset
        encoded = match[3].encode()
        if match[2] in "Bb":
            word, problem = _decode_base64(encoded)
            if problem:
                notes.add(f"encoded word: {problem}")
        else:
            word = binascii.a2b_qp(encoded, header=True)
        octets.append(word)
        last = match.end()
    if octets:
        pieces.append(_decode_charset(b"".join(octets), charset, notes))
    pieces.append(text[last:])
    return "".join(pieces)


# Parameters of structured headers --------------------------------------------------------------------

_MIME_TYPE = re.compile(r"\s*([!#$%&'*+.^_`{|}~0-9A-Za-z-]+/[!#$%&'*+.^_`{|}~0-9A-Za-z-]+)\s*(?=$|[;(\s])")
_TOKEN = re.compile(r"\s*([!#$%&'*+.^_`{|}~0-9A-Za-z-]+)")
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"([^"\\]*(?:\\.[^"\\]*)*)"?|([^;]*))', re.DOTALL)
"""RFC 2045, section 5.1, less strictly: an unquoted value may have blanks, a quoted one may lack its end."""
_QUOTED_PAIR = re.compile(r'\\(["\\])')
"""Not of other characters: programs write "C:\\TEMP\\X.DOC" as it is."""
_SECTION = re.compile(r"([^*]+)(?:\*([0-9]{1,4}))?(\*)?")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")


def _first_token(text: str) -> str:
    """Give the token that a header begins with, in lower case; what else it begins with, where it is none."""
    match = _TOKEN.match(text)
    return (match[1] if match else text.strip()).lower()


def _read_parameters(text: str, notes: _Notes) -> dict[str, str]:
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


def _join_sections(values: dict[int, tuple[str, bool]], notes: _Notes) -> str:
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
    return _decode_charset(b"".join(octets), charset, notes)


# Contents --------------------------------------------------------------------------------------------

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_NOT_BASE64_NOR_BLANK = bytes(set(_NOT_BASE64) - set(b" \t\r\n"))
_BAD_QUOTED = re.compile(rb"=(?![0-9A-Fa-f]{2}|\r?\n|\Z)")
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]+)\r?\n", re.MULTILINE)
_UU_LINE = re.compile(rb"([!-M])([ -`]*)")


def _decode_base64(octets: bytes) -> tuple[bytes, str]:
    """Decode base64 as far as it goes (RFC 2045, section 6.8), and say what is wrong with it."""
    problems = []
    strange = len(octets) - len(octets.translate(None, _NOT_BASE64_NOR_BLANK))
    if strange:
        problems.append(f"{_count(strange, 'octet')} outside the base64 alphabet passed over")
    digits, padding, rest = octets.translate(None, _NOT_BASE64).partition(b"=")
    rest = rest.lstrip(b"=")
    if rest:
        problems.append(f"{_count(len(rest), 'base64 digit')} after the padding passed over")
    if len(digits) % 4 == 1:
        problems.append("base64 cut short, its last digit passed over")
        digits = digits[:-1]
    elif len(digits) % 4 and not padding:
        problems.append("base64 without padding")
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4)), "; ".join(problems)


def _decode_quoted_printable(octets: bytes) -> tuple[bytes, str]:
    """Decode quoted-printable (RFC 2045, section 6.7); what is not is left as it is."""
    problem = "malformed quoted-printable left as it is" if _BAD_QUOTED.search(octets) else ""
    return binascii.a2b_qp(octets), problem


class _Uuencoded(NamedTuple):
    filename: str
    content: bytes
    problem: str
    end: int
    """Offset after its last line."""


def _decode_uu(octets: bytes, begin: re.Match[bytes]) -> _Uuencoded:
    """Decode the uuencoded file (POSIX, uuencode) that begins with a ``begin`` line, as far as it goes."""
    filename = _decode_octets(begin[1]).strip()
    content: list[bytes] = []
    position = begin.end()
    while position < len(octets):
        newline = octets.find(b"\n", position)
        after = newline + 1 if newline >= 0 else len(octets)
        line = octets[position : min(after, position + 100)].rstrip(b"\r\n")
        if line in (b"end", b"`", b" ", b""):
            if line == b"end":
                return _Uuencoded(filename, b"".join(content), "", after)
        elif match := _UU_LINE.fullmatch(line):
            size = line[0] - 32
            digits = (size + 2) // 3 * 4  # blanks at the end may have been lost, a checksum may follow
            content.append(binascii.a2b_uu(match[1] + match[2][:digits]))
        else:
            return _Uuencoded(filename, b"".join(content), "malformed uuencoded line, decoded to there", position)
        position = after
    return _Uuencoded(filename, b"".join(content), "uuencoded file without its end", position)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


# Structure -------------------------------------------------------------------------------------------

_DELIMITER_END = re.compile(rb"(--)?[ \t]*(?:\r?\n|\r?\Z)")
_CONTAINER_ENCODINGS = ("", "7bit", "8bit", "binary")


class _Entity(NamedTuple):
    """Where a message or a part of one lies, headers and body (RFC 2045, section 2.4)."""

    data: bytes
    start: int
    end: int
    own: str
    """Its path, if it is no container."""
    below: str
    """What the paths of parts in it begin with (numbered as in RFC 9051, section 6.4.5)."""
    depth: int
    """Containers around it."""
    messages: int
    """Messages around it."""
    in_digest: bool = False


class _Dissection:
    """A message being taken apart."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.notes = _Notes()

    def take_apart(self, entity: _Entity) -> list[_Field]:
        """Add the parts of a message or part in order, and give its headers."""
        notes = self.notes
        where = f"part {entity.own}: " if entity.depth else ""
        fields, body = _read_fields(entity.data, entity.start, entity.end, notes, where)
        headers: dict[str, str] = {}
        for field in fields:
            name = field.name.lower()
            if name.startswith("content-"):
                headers.setdefault(name, _decode_octets(field.raw))
        content_type, parameters = self._content_type(headers.get("content-type"), entity.in_digest, where)
        encoding = _first_token(headers.get("content-transfer-encoding", ""))

        if content_type.startswith("multipart/"):
            if encoding not in _CONTAINER_ENCODINGS:
                notes.add(f"{where}a multipart in encoding {encoding[:40]}, which RFC 2045 does not allow")
            if self._take_multipart_apart(entity, body, content_type, parameters.get("boundary", ""), where):
                return fields

        octets = entity.data[body : entity.end]
        content, uu_name = self._decode(octets, encoding, where)
        filename = self._filename(headers, parameters, uu_name)
        disposition = _first_token(headers.get("content-disposition", ""))
        attached = is_attachment(content_type, disposition, filename)
        if not self._add(entity.own, content_type, filename, attached, content):
            return fields
        if content_type in ("message/rfc822", "message/global"):
            self._take_message_apart(entity, content, where)
        elif content_type.startswith("text/") and uu_name is None:
            self._find_uuencoded(entity, content)
        return fields

    def _content_type(self, header: str | None, in_digest: bool, where: str) -> tuple[str, dict[str, str]]:
        """Read a Content-Type header (RFC 2045, section 5; its default 5.2, in a digest RFC 2046, 5.1.5)."""
        default = "message/rfc822" if in_digest else "text/plain"
        if header is None:
            return default, {}
        match = _MIME_TYPE.match(header)
        if not match:
            # RFC 1049 had types without a subtype; "text" is still seen.
            if header.strip().lower() != "text":
                self.notes.add(f"{where}malformed Content-Type, taken as {default}: {header[:60]}")
            return default, _read_parameters(header, self.notes)
        return match[1].lower(), _read_parameters(header[match.end() :], self.notes)

    def _filename(self, headers: dict[str, str], parameters: dict[str, str], uu_name: str | None) -> str | None:
        """Find a part's file name: Content-Disposition (RFC 2183, section 2.3), else the type's name."""
        disposition = _read_parameters(headers.get("content-disposition", ""), self.notes)
        name = disposition.get("filename") or parameters.get("name")
        return _decode_words(name, self.notes) if name else uu_name or None

    def _decode(self, octets: bytes, encoding: str, where: str) -> tuple[bytes, str | None]:
        """Decode a part's content (RFC 2045, section 6), and give the name that uuencoding has for it."""
        problem = ""
        name = None
        if encoding == "base64":
            octets, problem = _decode_base64(octets)
        elif encoding == "quoted-printable":
            octets, problem = _decode_quoted_printable(octets)
        elif encoding in ("x-uuencode", "x-uue", "uuencode", "uue"):
            begin = _UU_BEGIN.search(octets)
            if begin:
                file = _decode_uu(octets, begin)
                octets, problem, name = file.content, file.problem, file.filename
            else:
                problem = "no uuencoded file in it, left as it is"
        elif encoding not in _CONTAINER_ENCODINGS:
            problem = f"unknown encoding {encoding[:40]}, left as it is"
        if problem:
            self.notes.add(where + problem)
        return octets, name

    def _add(self, path: str, content_type: str, filename: str | None, attached: bool, content: bytes) -> bool:
        if len(self.parts) >= MAX_PARTS:
            self.notes.add(f"parts after the first {MAX_PARTS} were passed over")
            return False
        digest = hashlib.sha256(content).hexdigest()
        self.parts.append(Part(path, content_type, filename, attached, len(content), digest, content))
        return True

    def _take_multipart_apart(self, entity: _Entity, body: int, content_type: str, boundary: str, where: str) -> bool:
        """Take the parts of a multipart apart (RFC 2046, section 5.1); False where it cannot be opened."""
        if entity.depth >= MAX_DEPTH:
            self.notes.add(f"{where}{content_type} more than {MAX_DEPTH} containers deep, left whole")
            return False
        boundary = boundary.rstrip()
        if not boundary:
            self.notes.add(f"{where}{content_type} without a boundary, left whole")
            return False
        number = 0
        for start, end, closed in _split_multipart(entity.data, body, entity.end, boundary.encode("utf-8")):
            if not closed:
                self.notes.add(f"{where}{content_type} without its closing boundary")
            number += 1
            if len(self.parts) >= MAX_PARTS or number > MAX_PARTS:
                self.notes.add(f"parts after the first {MAX_PARTS} were passed over")
                break
            path = f"{entity.below}{number}"
            digest = content_type == "multipart/digest"
            self.take_apart(
                _Entity(entity.data, start, end, path, path + ".", entity.depth + 1, entity.messages, digest)
            )
        if not number:
            self.notes.add(f"{where}{content_type} without a part, left whole")
        return number > 0

    def _take_message_apart(self, entity: _Entity, content: bytes, where: str) -> None:
        """Add the parts of an attached message below it (RFC 2046, section 5.2.1)."""
        if entity.messages >= MAX_MESSAGES or entity.depth >= MAX_DEPTH:
            self.notes.add(f"{where}message too deep within others, left whole")
            return
        below = entity.own + "."
        self.take_apart(_Entity(content, 0, len(content), below + "1", below, entity.depth + 1, entity.messages + 1))

    def _find_uuencoded(self, entity: _Entity, content: bytes) -> None:
        """Add files uuencoded within a text, as mail had them before MIME; only well-formed ones.

        The text stays whole, as it was sent.
        """
        number = 0
        position = content.find(b"begin ")
        while position >= 0 and (begin := _UU_BEGIN.search(content, position)):
            file = _decode_uu(content, begin)
            position = file.end
            if not file.problem and file.content:
                number += 1
                path = f"{entity.own}.{number}"
                if not self._add(path, "application/octet-stream", file.filename, True, file.content):
                    return


def _split_multipart(data: bytes, start: int, end: int, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
    """Give where the parts of a multipart lie (RFC 2046, section 5.1.1), and if a delimiter ends each."""
    needle = b"\n--" + boundary
    begin = -1  # of the part being looked at
    position = start - 1  # a delimiter may be the very first line: the octet before it is a line end
    while (found := data.find(needle, position, end)) >= 0:
        position = found + len(needle)
        tail = _DELIMITER_END.match(data, position, end)
        if not tail:
            continue
        if begin >= 0:
            last = found - 1 if data[found - 1 : found] == b"\r" else found
            yield begin, max(begin, last), True
        begin = tail.end()
        if tail[1]:
            return
        position = begin - 1
    if begin >= 0:
        yield begin, end, False
