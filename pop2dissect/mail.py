"""Message bodies (RFC 822, MIME): headers, parts, attachments. The interface; its parser follows."""

from __future__ import annotations

from dataclasses import dataclass


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
    octets: int
    """Of the decoded content."""
    sha256: str
    """Of the decoded content, in hexadecimal."""
    content: bytes


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
    defects: tuple[str, ...]
    """What is malformed, one sentence or name each."""

    @property
    def attachments(self) -> tuple[Part, ...]:
        """The parts that are attachments."""
        return tuple(part for part in self.parts if part.is_attachment)


def parse_mail(octets: bytes) -> Mail:
    """Take a message apart. Never raises."""
    ...
