"""The tree of a message: its parts, those of messages in it, and uuencoded files in its texts (RFC 2045, 2046)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from pop2dissect.limits import Limits
from pop2dissect.mail.characters import decode_octets, decode_words
from pop2dissect.mail.contents import UU_BEGIN, decode_base64, decode_quoted_printable, decode_uu
from pop2dissect.mail.fields import Field, read_fields
from pop2dissect.mail.limits import MAX_MESSAGES
from pop2dissect.mail.model import Part, is_attachment
from pop2dissect.mail.notes import Notes
from pop2dissect.mail.parameters import MIME_TYPE, first_token, read_parameters, without_comments
from pop2dissect.patterns import expression

_DELIMITER_END = expression(rb"(--)?[ \t]*(?:\r?\n|\r?\Z)")
_TNEF = b"\x78\x9f\x3e\x22"
"""How the Transport Neutral Encapsulation Format begins ([MS-OXTNEF], section 2.1.3.2)."""
_AS_WRITTEN = "boundary, as written"
"""Another reading of a boundary: what looks like a comment may be part of it."""
_CONTAINER_ENCODINGS = ("", "7bit", "8bit", "binary")


class Entity(NamedTuple):
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


class MailDissection:
    """A message being taken apart."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.parts: list[Part] = []
        self.contents: list[bytes] = []
        """Of the parts, decoded."""
        self.notes = Notes()

    def take_apart(self, entity: Entity) -> list[Field]:
        """Add the parts of a message or part in order, and give its headers."""
        notes = self.notes
        where = f"part {entity.own}: " if entity.depth else ""
        fields, body = read_fields(entity.data, entity.start, entity.end, notes, where)
        headers: dict[str, str] = {}
        for field in fields:
            name = field.name.lower()
            if name.startswith("content-"):
                headers.setdefault(name, decode_octets(field.raw))
        content_type, parameters = self._content_type(headers.get("content-type"), entity.in_digest, where)
        encoding = first_token(headers.get("content-transfer-encoding", ""))

        if content_type.startswith("multipart/"):
            if encoding not in _CONTAINER_ENCODINGS:
                notes.add(f"{where}a multipart in encoding {encoding[:40]}, which RFC 2045 does not allow")
                content, _ = self._decode(entity.data[body : entity.end], encoding, where)
                content = b"\n" + content  # a delimiter begins a line
                entity, body = entity._replace(data=content, start=0, end=len(content)), 1
                encoding = ""
            boundary, written = parameters.get("boundary", ""), parameters.get(_AS_WRITTEN)
            if written and f"\n--{written}".encode() in entity.data[body - 1 : entity.end]:
                boundary = written
            elif written is not None:
                notes.add(f"{where}a comment at the boundary in Content-Type, which hides it from some programs")
            if self._take_multipart_apart(entity, body, content_type, boundary, where):
                return fields

        octets = entity.data[body : entity.end]
        content, uu_name = self._decode(octets, encoding, where)
        filename = self._filename(headers, parameters, uu_name)
        disposition = first_token(headers.get("content-disposition", ""))
        attached = is_attachment(content_type, disposition, filename)
        if not self._add(entity.own, content_type, filename, attached, content):
            return fields
        if content.startswith(_TNEF):
            self.notes.add(
                f"{where}a TNEF container, as Outlook sends it (winmail.dat): what is attached in it is not shown"
            )
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
        bare = without_comments(header)
        match, bare_match = MIME_TYPE.match(header), MIME_TYPE.match(bare)
        if bare_match and bare_match[1] != (match and match[1]):
            match, header = bare_match, bare
        if not match:
            # RFC 1049 had types without a subtype; "text" is still seen.
            if header.strip().lower() != "text":
                self.notes.add(f"{where}malformed Content-Type, taken as {default}: {header[:60]}")
            return default, read_parameters(header, self.notes)
        content_type, parameters = match[1].lower(), read_parameters(header[match.end() :], self.notes)
        if bare != header and bare_match:
            plain = read_parameters(bare[bare_match.end() :], self.notes)
            if plain.get("boundary") != parameters.get("boundary"):
                plain[_AS_WRITTEN] = parameters.get("boundary", "")
            # A file's name may have parentheses that programs do not quote, and which are no comment.
            parameters = {**parameters, **plain, **{key: parameters[key] for key in ("name",) if key in parameters}}
        return content_type, parameters

    def _filename(self, headers: dict[str, str], parameters: dict[str, str], uu_name: str | None) -> str | None:
        """Find a part's file name: Content-Disposition (RFC 2183, section 2.3), else the type's name."""
        header = headers.get("content-disposition", "")
        disposition = read_parameters(header, self.notes)
        if "filename" not in disposition and "(" in header:
            disposition = read_parameters(without_comments(header), self.notes)
        name = disposition.get("filename") or parameters.get("name")
        return decode_words(name, self.notes) if name else uu_name or None

    def _decode(self, octets: bytes, encoding: str, where: str) -> tuple[bytes, str | None]:
        """Decode a part's content (RFC 2045, section 6), and give the name that uuencoding has for it."""
        problem = ""
        name = None
        if encoding == "base64":
            octets, problem = decode_base64(octets)
        elif encoding == "quoted-printable":
            octets, problem = decode_quoted_printable(octets)
        elif encoding in ("x-uuencode", "x-uue", "uuencode", "uue"):
            begin = UU_BEGIN.search(octets)
            if begin:
                file = decode_uu(octets, begin)
                octets, problem, name = file.content, file.problem, decode_octets(file.filename)
            else:
                problem = "no uuencoded file in it, left as it is"
        elif encoding not in _CONTAINER_ENCODINGS:
            problem = f"unknown encoding {encoding[:40]}, left as it is"
        if problem:
            self.notes.add(where + problem)
        return octets, name

    def _add(self, path: str, content_type: str, filename: str | None, attached: bool, content: bytes) -> bool:
        if len(self.parts) >= self._limits.mail_parts:
            self.notes.add(f"parts after the first {self._limits.mail_parts} were passed over (limit mail_parts)")
            return False
        digest = hashlib.sha256(content).hexdigest()
        self.parts.append(Part(path, content_type, filename, attached, len(content), digest))
        self.contents.append(content)
        return True

    def _take_multipart_apart(self, entity: Entity, body: int, content_type: str, boundary: str, where: str) -> bool:
        """Take the parts of a multipart apart (RFC 2046, section 5.1); False where it cannot be opened."""
        if entity.depth >= self._limits.mail_depth:
            deep = f"more than {self._limits.mail_depth} containers deep (limit mail_depth)"
            self.notes.add(f"{where}{content_type} {deep}, left whole")
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
            if max(len(self.parts), number - 1) >= self._limits.mail_parts:
                self.notes.add(f"parts after the first {self._limits.mail_parts} were passed over (limit mail_parts)")
                break
            path = f"{entity.below}{number}"
            digest = content_type == "multipart/digest"
            self.take_apart(
                Entity(entity.data, start, end, path, path + ".", entity.depth + 1, entity.messages, digest)
            )
        if not number:
            self.notes.add(f"{where}{content_type} without a part, left whole")
        return number > 0

    def _take_message_apart(self, entity: Entity, content: bytes, where: str) -> None:
        """Add the parts of an attached message below it (RFC 2046, section 5.2.1)."""
        if entity.messages >= MAX_MESSAGES or entity.depth >= self._limits.mail_depth:
            self.notes.add(f"{where}message too deep within others, left whole")
            return
        below = entity.own + "."
        self.take_apart(Entity(content, 0, len(content), below + "1", below, entity.depth + 1, entity.messages + 1))

    def _find_uuencoded(self, entity: Entity, content: bytes) -> None:
        """Add files uuencoded within a text, as mail had them before MIME; only well-formed ones.

        The text stays whole, as it was sent.
        """
        number = 0
        position = content.find(b"begin ")
        while position >= 0 and (begin := UU_BEGIN.search(content, position)):
            file = decode_uu(content, begin)
            position = file.end
            if not file.problem and file.content:
                number += 1
                path = f"{entity.own}.{number}"
                if not self._add(path, "application/octet-stream", decode_octets(file.filename), True, file.content):
                    return


def _split_multipart(data: bytes, start: int, end: int, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
    """Yield where the parts of a multipart lie (RFC 2046, section 5.1.1), and if a delimiter ends each."""
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
