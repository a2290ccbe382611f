"""What a message is when it is taken apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, Self


@dataclass(slots=True, frozen=True)
class Part:
    """One part of a message that is not a container: the text, or an attachment. Its content is not kept."""

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


@dataclass(slots=True, frozen=True)
class Headers:
    """The headers of a message. Values are None where the header is absent."""

    fields: tuple[tuple[str, str], ...]
    """All of them in order, names as sent, values unfolded and with RFC 2047 words decoded."""
    defects: tuple[str, ...]
    """What is malformed, one sentence each."""

    def shown(self, text: Callable[[str], str]) -> Self:
        """Return them with each value as ``text`` gives it."""
        return replace(self, fields=_shown(self.fields, text))

    def get(self, name: str) -> str | None:
        """Return the value of the first header of that name, in any case."""
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

    def shown(self, text: Callable[[str], str]) -> Self:
        """Return it with the value of each header as ``text`` gives it."""
        return replace(
            self,
            headers=_shown(self.headers, text),
            sender=self.sender and text(self.sender),
            recipients=self.recipients and text(self.recipients),
            subject=self.subject and text(self.subject),
            date=self.date and text(self.date),
            message_id=self.message_id and text(self.message_id),
        )

    @property
    def attachments(self) -> tuple[Part, ...]:
        """The parts that are attachments."""
        return tuple(part for part in self.parts if part.is_attachment)


def _shown(fields: tuple[tuple[str, str], ...], text: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, text(value)) for name, value in fields)


class OpenedMail(NamedTuple):
    """A message taken apart, and the decoded contents of its parts, in the order of ``mail.parts``."""

    mail: Mail
    contents: tuple[bytes, ...]


def is_attachment(content_type: str, disposition: str, filename: str | None) -> bool:
    """Whether a part is an attachment: something that a mail program offers to save.

    It is when its Content-Disposition is anything but ``inline`` (RFC 2183, section 2.8: what is not
    known is to be treated as ``attachment``), when it has a file name, or when it is not text. So an
    image shown in the text is one too, as is a container that could not be opened: what is in it must
    not escape notice.
    """
    return disposition not in ("", "inline") or filename is not None or not content_type.startswith("text/")
