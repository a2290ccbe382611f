"""A message that was transferred."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from pop2dissect.capture.record import FrameRef
from pop2dissect.mail import Headers, Mail, OpenedMail, open_mail, parse_headers
from pop2dissect.session.outcomes import Disposition
from pop2dissect.session.verdict import Verdict
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.values import count

_FIRST_LOOK = 1 << 10
"""Octets in which most messages have all of their headers."""
_HEADER_OCTETS = 16 << 10
"""Octets in which headers are looked for at the most."""


def as_it_is(text: str) -> str:
    """Return the text: nothing of it is hidden."""
    return text


@dataclass(kw_only=True)
class Message:
    """One message transfer: what was on the wire between a RETR and the server's next reply."""

    index: int = 0
    """Counted from 1 in the session; 0 until the session is made."""
    exchange: int
    """Index of the exchange whose reply it is."""
    mailbox: str | None = None
    """The mailbox it was read from, as the server named it, else as the client asked for it."""
    number: int | None
    """The message's number in the mailbox; None where it cannot be told."""
    declared_octets: int | None
    """What the server announced for it; None where that was not captured."""
    start: int
    end: int
    """Offsets in the server's stream."""
    disposed: Verdict[Disposition]
    """What became of it."""
    released: Verdict[bool | None]
    """Whether a deletion took effect; False where there is nothing to commit, None where that is not known."""
    shown: Callable[[str], str] = field(default=as_it_is, repr=False, compare=False)
    """How text of it is shown: what is hidden of it is masked."""
    stream: Stream = field(repr=False)
    """The server's stream, where its octets are."""
    acknowledged_by: int | None = None
    """Index of the exchange that said what becomes of it."""
    released_by: int | None = None
    """Index of the exchange that made a deletion final."""
    skipped: tuple[int, ...] = ()
    """Offsets of octets of the stream that are not the message's, in order: what byte-stuffing added."""
    identifier: str | None = None
    """What the server calls it for good (POP3's unique-id)."""
    notes: tuple[str, ...] = ()
    whole: bool | None = None
    """Whether its start and its end mark were seen; None where it is as long as was announced."""

    @cached_property
    def missing_octets(self) -> int:
        """Octets that were on the wire but are not in the capture."""
        return self.stream.missing_between(self.start, self.end)

    @property
    def octets(self) -> int:
        """Octets captured."""
        missing = self.missing_octets if self.stream.gaps else 0
        return self.end - self.start - missing - len(self.skipped)

    @property
    def start_time(self) -> int | None:
        """Time of its first octet; None where that was not captured."""
        return self.stream.time_at(self.start)

    @property
    def end_time(self) -> int | None:
        """Time of its last octet; None where that was not captured."""
        return self.stream.time_at(self.end - 1)

    @cached_property
    def frames(self) -> tuple[FrameRef, ...]:
        """Frames that carried it, in order of its octets."""
        return self.stream.frames(self.start, self.end)

    @property
    def first_frame(self) -> tuple[FrameRef, ...]:
        """The first of them; nothing where none was captured."""
        return self.stream.first_frame(self.start, self.end)

    @property
    def disposition(self) -> Disposition:
        """What became of it, without the ground."""
        return self.disposed.value

    @property
    def committed(self) -> bool | None:
        """Whether a deletion took effect, without the ground."""
        return self.released.value

    @property
    def complete(self) -> bool:
        """All of it was sent, by its end mark, else by what was announced and no more, and all was captured."""
        if self.missing_octets:
            return False
        return self.octets == self.declared_octets if self.whole is None else self.whole

    def ranges(self) -> Iterator[tuple[int, int]]:
        """Yield the runs of the server's stream that the message consists of."""
        start = self.start
        for offset in self.skipped:
            if offset > start:
                yield start, offset
            start = offset + 1
        if self.end > start:
            yield start, self.end

    def chunks(self) -> Iterator[memoryview]:
        """Yield :meth:`content` piece by piece, without copying it."""
        for start, end in self.ranges():
            yield from self.stream.chunks(start, end)

    def head(self, most: int) -> bytes:
        """Return the first captured octets of the message, at most so many."""
        head = bytearray()
        for chunk in self.chunks():
            head += chunk[: most - len(head)]
            if len(head) >= most:
                break
        return bytes(head)

    def content(self) -> bytes:
        """Return the captured octets of the message, without what byte-stuffing added."""
        return b"".join(self.chunks()) if self.skipped else self.stream.read(self.start, self.end)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of :meth:`content`, in hexadecimal."""
        if not self.skipped:
            return self.stream.sha256(self.start, self.end)
        digest = hashlib.sha256()
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()

    @cached_property
    def mail(self) -> Mail:
        """The message taken apart: headers, parts, attachments, defects. Never raises.

        Where the capture lacks octets of it, the defects begin by saying so, as the others may come of that.
        """
        return self.opened().mail

    def headers(self) -> Headers:
        """Return the headers only, which takes far less than :attr:`mail`. Never raises."""
        head = b""
        for octets in (_FIRST_LOOK, _HEADER_OCTETS):
            head = self.head(octets)
            if b"\n\r\n" in head or b"\n\n" in head:
                break
        headers = parse_headers(head)
        return headers if self.shown is as_it_is else headers.shown(self.shown)

    def opened(self) -> OpenedMail:
        """Return :attr:`mail` and the decoded contents of its parts.

        They are decoded each time, and not kept: together they may be as large as all messages of the capture.
        """
        mail, contents = open_mail(self.content(), self.stream.limits)
        if self.missing_octets:
            mail = replace(mail, defects=self._defects(mail))
        return OpenedMail(mail if self.shown is as_it_is else mail.shown(self.shown), contents)

    def _defects(self, mail: Mail) -> tuple[str, ...]:
        """Return the defects of a message of which the capture lacks octets."""
        if not self.octets:
            return ("the capture has nothing of the message",)
        if not mail.defects:
            return ()
        lacking = count(self.missing_octets, "octet")
        return (f"the capture lacks {lacking} of the message, which may be all that is wrong with it", *mail.defects)


def total_octets(messages: Sequence[Message]) -> int:
    """Add up the captured octets of some messages."""
    return sum(message.octets for message in messages)
