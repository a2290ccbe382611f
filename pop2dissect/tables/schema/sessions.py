"""The table of sessions."""

from __future__ import annotations

from typing import get_args

from pop2dissect.session import PASSWORD_MASK, Ending, Handshake, LoginOutcome, Session
from pop2dissect.tables.columns import Column, Kind, Table
from pop2dissect.tables.rows import SessionRow
from pop2dissect.tables.schema.shared import CAPTURE_OF, SERVER_STATES, SESSION_ID


def _count(session: Session, disposition: str) -> int:
    return sum(message.disposition == disposition for message in session.messages)


def _password(row: SessionRow) -> str | None:
    password = row.login.password if row.login else None
    return password if password is None or row.show_passwords else PASSWORD_MASK


SESSIONS: Table[SessionRow] = Table(
    "sessions",
    "Connections that carried payload, in the order of their first frames.",
    ("session",),
    (
        Column("session", Kind.INTEGER, SESSION_ID, lambda row: row.session.id),
        Column("capture", Kind.INTEGER, CAPTURE_OF, lambda row: row.session.first_frame.capture),
        Column("client_ip", Kind.TEXT, "address of the client", lambda row: row.session.client.ip),
        Column("client_port", Kind.INTEGER, "TCP port of the client", lambda row: row.session.client.port),
        Column("server_ip", Kind.TEXT, "address of the server", lambda row: row.session.server.ip),
        Column("server_port", Kind.INTEGER, "TCP port of the server", lambda row: row.session.server.port),
        Column(
            "community_id",
            Kind.TEXT,
            "Community ID (version 1), by which logs of other programs join",
            lambda row: row.session.community_id,
        ),
        Column("first_frame", Kind.INTEGER, "its first frame", lambda row: row.session.first_frame.number),
        Column(
            "last_frame",
            Kind.INTEGER,
            "its last frame; counted in its own capture, where several were read as one",
            lambda row: row.session.last_frame.number,
        ),
        Column(
            "packets", Kind.INTEGER, "captured, those without payload too", lambda row: row.session.packets, "packets"
        ),
        Column("start", Kind.TIME, "time of the first frame", lambda row: row.session.start),
        Column("end", Kind.TIME, "time of the last frame", lambda row: row.session.end),
        Column("duration", Kind.DURATION, "from start to end", lambda row: row.session.duration),
        Column("protocol", Kind.TEXT, "what was spoken: `POP2`, `SSH` ...", lambda row: row.session.protocol),
        Column("protocol_evidence", Kind.TEXT, "on what grounds", lambda row: row.session.protocol_evidence),
        Column(
            "handshake",
            Kind.CATEGORY,
            "how much of TCP's handshake was captured",
            lambda row: row.session.handshake,
            categories=get_args(Handshake),
        ),
        Column("ending", Kind.CATEGORY, "how it ended", lambda row: row.session.ending, categories=get_args(Ending)),
        Column(
            "greeting",
            Kind.TEXT,
            "the server's greeting; NA where none was captured",
            lambda row: row.session.greeting.line if row.session.greeting else None,
        ),
        Column(
            "server_software",
            Kind.TEXT,
            "the program that answered, by its greeting and its words; NA where nothing tells",
            lambda row: None if row.session.server_software is None else str(row.session.server_software),
        ),
        Column(
            "client_software",
            Kind.TEXT,
            "the program that called, by its habits; NA where nothing tells",
            lambda row: None if row.session.client_software is None else str(row.session.client_software),
        ),
        Column(
            "user",
            Kind.TEXT,
            "who logged in or tried to; NA where nobody",
            lambda row: row.login.user if row.login else None,
        ),
        Column("password", Kind.TEXT, "`********` unless asked for; NA where none was sent", _password),
        Column(
            "login",
            Kind.CATEGORY,
            "what the server made of it; `none` where nobody tried",
            lambda row: row.login.outcome if row.login else "none",
            categories=get_args(LoginOutcome),
        ),
        Column(
            "state",
            Kind.CATEGORY,
            "the server's last state by the RFC; NA where another protocol was spoken",
            lambda row: row.session.state,
            categories=SERVER_STATES,
        ),
        Column("exchanges", Kind.INTEGER, "commands, and the greeting", lambda row: len(row.session.exchanges)),
        Column(
            "violations",
            Kind.INTEGER,
            "protocol violations",
            lambda row: sum(len(exchange.violations) for exchange in row.session.exchanges),
        ),
        Column("messages", Kind.INTEGER, "message transfers", lambda row: len(row.session.messages), "messages"),
        Column("kept", Kind.INTEGER, "of these: kept by ACKS", lambda row: _count(row.session, "kept"), "messages"),
        Column("deleted", Kind.INTEGER, "marked by ACKD or DELE", lambda row: len(row.deleted), "messages"),
        Column(
            "committed",
            Kind.INTEGER,
            "of the deleted: released by a QUIT or FOLD",
            lambda row: sum(one.released.value is True for one in row.deleted),
            "messages",
        ),
        Column(
            "message_octets",
            Kind.INTEGER,
            "captured bytes of messages",
            lambda row: sum(message.octets for message in row.session.messages),
            "bytes",
        ),
        Column(
            "client_octets",
            Kind.INTEGER,
            "captured payload from the client, each byte once",
            lambda row: row.session.client_stream.octets,
            "bytes",
        ),
        Column(
            "server_octets",
            Kind.INTEGER,
            "captured payload from the server, each byte once",
            lambda row: row.session.server_stream.octets,
            "bytes",
        ),
        Column(
            "client_missing",
            Kind.INTEGER,
            "sent by the client, but not in the capture",
            lambda row: row.session.client_stream.missing,
            "bytes",
        ),
        Column(
            "server_missing",
            Kind.INTEGER,
            "sent by the server, but not in the capture",
            lambda row: row.session.server_stream.missing,
            "bytes",
        ),
        Column(
            "gaps",
            Kind.INTEGER,
            "holes in both streams",
            lambda row: len(row.session.client_stream.gaps) + len(row.session.server_stream.gaps),
        ),
        Column(
            "late_segments",
            Kind.INTEGER,
            "runs captured after bytes that follow them: reordered, or sent again after a loss",
            lambda row: row.session.client_stream.count_late() + row.session.server_stream.count_late(),
        ),
        Column(
            "repeated",
            Kind.INTEGER,
            "captured again: sent again, or copied by the network or at the place of capture",
            lambda row: row.session.client_stream.repeated + row.session.server_stream.repeated,
            "bytes",
        ),
        Column(
            "conflicts",
            Kind.INTEGER,
            "places where two captured copies of the same bytes differ",
            lambda row: len(row.session.client_stream.conflicts) + len(row.session.server_stream.conflicts),
        ),
        Column("findings", Kind.INTEGER, "findings of the session itself", lambda row: len(row.session.findings)),
    ),
)
