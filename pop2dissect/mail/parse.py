"""Whole messages, and their headers alone. Nothing here raises, whatever octets come."""

from __future__ import annotations

from collections.abc import Iterator

from pop2dissect.limits import DEFAULT, Limits
from pop2dissect.mail.fields import decode_fields, read_fields
from pop2dissect.mail.limits import MAX_LINE
from pop2dissect.mail.model import Headers, Mail, OpenedMail
from pop2dissect.mail.notes import Notes
from pop2dissect.mail.structure import Entity, MailDissection
from pop2dissect.text.values import count


def open_mail(octets: bytes, limits: Limits = DEFAULT) -> OpenedMail:
    """Take a message apart, as far as ``limits`` allow, and decode its parts. Never raises."""
    try:
        return _open(octets, limits)
    except Exception as error:
        # Nothing is known to get here, and the tests go round this net; it is here because one message
        # must not cost the report of all others.
        mail = Mail((), None, None, None, None, None, (), (f"the message could not be read: {error!r}",))
        return OpenedMail(mail, ())


def parse_mail(octets: bytes, limits: Limits = DEFAULT) -> Mail:
    """Take a message apart as :func:`open_mail` does, and let go of the contents."""
    return open_mail(octets, limits).mail


def parse_headers(octets: bytes) -> Headers:
    """Read the headers only, for tables of messages. Never raises.

    The first :data:`MAX_HEADER_BLOCK` octets of the message are all that is looked at, so that it is
    enough to give those.
    """
    notes = Notes()
    try:
        fields, _ = read_fields(octets, 0, len(octets), notes, "")
        return Headers(decode_fields(fields, notes), notes.sentences())
    except Exception as error:  # as in open_mail
        return Headers((), (f"the headers could not be read: {error!r}",))


def _open(octets: bytes, limits: Limits) -> OpenedMail:
    dissection = MailDissection(limits)
    notes = dissection.notes
    if len(octets) > limits.mail_octets:
        notes.add(f"only the first {limits.mail_octets} of {len(octets)} octets were taken apart (limit mail_octets)")
        octets = octets[: limits.mail_octets]
    _check_lines(octets, notes)
    fields = dissection.take_apart(Entity(octets, 0, len(octets), own="1", below="", depth=0, messages=0))
    decoded = decode_fields(fields, notes)
    headers = Headers(decoded, notes.sentences())
    mail = Mail(
        headers=headers.fields,
        sender=headers.sender,
        recipients=headers.recipients,
        subject=headers.subject,
        date=headers.date,
        message_id=headers.message_id,
        parts=tuple(dissection.parts),
        defects=headers.defects,
    )
    return OpenedMail(mail, tuple(dissection.contents))


def _check_lines(octets: bytes, notes: Notes) -> None:
    """Note what RFC 5322 (sections 2.1, 2.3 and 4) does not allow of a message's lines."""
    if not octets:
        notes.add("the message is empty")
        return
    bare = octets.count(b"\n") - octets.count(b"\r\n")
    if bare:
        notes.add(f"{count(bare, 'line')} ended by a bare LF")
    nul = octets.count(0)
    if nul:
        notes.add(count(nul, "NUL octet"))
    if not octets.endswith(b"\n"):
        notes.add("the last line has no line end")
    long_lines = sum(1 for _ in _long_lines(octets))
    if long_lines:
        notes.add(f"{count(long_lines, 'line')} longer than {MAX_LINE} octets")


def _long_lines(octets: bytes) -> Iterator[int]:
    """Yield the offsets of lines longer than :data:`MAX_LINE`, hopping over short ones several at a time."""
    position = 0
    while position + MAX_LINE < len(octets):
        newline = octets.rfind(b"\n", position, position + MAX_LINE)
        if newline < 0:
            yield position
            newline = octets.find(b"\n", position + MAX_LINE)
            if newline < 0:
                return
        position = newline + 1
