"""The tables of messages, and of the mails that they are."""

from __future__ import annotations

from typing import get_args

from pop2dissect.session import Disposition
from pop2dissect.tables.columns import Column, Kind, Table
from pop2dissect.tables.rows import MessageRow
from pop2dissect.tables.schema.shared import CAPTURE_OF, SESSION_ID, first_capture, first_frame
from pop2dissect.text.values import cite


def _transfer(row: MessageRow) -> int | None:
    start, end = row.message.start_time, row.message.end_time
    return None if start is None or end is None else end - start


def _throughput(row: MessageRow) -> float | None:
    duration = _transfer(row)
    return row.message.octets * 1e9 / duration if duration is not None and duration > 0 else None


MESSAGES: Table[MessageRow] = Table(
    "messages",
    "Message transfers: what was on the wire between a RETR and the server's next reply.",
    ("session", "message"),
    (
        Column("session", Kind.INTEGER, SESSION_ID, lambda row: row.session),
        Column("message", Kind.INTEGER, "counted from 1 in the session", lambda row: row.message.index),
        Column("exchange", Kind.INTEGER, "the exchange whose reply it is", lambda row: row.message.exchange),
        Column("mailbox", Kind.TEXT, "as the server named it, else as asked for", lambda row: row.message.mailbox),
        Column(
            "number", Kind.INTEGER, "of the message in its mailbox; NA where not known", lambda row: row.message.number
        ),
        Column(
            "declared_octets",
            Kind.INTEGER,
            "what the last `=` reply announced; NA where not captured",
            lambda row: row.message.declared_octets,
            "bytes",
        ),
        Column("octets", Kind.INTEGER, "captured", lambda row: row.message.octets, "bytes"),
        Column("missing", Kind.INTEGER, "on the wire, not captured", lambda row: row.message.missing_octets, "bytes"),
        Column("complete", Kind.BOOLEAN, "all announced bytes captured, no more", lambda row: row.message.complete),
        Column(
            "disposition",
            Kind.CATEGORY,
            "what the client made of it",
            lambda row: row.message.disposition,
            categories=get_args(Disposition),
        ),
        Column(
            "committed",
            Kind.BOOLEAN,
            "its deletion was released by a QUIT or FOLD that was seen",
            lambda row: row.message.committed,
        ),
        Column("start", Kind.TIME, "of its first byte; NA where not captured", lambda row: row.message.start_time),
        Column("end", Kind.TIME, "of its last byte; NA where not captured", lambda row: row.message.end_time),
        Column("duration", Kind.DURATION, "from start to end; 0 where one segment carried it", _transfer),
        Column(
            "throughput",
            Kind.NUMBER,
            "bytes by duration; NA where one segment carried it",
            _throughput,
            "bytes/s",
        ),
        Column("capture", Kind.INTEGER, CAPTURE_OF, lambda row: first_capture(row.message.frames)),
        Column("frame", Kind.INTEGER, "its first frame", lambda row: first_frame(row.message.frames)),
        Column("frames", Kind.TEXT, "all its frames", lambda row: cite(row.message.frames)),
        Column("start_offset", Kind.INTEGER, "in the server's stream", lambda row: row.message.start, "bytes"),
        Column("end_offset", Kind.INTEGER, "in the server's stream", lambda row: row.message.end, "bytes"),
        Column("sha256", Kind.TEXT, "of its captured bytes", lambda row: row.message.sha256),
        Column("notes", Kind.TEXT, "what is unusual, in words", lambda row: "; ".join(row.message.notes)),
    ),
)

_OF_MAILS_TOO = ("mailbox", "number", "octets", "complete", "disposition", "committed", "start", "frames", "sha256")
"""What of a message is asked together with its headers."""

MAILS: Table[MessageRow] = Table(
    "mails",
    "What is in the messages: headers, attachments, and what became of them. It costs more to find than `messages`.",
    ("session", "message"),
    (
        Column("session", Kind.INTEGER, SESSION_ID, lambda row: row.session),
        Column("message", Kind.INTEGER, "counted from 1 in the session", lambda row: row.message.index),
        Column("sender", Kind.TEXT, "From header; NA where absent", lambda row: row.message.mail.sender),
        Column("recipients", Kind.TEXT, "To headers", lambda row: row.message.mail.recipients),
        Column("subject", Kind.TEXT, "Subject header", lambda row: row.message.mail.subject),
        Column("date", Kind.TEXT, "Date header as the sender wrote it", lambda row: row.message.mail.date),
        Column("message_id", Kind.TEXT, "Message-ID header", lambda row: row.message.mail.message_id),
        Column("parts", Kind.INTEGER, "that are not containers", lambda row: len(row.message.mail.parts)),
        Column("attachments", Kind.INTEGER, "of these", lambda row: len(row.message.mail.attachments)),
        Column(
            "filenames",
            Kind.TEXT,
            "of the attachments, separated by `; `",
            lambda row: "; ".join(part.filename for part in row.message.mail.attachments if part.filename),
        ),
        Column("defects", Kind.TEXT, "what is malformed, in words", lambda row: "; ".join(row.message.mail.defects)),
        *(column for column in MESSAGES.columns if column.name in _OF_MAILS_TOO),
    ),
)
