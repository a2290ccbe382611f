"""The table of exchanges."""

from __future__ import annotations

from pop2dissect.tables.columns import Column, Kind, Table
from pop2dissect.tables.rows import ExchangeRow
from pop2dissect.tables.schema.shared import (
    CAPTURE_OF,
    CLIENT_STATES,
    REPLY_KINDS,
    SERVER_STATES,
    SESSION_ID,
    first_capture,
    first_frame,
)
from pop2dissect.text.values import cite


def _arguments(row: ExchangeRow) -> str | None:
    return None if row.exchange.command is None else " ".join(row.exchange.shown_arguments(row.show_passwords))


def _wait(row: ExchangeRow) -> int | None:
    time = row.exchange.time
    return None if row.exchange.command is None or row.before is None or time is None else time - row.before


def _reply_octets(row: ExchangeRow) -> int:
    octets = 0
    for reply in row.exchange.replies:
        octets += reply.end - reply.start
    return octets


def _missing(row: ExchangeRow) -> int:
    missing = row.exchange.missing
    for reply in row.exchange.replies:
        missing += reply.missing
    return missing


EXCHANGES: Table[ExchangeRow] = Table(
    "exchanges",
    "Commands with the replies to them. The first of a session is the greeting, without a command.",
    ("session", "exchange"),
    (
        Column("session", Kind.INTEGER, SESSION_ID, lambda row: row.session),
        Column("exchange", Kind.INTEGER, "counted from 0 in the session", lambda row: row.exchange.index),
        Column(
            "command",
            Kind.TEXT,
            "keyword in capitals; empty where the line has none; NA for the greeting, or where not captured",
            lambda row: row.exchange.command,
        ),
        Column(
            "arguments", Kind.TEXT, "unquoted, separated by spaces; a password is masked unless asked for", _arguments
        ),
        Column(
            "line",
            Kind.TEXT,
            "the command as on the wire, without its line end; masked likewise",
            lambda row: row.exchange.shown_line(row.show_passwords),
        ),
        Column(
            "time",
            Kind.TIME,
            "of the command's first byte; of the greeting, its reply's",
            lambda row: row.exchange.time,
        ),
        Column("capture", Kind.INTEGER, CAPTURE_OF, lambda row: first_capture(row.exchange.frames)),
        Column("frame", Kind.INTEGER, "first frame of the command", lambda row: first_frame(row.exchange.frames)),
        Column("frames", Kind.TEXT, "all frames of the command", lambda row: cite(row.exchange.frames)),
        Column(
            "state",
            Kind.CATEGORY,
            "the server's state before it, by the RFC",
            lambda row: row.exchange.state,
            categories=SERVER_STATES,
        ),
        Column(
            "next_state",
            Kind.CATEGORY,
            "the server's state after it",
            lambda row: row.exchange.next_state,
            categories=SERVER_STATES,
        ),
        Column(
            "client_state",
            Kind.CATEGORY,
            "the client's state when it sent it; `?` in RFC 918, which names none",
            lambda row: row.exchange.client_state,
            categories=CLIENT_STATES,
        ),
        Column(
            "reply",
            Kind.CATEGORY,
            "kind of the first reply; NA where there is none",
            lambda row: row.reply.kind if row.reply else None,
            categories=REPLY_KINDS,
        ),
        Column(
            "reply_value",
            Kind.INTEGER,
            "number of a `#` or `=` reply, bytes of data; NA also where it does not fit in 64 bits",
            lambda row: row.reply.value if row.reply else None,
        ),
        Column(
            "reply_line",
            Kind.TEXT,
            "the first reply, if it is a line",
            lambda row: row.reply.line if row.reply and row.reply.kind not in ("data", "close") else None,
        ),
        Column(
            "reply_time",
            Kind.TIME,
            "of the first reply's first byte; NA where not captured",
            lambda row: row.reply.time if row.reply else None,
        ),
        Column(
            "reply_frame",
            Kind.INTEGER,
            "the first reply's first frame",
            lambda row: first_frame(row.reply.frames) if row.reply else None,
        ),
        Column("replies", Kind.INTEGER, "how many there were", lambda row: len(row.exchange.replies)),
        Column(
            "latency",
            Kind.DURATION,
            "from the command's last byte to the first reply",
            lambda row: row.exchange.latency,
        ),
        Column(
            "wait",
            Kind.DURATION,
            "from the server's last byte before it to the command: the client's turn, and the network's",
            _wait,
        ),
        Column(
            "client_octets",
            Kind.INTEGER,
            "length of the command with its line end",
            lambda row: row.exchange.end - row.exchange.start,
            "bytes",
        ),
        Column(
            "server_octets",
            Kind.INTEGER,
            "length of all replies",
            _reply_octets,
            "bytes",
        ),
        Column(
            "missing",
            Kind.INTEGER,
            "of the command and its replies, not in the capture",
            _missing,
            "bytes",
        ),
        Column("message", Kind.INTEGER, "index of the message that it transferred", lambda row: row.message),
        Column(
            "violations",
            Kind.TEXT,
            "ids of protocol violations, separated by spaces",
            lambda row: " ".join(row.exchange.violations),
        ),
        Column("notes", Kind.TEXT, "what else is unusual, in words", lambda row: "; ".join(row.exchange.notes)),
    ),
)
