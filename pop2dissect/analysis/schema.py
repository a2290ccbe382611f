"""The tables, declared: each column once. Data frames, files, empty tables and docs/tables.md come from here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias, get_args

from pop2dissect.analysis.columns import Column, Kind, Table, Value
from pop2dissect.analysis.rows import (
    DIRECTIONS,
    ExchangeRow,
    FindingRow,
    GapRow,
    MessageRow,
    ProbeRow,
    SegmentRow,
    SessionRow,
    Source,
    exchange_rows,
    finding_rows,
    gap_rows,
    message_rows,
    probe_rows,
    segment_rows,
    session_rows,
)
from pop2dissect.analysis.text import cite
from pop2dissect.capture.record import capture_index, frame_number
from pop2dissect.protocol.pop1.states import ServerState as Pop1State
from pop2dissect.protocol.pop2.states import ClientState, ServerState
from pop2dissect.session import (
    PASSWORD_MASK,
    Disposition,
    Ending,
    Handshake,
    Login,
    ReplyKind,
    Session,
    Severity,
)

_INTEGER, _NUMBER, _BOOLEAN, _TEXT = Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.TEXT
_CATEGORY, _TIME, _DURATION = Kind.CATEGORY, Kind.TIME, Kind.DURATION

SERVER_STATES = tuple(dict.fromkeys(state.value for states in (ServerState, Pop1State) for state in states))
CLIENT_STATES = tuple(state.value for state in ClientState)
REPLY_KINDS: tuple[str, ...] = get_args(ReplyKind)

SESSION_ID = "session's number, as in every table and report"
CAPTURE_OF = "which capture the frames are counted in, from 0: an index of `capture.captures`"


def _frame(frames: tuple[int, ...]) -> int | None:
    return frame_number(frames[0]) if frames else None


def _capture(frames: tuple[int, ...]) -> int | None:
    return capture_index(frames[0]) if frames else None


def _software(session: Session) -> str | None:
    """Give what the greeting says after ``POP2 host``, without "server ready"."""
    greeting = session.greeting
    if greeting is None:
        return None
    words = greeting.text.split()
    if words[:1] == ["OK"]:
        words = words[1:]
    if not words or words[0].upper() != "POP2":
        return None
    rest = words[2:]
    if [word.lower() for word in rest[-2:]] == ["server", "ready"]:
        rest = rest[:-2]
    return " ".join(rest) or None


def _count(session: Session, disposition: str) -> int:
    return sum(message.disposition == disposition for message in session.messages)


def _password(row: SessionRow) -> str | None:
    password = row.session.password
    return password if password is None or row.show_passwords else PASSWORD_MASK


def _arguments(row: ExchangeRow) -> str | None:
    return None if row.exchange.command is None else " ".join(row.exchange.shown_arguments(row.show_passwords))


def _wait(row: ExchangeRow) -> int | None:
    time = row.exchange.time
    return None if row.exchange.command is None or row.before is None or time is None else time - row.before


def _late(session: Session, direction: str) -> int:
    # Streams in order, nearly all, are told by one comparison a segment.
    spans = (session.client_stream if direction == "client" else session.server_stream).spans
    late = 0
    earliest = 1 << 63
    for span in reversed(spans):
        if span.frame > earliest:
            late += 1
        else:
            earliest = span.frame
    return late


SESSIONS: Table[SessionRow] = Table(
    "sessions",
    "Connections that carried payload, in the order of their first frames.",
    ("session",),
    (
        Column("session", _INTEGER, SESSION_ID, lambda row: row.session.id),
        Column("capture", _INTEGER, CAPTURE_OF, lambda row: capture_index(row.session.first_frame)),
        Column("client_ip", _TEXT, "address of the client", lambda row: row.session.client.ip),
        Column("client_port", _INTEGER, "TCP port of the client", lambda row: row.session.client.port),
        Column("server_ip", _TEXT, "address of the server", lambda row: row.session.server.ip),
        Column("server_port", _INTEGER, "TCP port of the server", lambda row: row.session.server.port),
        Column("first_frame", _INTEGER, "its first frame", lambda row: frame_number(row.session.first_frame)),
        Column(
            "last_frame",
            _INTEGER,
            "its last frame; counted in its own capture, where several were read as one",
            lambda row: frame_number(row.session.last_frame),
        ),
        Column("packets", _INTEGER, "captured, those without payload too", lambda row: row.session.packets, "packets"),
        Column("start", _TIME, "time of the first frame", lambda row: row.session.start),
        Column("end", _TIME, "time of the last frame", lambda row: row.session.end),
        Column("duration", _DURATION, "from start to end", lambda row: row.session.duration),
        Column("protocol", _TEXT, "what was spoken: `POP2`, `SSH` ...", lambda row: row.session.protocol),
        Column("protocol_evidence", _TEXT, "on what grounds", lambda row: row.session.protocol_evidence),
        Column(
            "handshake",
            _CATEGORY,
            "how much of TCP's handshake was captured",
            lambda row: row.session.handshake,
            categories=get_args(Handshake),
        ),
        Column("ending", _CATEGORY, "how it ended", lambda row: row.session.ending, categories=get_args(Ending)),
        Column(
            "greeting",
            _TEXT,
            "the server's greeting; NA where none was captured",
            lambda row: row.session.greeting.line if row.session.greeting else None,
        ),
        Column(
            "software",
            _TEXT,
            "what a POP2 greeting says after the host, without `server ready`; NA where nothing",
            lambda row: _software(row.session),
        ),
        Column("user", _TEXT, "who logged in or tried to; NA where nobody", lambda row: row.session.user),
        Column("password", _TEXT, "`********` unless asked for; NA where none was sent", _password),
        Column(
            "login",
            _CATEGORY,
            "what the server made of it; `none` where nobody tried",
            lambda row: row.session.login,
            categories=get_args(Login),
        ),
        Column(
            "state",
            _CATEGORY,
            "the server's last state by the RFC; NA where another protocol was spoken",
            lambda row: row.session.state,
            categories=SERVER_STATES,
        ),
        Column("exchanges", _INTEGER, "commands, and the greeting", lambda row: len(row.session.exchanges)),
        Column(
            "violations",
            _INTEGER,
            "departures from the RFC",
            lambda row: sum(len(exchange.violations) for exchange in row.session.exchanges),
        ),
        Column("messages", _INTEGER, "message transfers", lambda row: len(row.session.messages), "messages"),
        Column("kept", _INTEGER, "of these: kept by ACKS", lambda row: _count(row.session, "kept"), "messages"),
        Column("deleted", _INTEGER, "marked by ACKD", lambda row: _count(row.session, "deleted"), "messages"),
        Column(
            "committed",
            _INTEGER,
            "of the deleted: released by a QUIT or FOLD that was seen",
            lambda row: sum(message.committed for message in row.session.messages),
            "messages",
        ),
        Column(
            "message_octets",
            _INTEGER,
            "captured octets of messages",
            lambda row: sum(message.octets for message in row.session.messages),
            "octets",
        ),
        Column(
            "client_octets",
            _INTEGER,
            "captured payload from the client, each octet once",
            lambda row: row.session.client_stream.octets,
            "octets",
        ),
        Column(
            "server_octets",
            _INTEGER,
            "captured payload from the server, each octet once",
            lambda row: row.session.server_stream.octets,
            "octets",
        ),
        Column(
            "client_missing",
            _INTEGER,
            "sent by the client, but not in the capture",
            lambda row: row.session.client_stream.missing,
            "octets",
        ),
        Column(
            "server_missing",
            _INTEGER,
            "sent by the server, but not in the capture",
            lambda row: row.session.server_stream.missing,
            "octets",
        ),
        Column(
            "gaps",
            _INTEGER,
            "holes in both streams",
            lambda row: len(row.session.client_stream.gaps) + len(row.session.server_stream.gaps),
        ),
        Column(
            "late_segments",
            _INTEGER,
            "runs captured after octets that follow them: reordered, or sent again after a loss",
            lambda row: _late(row.session, "client") + _late(row.session, "server"),
        ),
        Column(
            "conflicts",
            _INTEGER,
            "places where two captured copies of the same octets differ",
            lambda row: len(row.session.client_stream.conflicts) + len(row.session.server_stream.conflicts),
        ),
        Column("findings", _INTEGER, "findings of the session itself", lambda row: len(row.session.findings)),
    ),
)

EXCHANGES: Table[ExchangeRow] = Table(
    "exchanges",
    "Commands with the replies to them. The first of a session is the greeting, without a command.",
    ("session", "exchange"),
    (
        Column("session", _INTEGER, SESSION_ID, lambda row: row.session.id),
        Column("exchange", _INTEGER, "counted from 0 in the session", lambda row: row.exchange.index),
        Column(
            "command",
            _TEXT,
            "keyword in capitals; empty where the line has none; NA for the greeting, or where not captured",
            lambda row: row.exchange.command,
        ),
        Column("arguments", _TEXT, "unquoted, separated by blanks; a password is masked unless asked for", _arguments),
        Column(
            "line",
            _TEXT,
            "the command as on the wire, without its line end; masked likewise",
            lambda row: row.exchange.shown_line(row.show_passwords),
        ),
        Column(
            "time",
            _TIME,
            "of the command's first octet; of the greeting, its reply's",
            lambda row: row.exchange.time,
        ),
        Column("capture", _INTEGER, CAPTURE_OF, lambda row: _capture(row.exchange.frames)),
        Column("frame", _INTEGER, "first frame of the command", lambda row: _frame(row.exchange.frames)),
        Column("frames", _TEXT, "all frames of the command", lambda row: cite(row.exchange.frames)),
        Column(
            "state",
            _CATEGORY,
            "the server's state before it, by the RFC",
            lambda row: row.exchange.state,
            categories=SERVER_STATES,
        ),
        Column(
            "next_state",
            _CATEGORY,
            "the server's state after it",
            lambda row: row.exchange.next_state,
            categories=SERVER_STATES,
        ),
        Column(
            "client_state",
            _CATEGORY,
            "the client's state when it sent it; `?` in RFC 918, which names none",
            lambda row: row.exchange.client_state,
            categories=CLIENT_STATES,
        ),
        Column(
            "reply",
            _CATEGORY,
            "kind of the first reply; NA where there is none",
            lambda row: row.exchange.replies[0].kind if row.exchange.replies else None,
            categories=REPLY_KINDS,
        ),
        Column(
            "reply_value",
            _INTEGER,
            "number of a `#` or `=` reply, octets of data; NA also where it does not fit in 64 bits",
            lambda row: row.exchange.replies[0].value if row.exchange.replies else None,
        ),
        Column(
            "reply_line",
            _TEXT,
            "the first reply, if it is a line",
            lambda row: (
                row.exchange.replies[0].line
                if row.exchange.replies and row.exchange.replies[0].kind not in ("data", "close")
                else None
            ),
        ),
        Column(
            "reply_time",
            _TIME,
            "of the first reply's first octet; NA where not captured",
            lambda row: row.exchange.replies[0].time if row.exchange.replies else None,
        ),
        Column(
            "reply_frame",
            _INTEGER,
            "the first reply's first frame",
            lambda row: _frame(row.exchange.replies[0].frames) if row.exchange.replies else None,
        ),
        Column("replies", _INTEGER, "how many there were", lambda row: len(row.exchange.replies)),
        Column("latency", _DURATION, "from the command to the first reply", lambda row: row.exchange.latency),
        Column(
            "wait",
            _DURATION,
            "from the server's last octet before it to the command: the client's turn, and the network's",
            _wait,
        ),
        Column(
            "client_octets",
            _INTEGER,
            "length of the command with its line end",
            lambda row: row.exchange.end - row.exchange.start,
            "octets",
        ),
        Column(
            "server_octets",
            _INTEGER,
            "length of all replies",
            lambda row: sum(reply.end - reply.start for reply in row.exchange.replies),
            "octets",
        ),
        Column(
            "missing",
            _INTEGER,
            "of the command and its replies, not in the capture",
            lambda row: row.exchange.missing + sum(reply.missing for reply in row.exchange.replies),
            "octets",
        ),
        Column("message", _INTEGER, "index of the message that it transferred", lambda row: row.message),
        Column(
            "violations",
            _TEXT,
            "ids of departures from the RFC, separated by blanks",
            lambda row: " ".join(row.exchange.violations),
        ),
        Column("notes", _TEXT, "what else is unusual, in words", lambda row: "; ".join(row.exchange.notes)),
    ),
)


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
        Column("session", _INTEGER, SESSION_ID, lambda row: row.session.id),
        Column("message", _INTEGER, "counted from 1 in the session", lambda row: row.message.index),
        Column("exchange", _INTEGER, "the exchange whose reply it is", lambda row: row.message.exchange),
        Column("mailbox", _TEXT, "as the server named it, else as asked for", lambda row: row.message.mailbox),
        Column("number", _INTEGER, "of the message in its mailbox; NA where not known", lambda row: row.message.number),
        Column(
            "declared_octets",
            _INTEGER,
            "what the last `=` reply announced; NA where not captured",
            lambda row: row.message.declared_octets,
            "octets",
        ),
        Column("octets", _INTEGER, "captured", lambda row: row.message.octets, "octets"),
        Column("missing", _INTEGER, "on the wire, not captured", lambda row: row.message.missing_octets, "octets"),
        Column("complete", _BOOLEAN, "all announced octets captured, no more", lambda row: row.message.complete),
        Column(
            "disposition",
            _CATEGORY,
            "what the client made of it",
            lambda row: row.message.disposition,
            categories=get_args(Disposition),
        ),
        Column(
            "committed",
            _BOOLEAN,
            "its deletion was released by a QUIT or FOLD that was seen",
            lambda row: row.message.committed,
        ),
        Column("start", _TIME, "of its first octet; NA where not captured", lambda row: row.message.start_time),
        Column("end", _TIME, "of its last octet; NA where not captured", lambda row: row.message.end_time),
        Column("duration", _DURATION, "from start to end; 0 where one segment carried it", _transfer),
        Column(
            "throughput",
            _NUMBER,
            "octets by duration; NA where one segment carried it",
            _throughput,
            "octets/s",
        ),
        Column("capture", _INTEGER, CAPTURE_OF, lambda row: _capture(row.message.frames)),
        Column("frame", _INTEGER, "its first frame", lambda row: _frame(row.message.frames)),
        Column("frames", _TEXT, "all its frames", lambda row: cite(row.message.frames)),
        Column("start_offset", _INTEGER, "in the server's stream", lambda row: row.message.start, "octets"),
        Column("end_offset", _INTEGER, "in the server's stream", lambda row: row.message.end, "octets"),
        Column("sha256", _TEXT, "of its captured octets", lambda row: row.message.sha256),
        Column("notes", _TEXT, "what is unusual, in words", lambda row: "; ".join(row.message.notes)),
    ),
)

MAILS: Table[MessageRow] = Table(
    "mails",
    "What is in the messages: headers and attachments. Apart from `messages`, since it costs more to find.",
    ("session", "message"),
    (
        Column("session", _INTEGER, SESSION_ID, lambda row: row.session.id),
        Column("message", _INTEGER, "counted from 1 in the session", lambda row: row.message.index),
        Column("sender", _TEXT, "From header; NA where absent", lambda row: row.message.mail.sender),
        Column("recipients", _TEXT, "To headers", lambda row: row.message.mail.recipients),
        Column("subject", _TEXT, "Subject header", lambda row: row.message.mail.subject),
        Column("date", _TEXT, "Date header as the sender wrote it", lambda row: row.message.mail.date),
        Column("message_id", _TEXT, "Message-ID header", lambda row: row.message.mail.message_id),
        Column("parts", _INTEGER, "that are no containers", lambda row: len(row.message.mail.parts)),
        Column("attachments", _INTEGER, "of these", lambda row: len(row.message.mail.attachments)),
        Column(
            "filenames",
            _TEXT,
            "of the attachments, separated by `; `",
            lambda row: "; ".join(part.filename for part in row.message.mail.attachments if part.filename),
        ),
        Column("defects", _TEXT, "what is malformed, in words", lambda row: "; ".join(row.message.mail.defects)),
    ),
)

FINDINGS: Table[FindingRow] = Table(
    "findings",
    "What an examiner should look at. Those that span sessions have no session.",
    ("finding",),
    (
        Column("finding", _INTEGER, "counted from 1", lambda row: row.number),
        Column(
            "session",
            _INTEGER,
            SESSION_ID + "; NA where it spans several",
            lambda row: row.session.id if row.session else None,
        ),
        Column("id", _TEXT, "as in the catalogue of findings: `auth.failed` ...", lambda row: row.finding.id),
        Column(
            "severity",
            _CATEGORY,
            "how serious",
            lambda row: row.finding.severity,
            categories=get_args(Severity),
            ordered=True,
        ),
        Column("title", _TEXT, "in a few words", lambda row: row.finding.title),
        Column(
            "detail", _TEXT, "what was seen, and what innocent thing can look the same", lambda row: row.finding.detail
        ),
        Column("time", _TIME, "when it was seen; NA where not known", lambda row: row.finding.time),
        Column("capture", _INTEGER, CAPTURE_OF, lambda row: _capture(row.finding.frames)),
        Column("frame", _INTEGER, "first frame that proves it", lambda row: _frame(row.finding.frames)),
        Column("frames", _TEXT, "all frames that prove it", lambda row: cite(row.finding.frames)),
        Column(
            "techniques",
            _TEXT,
            "ids of MITRE ATT&CK, separated by blanks",
            lambda row: " ".join(row.finding.techniques),
        ),
    ),
)

PROBES: Table[ProbeRow] = Table(
    "probes",
    "Connections without payload, a row for each client and server port.",
    ("client_ip", "server_ip", "server_port"),
    (
        Column("client_ip", _TEXT, "address of the client", lambda probe: probe.client_ip),
        Column("server_ip", _TEXT, "address of the server", lambda probe: probe.server.ip),
        Column("server_port", _INTEGER, "TCP port of the server", lambda probe: probe.server.port),
        Column("attempts", _INTEGER, "how many", lambda probe: probe.attempts, "connections"),
        Column("answered", _INTEGER, "accepted by SYN, ACK", lambda probe: probe.answered, "connections"),
        Column("refused", _INTEGER, "refused by RST", lambda probe: probe.refused, "connections"),
        Column("unanswered", _INTEGER, "neither", lambda probe: probe.unanswered, "connections"),
        Column("first_time", _TIME, "time of the first", lambda probe: probe.first_time),
        Column("last_time", _TIME, "time of the last", lambda probe: probe.last_time),
        Column("capture", _INTEGER, CAPTURE_OF, lambda probe: capture_index(probe.first_frame)),
        Column("first_frame", _INTEGER, "first frame", lambda probe: frame_number(probe.first_frame)),
    ),
)

SEGMENTS: Table[SegmentRow] = Table(
    "segments",
    "What the streams consist of: runs of octets, each from one frame, no octet twice. A segment that was "
    "sent again is here once, as it counts; one that was cut by others is several runs.",
    ("session", "direction", "segment"),
    (
        Column("session", _INTEGER, SESSION_ID, lambda row: row.session.id),
        Column("direction", _CATEGORY, "who sent it", lambda row: row.direction, categories=DIRECTIONS),
        Column("segment", _INTEGER, "counted from 0 in the stream", lambda row: row.place),
        Column("time", _TIME, "of its frame", lambda row: row.span.time),
        Column("capture", _INTEGER, CAPTURE_OF, lambda row: capture_index(row.span.frame)),
        Column("frame", _INTEGER, "frame that carried it", lambda row: frame_number(row.span.frame)),
        Column("offset", _INTEGER, "of its first octet in the stream", lambda row: row.span.offset, "octets"),
        Column("octets", _INTEGER, "its length", lambda row: row.span.length, "octets"),
        Column(
            "acknowledged",
            _INTEGER,
            "how much of the peer's stream its sender had received by then; NA where not known",
            lambda row: row.span.acknowledged,
            "octets",
        ),
        Column(
            "late",
            _BOOLEAN,
            "captured after octets that follow it: reordered, or sent again after a loss",
            lambda row: row.late,
        ),
    ),
)

GAPS: Table[GapRow] = Table(
    "gaps",
    "Runs of octets that were sent, but are not in the capture.",
    ("session", "direction", "gap"),
    (
        Column("session", _INTEGER, SESSION_ID, lambda row: row.session.id),
        Column("direction", _CATEGORY, "who sent it", lambda row: row.direction, categories=DIRECTIONS),
        Column("gap", _INTEGER, "counted from 0 in the stream", lambda row: row.place),
        Column("time", _TIME, "of the last octet before it, else of the first after it", lambda row: row.time),
        Column("offset", _INTEGER, "of its first octet in the stream", lambda row: row.gap.offset, "octets"),
        Column("octets", _INTEGER, "its length", lambda row: row.gap.length, "octets"),
        Column("reason", _TEXT, "`not captured`, `cut by the snap length`", lambda row: row.gap.reason),
    ),
)

AnyTable: TypeAlias = Table[Any]

TABLES: dict[str, tuple[AnyTable, Callable[[Source], Iterable[Any]]]] = {
    "sessions": (SESSIONS, session_rows),
    "exchanges": (EXCHANGES, exchange_rows),
    "messages": (MESSAGES, message_rows),
    "mails": (MAILS, message_rows),
    "findings": (FINDINGS, finding_rows),
    "probes": (PROBES, probe_rows),
    "segments": (SEGMENTS, segment_rows),
    "gaps": (GAPS, gap_rows),
}
"""Name -> the table, and what gives its rows."""


def rows_of(name: str, source: Source) -> Iterator[tuple[Value, ...]]:
    """Give a table row by row, without pandas. Times and durations are integers, in ns."""
    table, rows = TABLES[name]
    return table.values(rows(source))
