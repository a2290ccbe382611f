"""A session as it stands in the JSON document, with all that belongs to it."""

from __future__ import annotations

from typing import Any

from pop2dissect.document.display_filters import frames_filter, session_filter
from pop2dissect.document.json_text import Object, Seconds, maybe_time, to_text
from pop2dissect.masking import Mask, masked_password
from pop2dissect.protocols import protocol_of
from pop2dissect.session import (
    PASSWORD_MASK,
    Deletion,
    Departure,
    Direction,
    Exchange,
    Finding,
    FolderOpening,
    Login,
    Message,
    Reply,
    Session,
    Software,
    Verdict,
)
from pop2dissect.tcp.stream import Conflict
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.values import rfc3339


def session_text(session: Session, rendering: Rendering) -> str:
    """Write a session as it stands in the document."""
    return to_text(session_object(session, rendering), depth=2)


def session_object(session: Session, rendering: Rendering) -> Object:
    """Return a session with all that belongs to it."""
    mask = Mask(session, rendering.show_passwords)
    return {
        "id": session.id,
        "client": {"ip": session.client.ip, "port": session.client.port},
        "server": {"ip": session.server.ip, "port": session.server.port},
        "community_id": session.community_id,
        "first_frame": rendering.frame_value(session.first_frame),
        "last_frame": rendering.frame_value(session.last_frame),
        "packets": session.packets,
        "display_filter": session_filter(session),
        "start": rfc3339(session.start),
        "end": rfc3339(session.end),
        "duration": Seconds(session.duration),
        "protocol": session.protocol,
        "protocol_evidence": session.protocol_evidence,
        "handshake": session.handshake,
        "ending": session.ending,
        "greeting": _greeting(session, rendering),
        "user": session.user,
        "password": masked_password(session.password, rendering.show_passwords),
        **_verdict("login", session.login_verdict, rendering),
        "logins": [login_object(login, rendering) for login in session.logins],
        "folders": [folder_object(folder) for folder in session.folders],
        "deletions": [deletion_object(deletion, rendering) for deletion in session.deletions],
        "state": session.state,
        "client_software": _software(session.client_software),
        "server_software": _software(session.server_software),
        "exchanges": [exchange_object(exchange, rendering) for exchange in session.exchanges],
        "messages": [message_object(message, rendering) for message in session.messages],
        "streams": {
            "client": stream_object(session, "client", mask, rendering),
            "server": stream_object(session, "server", mask, rendering),
        },
        "settled": session.settled,
        "events": list(session.events),
        "findings": [finding_object(finding, rendering) for finding in session.findings],
    }


def _verdict(name: str, verdict: Verdict[Any], rendering: Rendering) -> Object:
    """Return a verdict under its name, and beside it what it rests on."""
    return {
        name: verdict.value,
        f"{name}_ground": verdict.ground.value,
        f"{name}_because": verdict.because,
        f"{name}_frames": rendering.frame_values(verdict.frames),
    }


def _greeting(session: Session, rendering: Rendering) -> Object | None:
    greeting = session.greeting
    if greeting is None:
        return None
    pattern = protocol_of(session.protocol).greeted_by
    match = pattern.match(greeting.text) if pattern else None
    host, software = match.group(1, 2) if match else (None, None)
    return {
        "text": greeting.line,
        "host": host,
        "software": software,
        "frames": rendering.frame_values(greeting.frames),
    }


def _software(software: Software | None) -> Object | None:
    if software is None:
        return None
    return {"product": software.product, "version": software.version, "evidence": software.evidence}


def login_object(login: Login, rendering: Rendering) -> Object:
    """Return an attempt to log in."""
    return {
        "exchange": login.exchange,
        "mechanism": login.mechanism,
        "user": login.user,
        "password": masked_password(login.password, rendering.show_passwords),
        "outcome": login.outcome,
        "ground": login.verdict.ground.value,
        "because": login.verdict.because,
        "frames": rendering.frame_values(login.verdict.frames),
        "locked": login.locked,
        "credentials_right": login.credentials_right,
        "authorized_as": login.authorized_as,
        "realm": login.realm,
        "challenge": login.challenge,
        "response": masked_password(login.response, rendering.show_passwords),
        "offline": login.offline if rendering.show_passwords else None,
    }


def folder_object(folder: FolderOpening) -> Object:
    """Return a mailbox that was opened or asked for."""
    return {
        "exchange": folder.exchange,
        "asked": folder.asked,
        "named": folder.named,
        "outcome": folder.outcome,
        "messages": folder.messages,
    }


def deletion_object(deletion: Deletion, rendering: Rendering) -> Object:
    """Return a message that the client asked to delete by its number."""
    return {
        "exchange": deletion.exchange,
        "number": deletion.number,
        "identifier": deletion.identifier,
        "octets": deletion.octets,
        "transferred": deletion.transferred,
        "looked_at": deletion.looked_at,
        **_verdict("disposition", deletion.disposed, rendering),
        **_verdict("committed", deletion.released, rendering),
    }


def departure_object(departure: Departure, rendering: Rendering) -> Object:
    """Return a protocol violation and where it is."""
    return {
        "id": departure.id,
        "side": departure.side,
        "start_offset": departure.start,
        "end_offset": departure.end,
        "frames": rendering.frame_values(departure.frames),
    }


def exchange_object(exchange: Exchange, rendering: Rendering) -> Object:
    """Return a command and the replies to it."""
    latency = exchange.latency
    return {
        "index": exchange.index,
        "command": exchange.command,
        "arguments": list(exchange.shown_arguments(rendering.show_passwords)),
        "line": exchange.shown_line(rendering.show_passwords),
        "time": maybe_time(exchange.time),
        "frames": rendering.frame_values(exchange.frames),
        "start_offset": exchange.start,
        "end_offset": exchange.end,
        "missing_octets": exchange.missing,
        "state": exchange.state,
        "next_state": exchange.next_state,
        "client_state": exchange.client_state,
        "replies": [_reply(reply, rendering) for reply in exchange.replies],
        "latency": None if latency is None else Seconds(latency),
        "violations": list(exchange.violations),
        "departures": [departure_object(one, rendering) for one in exchange.departures],
        "notes": list(exchange.notes),
    }


def _reply(reply: Reply, rendering: Rendering) -> Object:
    return {
        "kind": reply.kind,
        "value": reply.value,
        "text": reply.text,
        "line": reply.line if reply.kind not in ("data", "close") else None,
        "time": maybe_time(reply.time),
        "frames": rendering.frame_values(reply.frames),
        "start_offset": reply.start,
        "end_offset": reply.end,
        "missing_octets": reply.missing,
    }


def message_object(message: Message, rendering: Rendering) -> Object:
    """Return a message that was transferred, its headers, and what is attached to it."""
    mail = message.mail
    return {
        "index": message.index,
        "exchange": message.exchange,
        "mailbox": message.mailbox,
        "number": message.number,
        "declared_octets": message.declared_octets,
        "octets": message.octets,
        "missing_octets": message.missing_octets,
        "complete": message.complete,
        **_verdict("disposition", message.disposed, rendering),
        **_verdict("committed", message.released, rendering),
        "identifier": message.identifier,
        "sha256": message.sha256,
        "start": maybe_time(message.start_time),
        "end": maybe_time(message.end_time),
        "start_offset": message.start,
        "end_offset": message.end,
        "frames": rendering.frame_values(message.frames),
        "headers": {
            "from": mail.sender,
            "to": mail.recipients,
            "subject": mail.subject,
            "date": mail.date,
            "message_id": mail.message_id,
        },
        "attachments": [
            {
                "filename": part.filename,
                "content_type": part.content_type,
                "octets": part.octets,
                "sha256": part.sha256,
            }
            for part in mail.attachments
        ],
        "defects": list(mail.defects),
        "notes": list(message.notes),
    }


def finding_object(finding: Finding, rendering: Rendering) -> Object:
    """Return a finding."""
    return {
        "id": finding.id,
        "severity": finding.severity,
        "title": finding.title,
        "detail": finding.detail,
        "time": maybe_time(finding.time),
        "frames": rendering.frame_values(finding.frames),
        "display_filter": frames_filter(finding.frames),
        "techniques": list(finding.techniques),
        "sessions": list(finding.sessions),
        **{name: getattr(finding, name) for name in _WHOM},
        **{f"{name}s": list(getattr(finding, f"{name}s")) for name in _WHOM},
    }


_WHOM = ("client", "server", "user", "folder")
"""Whom a finding is about: each by itself where there is only one, and as a list."""


def stream_object(session: Session, direction: Direction, mask: Mask, rendering: Rendering) -> Object:
    """Return what one end sent: size, hash, gaps and conflicts, what is hidden of these masked."""
    stream = session.stream(direction)
    return {
        "octets": stream.octets,
        "sha256": stream.sha256(),
        "missing": stream.missing,
        "gaps": [[gap.offset, gap.length] for gap in stream.gaps],
        "conflicts": [conflict_object(one, rendering, hidden=mask.hides(direction, one)) for one in stream.conflicts],
    }


def conflict_object(conflict: Conflict, rendering: Rendering, *, hidden: bool = False) -> Object:
    """Return two copies of a part of a stream that differ, masked where they are ``hidden``."""
    offset, length, kept_frame, kept, other_frame, other = conflict
    return {
        "offset": offset,
        "length": length,
        "kept_frame": rendering.frame_value(kept_frame),
        "kept_hex": PASSWORD_MASK if hidden else kept.hex(),
        "other_frame": rendering.frame_value(other_frame),
        "other_hex": PASSWORD_MASK if hidden else other.hex(),
    }
