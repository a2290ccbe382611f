"""The JSON document, schema "pop2dissect/1". ``schema.json`` beside this module describes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, get_args

from pop2dissect.capture.record import CaptureInfo
from pop2dissect.document.json_text import Json, Seconds, to_text
from pop2dissect.document.masking import Range, hides, masked_password, secret_ranges
from pop2dissect.document.totals import Totals
from pop2dissect.ledger import LedgerEntry, Mailbox
from pop2dissect.protocols import PROTOCOLS, protocol_of
from pop2dissect.session import (
    PASSWORD_MASK,
    Deletion,
    Departure,
    Disposition,
    Exchange,
    Finding,
    FolderOpening,
    Login,
    LoginOutcome,
    Message,
    Probe,
    Reply,
    Session,
    Severity,
    Software,
)
from pop2dissect.settings import SETTINGS, Settings
from pop2dissect.tcp.stream import Conflict, Stream
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.values import rfc3339
from pop2dissect.version import __version__

SCHEMA = "pop2dissect/1"

Object: TypeAlias = dict[str, Json]


@dataclass(slots=True)
class Document:
    """All of the document but its sessions, which are many and are written apart."""

    settings: Settings
    rendering: Rendering
    selected: Sequence[int] | None = None
    """The numbers of the sessions that were asked for; None for all."""
    captures: Sequence[CaptureInfo] = ()
    sha256: Sequence[str | None] = ()
    """Of each capture as stored; None where it was a pipe."""
    warnings: Sequence[str] = ()
    probes: Sequence[Probe] = ()
    findings: Sequence[Finding] = ()
    """Those that span sessions."""
    mailboxes: Sequence[Mailbox] = ()
    totals: Totals = field(default_factory=Totals)

    def pieces(self, sessions: Iterable[str]) -> Iterable[str]:
        """Write the document, piece by piece. ``sessions`` are texts from :func:`session_text`, in order."""
        settings = settings_object(self.settings, self.selected, self.rendering.show_passwords)
        head = head_object(SCHEMA, settings, self.captures, self.sha256, self.warnings)
        yield to_text(head)[:-2] + ',\n "sessions": ['
        separator = "\n  "
        for session in sessions:
            yield separator + session
            separator = ",\n  "
        tail: Object = {
            "probes": [probe_object(probe, self.rendering) for probe in self.probes],
            "findings": [finding_object(finding, self.rendering) for finding in self.findings],
            "mailboxes": [mailbox_object(mailbox, self.rendering) for mailbox in self.mailboxes],
            "summary": summary_object(self.totals, self.probes),
        }
        yield ("],\n" if separator == "\n  " else "\n ],\n") + to_text(tail)[2:] + "\n"


def head_object(
    schema: str,
    settings: Object,
    captures: Sequence[CaptureInfo],
    sha256: Sequence[str | None],
    warnings: Sequence[str],
) -> Object:
    """Return what stands at the head of every document: what was read, by what, with which settings."""
    return {
        "schema": schema,
        "tool": tool(),
        "settings": settings,
        "captures": [capture_object(info, digest) for info, digest in zip(captures, sha256, strict=True)],
        "warnings": list(warnings),
    }


def settings_object(settings: Settings, selected: Sequence[int] | None, show_passwords: bool) -> Object:
    """Return every choice that can change a result."""
    return {
        **{name: setting.recorded(getattr(settings, name)) for name, setting in SETTINGS.items()},
        "sessions": None if selected is None else sorted(selected),
        "show_passwords": show_passwords,
    }


def session_text(session: Session, rendering: Rendering) -> str:
    """Write a session as it stands in the document."""
    return to_text(session_object(session, rendering), depth=2)


def tool() -> Object:
    """Name this program."""
    return {"name": "pop2dissect", "version": __version__}


def capture_object(info: CaptureInfo, sha256: str | None) -> Object:
    """Return the facts about a capture."""
    return {
        "path": info.path,
        "size": info.size,
        "sha256": sha256,
        "format": info.format,
        "link_types": list(info.link_types),
        "snap_length": info.snap_length,
        "packets": info.packets,
        "first_time": _time(info.first_time),
        "last_time": _time(info.last_time),
        "truncated": info.truncated,
        "warnings": list(info.warnings),
    }


def session_object(session: Session, rendering: Rendering) -> Object:
    """Return a session with all that belongs to it."""
    secrets = secret_ranges(session) if session.client_stream.conflicts and not rendering.show_passwords else []
    return {
        "id": session.id,
        "client": {"ip": session.client.ip, "port": session.client.port},
        "server": {"ip": session.server.ip, "port": session.server.port},
        "first_frame": rendering.frame_value(session.first_frame),
        "last_frame": rendering.frame_value(session.last_frame),
        "packets": session.packets,
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
        "login": session.login,
        "login_ground": session.login_verdict.ground.value,
        "login_because": session.login_verdict.because,
        "login_frames": rendering.frame_values(session.login_verdict.frames),
        "logins": [login_object(login, rendering) for login in session.logins],
        "folders": [folder_object(folder) for folder in session.folders],
        "deletions": [deletion_object(deletion, rendering) for deletion in session.deletions],
        "state": session.state,
        "client_software": _software(session.client_software),
        "server_software": _software(session.server_software),
        "exchanges": [exchange_object(exchange, rendering) for exchange in session.exchanges],
        "messages": [message_object(message, rendering) for message in session.messages],
        "streams": {
            "client": stream_object(session.client_stream, rendering, secrets, masked=not rendering.show_passwords),
            "server": stream_object(session.server_stream, rendering, (), masked=False),
        },
        "events": list(session.events),
        "findings": [finding_object(finding, rendering) for finding in session.findings],
    }


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
        "disposition": deletion.disposed.value,
        "disposition_ground": deletion.disposed.ground.value,
        "disposition_because": deletion.disposed.because,
        "disposition_frames": rendering.frame_values(deletion.disposed.frames),
        "committed": deletion.released.value,
        "committed_ground": deletion.released.ground.value,
        "committed_because": deletion.released.because,
        "committed_frames": rendering.frame_values(deletion.released.frames),
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
        "time": _time(exchange.time),
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
        "disposition": message.disposition,
        "disposition_ground": message.disposed.ground.value,
        "disposition_because": message.disposed.because,
        "disposition_frames": rendering.frame_values(message.disposed.frames),
        "committed": message.committed,
        "committed_ground": message.released.ground.value,
        "committed_because": message.released.because,
        "committed_frames": rendering.frame_values(message.released.frames),
        "identifier": message.identifier,
        "sha256": message.sha256,
        "start": _time(message.start_time),
        "end": _time(message.end_time),
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


def probe_object(probe: Probe, rendering: Rendering) -> Object:
    """Return a row of the connections without payload."""
    return {
        "client_ip": probe.client_ip,
        "server_ip": probe.server.ip,
        "server_port": probe.server.port,
        "attempts": probe.attempts,
        "answered": probe.answered,
        "refused": probe.refused,
        "unanswered": probe.unanswered,
        "first_time": rfc3339(probe.first_time),
        "last_time": rfc3339(probe.last_time),
        "first_frame": rendering.frame_value(probe.first_frame),
    }


def finding_object(finding: Finding, rendering: Rendering) -> Object:
    """Return a finding."""
    return {
        "id": finding.id,
        "severity": finding.severity,
        "title": finding.title,
        "detail": finding.detail,
        "time": _time(finding.time),
        "frames": rendering.frame_values(finding.frames),
        "techniques": list(finding.techniques),
        "sessions": list(finding.sessions),
    }


def mailbox_object(mailbox: Mailbox, rendering: Rendering) -> Object:
    """Return what all sessions show of a mailbox."""
    return {
        "server": {"ip": mailbox.server.ip, "port": mailbox.server.port},
        "mailbox": mailbox.name,
        "users": list(mailbox.users),
        "sessions": list(mailbox.sessions),
        "at_once": [list(pair) for pair in mailbox.at_once],
        "entries": [_ledger_entry(entry, rendering) for entry in mailbox.entries],
    }


def _ledger_entry(entry: LedgerEntry, rendering: Rendering) -> Object:
    about: Object = {}
    match entry.kind:
        case "count":
            about = {"messages": entry.messages}
        case "announcement":
            about = {"number": entry.number, "message": entry.message, "octets": entry.octets}
        case "deletion":
            committed = entry.committed
            about = {
                "number": entry.number,
                "message": entry.message,
                "committed": committed.value if committed else None,
                "committed_ground": committed.ground.value if committed else None,
                "committed_because": committed.because if committed else "",
                "outcome": entry.outcome,
                "because": entry.because,
            }
    return {
        "kind": entry.kind,
        "time": _time(entry.time),
        "session": entry.session,
        "exchange": entry.exchange,
        "user": entry.user,
        "frames": rendering.frame_values(entry.frames),
        **about,
    }


def summary_object(totals: Totals, probes: Sequence[Probe]) -> Object:
    """Return the totals."""
    return {
        "sessions": totals.sessions,
        **{one.counted_as: totals.protocols[one.name] for one in PROTOCOLS if one.counted_as},
        "protocols": dict(sorted(totals.protocols.items())),
        "users": len(totals.users),
        "logins": {login: totals.logins[login] for login in get_args(LoginOutcome)},
        "messages": totals.messages,
        "octets": totals.octets,
        "dispositions": {name: totals.dispositions[name] for name in get_args(Disposition)},
        "committed_deletions": totals.committed,
        "violations": dict(sorted(totals.violations.items())),
        "probes": len(probes),
        "probe_attempts": sum(probe.attempts for probe in probes),
        "findings": {severity: totals.findings[severity] for severity in Severity},
        "gaps": totals.gaps,
        "missing_octets": totals.missing,
        "conflicts": totals.conflicts,
    }


def stream_object(stream: Stream, rendering: Rendering, secrets: Sequence[Range], *, masked: bool) -> Object:
    """Return what one end sent: size, hash, gaps and conflicts; with ``masked`` no conflict shows a password."""
    return {
        "octets": stream.octets,
        "sha256": stream.sha256(),
        "missing": stream.missing,
        "gaps": [[gap.offset, gap.length] for gap in stream.gaps],
        "conflicts": [conflict_object(conflict, rendering, secrets, masked) for conflict in stream.conflicts],
    }


def conflict_object(
    conflict: Conflict, rendering: Rendering, secrets: Sequence[Range] = (), masked: bool = False
) -> Object:
    """Return two copies of a part of a stream that differ."""
    offset, length, kept_frame, kept, other_frame, other = conflict
    hidden = masked and hides(conflict, secrets)
    return {
        "offset": offset,
        "length": length,
        "kept_frame": rendering.frame_value(kept_frame),
        "kept_hex": PASSWORD_MASK if hidden else kept.hex(),
        "other_frame": rendering.frame_value(other_frame),
        "other_hex": PASSWORD_MASK if hidden else other.hex(),
    }


def _time(time: int | None) -> str | None:
    return None if time is None else rfc3339(time)


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


def _reply(reply: Reply, rendering: Rendering) -> Object:
    return {
        "kind": reply.kind,
        "value": reply.value,
        "text": reply.text,
        "line": reply.line if reply.kind not in ("data", "close") else None,
        "time": _time(reply.time),
        "frames": rendering.frame_values(reply.frames),
        "start_offset": reply.start,
        "end_offset": reply.end,
        "missing_octets": reply.missing,
    }
