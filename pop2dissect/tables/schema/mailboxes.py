"""The table of the mailbox ledger."""

from __future__ import annotations

from pop2dissect.ledger import KINDS, OUTCOMES
from pop2dissect.session import Ground
from pop2dissect.tables.columns import Column, Kind, Table
from pop2dissect.tables.rows import MailboxRow
from pop2dissect.tables.schema.shared import CAPTURE_OF, SESSION_ID, first_capture, first_frame

GROUNDS = tuple(ground.value for ground in Ground)

MAILBOXES: Table[MailboxRow] = Table(
    "mailboxes",
    "What all sessions show of each mailbox: every count, announcement, deletion and release, by mailbox and time.",
    ("entry",),
    (
        Column("entry", Kind.INTEGER, "entry, counted from 1 through all mailboxes", lambda row: row.place),
        Column("server_ip", Kind.TEXT, "address of the server", lambda row: row.mailbox.server.ip),
        Column("server_port", Kind.INTEGER, "TCP port of the server", lambda row: row.mailbox.server.port),
        Column(
            "mailbox",
            Kind.TEXT,
            "as the server names it, else as the client asked for it; missing for a user's own that nothing names",
            lambda row: row.mailbox.name,
        ),
        Column("user", Kind.TEXT, "who was logged in", lambda row: row.entry.user),
        Column("time", Kind.TIME, "when it was said", lambda row: row.entry.time),
        Column("kind", Kind.CATEGORY, "what it is", lambda row: row.entry.kind, categories=KINDS),
        Column("session", Kind.INTEGER, SESSION_ID, lambda row: row.entry.session),
        Column("exchange", Kind.INTEGER, "exchange in which it was said", lambda row: row.entry.exchange),
        Column("message", Kind.INTEGER, "message's index in the session", lambda row: row.entry.message),
        Column("number", Kind.INTEGER, "message's number in the mailbox", lambda row: row.entry.number),
        Column("messages", Kind.INTEGER, "how many a count counts", lambda row: row.entry.messages, "messages"),
        Column("octets", Kind.INTEGER, "length that was announced", lambda row: row.entry.octets, "bytes"),
        Column(
            "outcome",
            Kind.CATEGORY,
            "what later sessions show of a deletion",
            lambda row: row.entry.outcome,
            categories=OUTCOMES,
        ),
        Column("because", Kind.TEXT, "why they show that", lambda row: row.entry.because or None),
        Column(
            "committed",
            Kind.BOOLEAN,
            "whether a deletion took effect, by its own session and later ones",
            lambda row: row.entry.committed.value if row.entry.committed else None,
        ),
        Column(
            "ground",
            Kind.CATEGORY,
            "on what `committed` stands",
            lambda row: row.entry.committed.ground.value if row.entry.committed else None,
            categories=GROUNDS,
        ),
        Column("capture", Kind.INTEGER, CAPTURE_OF, lambda row: first_capture(row.entry.frames)),
        Column("frame", Kind.INTEGER, "first frame", lambda row: first_frame(row.entry.frames)),
    ),
)
