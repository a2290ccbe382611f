"""The JSON document, schema "pop2dissect/1". ``schema.json`` beside this module describes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import get_args

from pop2dissect.capture.record import CaptureInfo
from pop2dissect.document.head import head_object, settings_object
from pop2dissect.document.json_text import Object, maybe_time, to_text
from pop2dissect.document.sessions import finding_object
from pop2dissect.document.totals import Totals
from pop2dissect.incidents import Incident
from pop2dissect.ledger import LedgerEntry, Mailbox
from pop2dissect.protocols import PROTOCOLS
from pop2dissect.session import Disposition, Finding, LoginOutcome, Probe, Severity
from pop2dissect.settings import Settings
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.values import rfc3339

SCHEMA = "pop2dissect/1"


@dataclass(slots=True)
class Document:
    """All of the document but its sessions, which are many and are written apart."""

    settings: Settings
    rendering: Rendering
    captures: Sequence[CaptureInfo] = ()
    sha256: Sequence[str | None] = ()
    """Of each capture as stored; None where it was a pipe."""
    warnings: Sequence[str] = ()
    probes: Sequence[Probe] = ()
    findings: Sequence[Finding] = ()
    """Those that span sessions."""
    incidents: Sequence[Incident] = ()
    mailboxes: Sequence[Mailbox] = ()
    totals: Totals = field(default_factory=Totals)

    def pieces(self, sessions: Iterable[str]) -> Iterable[str]:
        """Write the document, piece by piece. ``sessions`` are texts from :func:`session_text`, in order."""
        settings = settings_object(self.settings, self.rendering.show_passwords)
        head = head_object(SCHEMA, settings, self.captures, self.sha256, self.warnings)
        yield to_text(head)[:-2] + ',\n "sessions": ['
        separator = "\n  "
        for session in sessions:
            yield separator + session
            separator = ",\n  "
        tail: Object = {
            "probes": [probe_object(probe, self.rendering) for probe in self.probes],
            "findings": [finding_object(finding, self.rendering) for finding in self.findings],
            "incidents": [incident_object(incident, self.rendering) for incident in self.incidents],
            "mailboxes": [mailbox_object(mailbox, self.rendering) for mailbox in self.mailboxes],
            "summary": summary_object(self.totals, self.probes),
        }
        yield ("],\n" if separator == "\n  " else "\n ],\n") + to_text(tail)[2:] + "\n"


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


def incident_object(incident: Incident, rendering: Rendering) -> Object:
    """Return something that happened, with the places of the findings that it groups."""
    return {
        "number": incident.number,
        "kind": incident.kind,
        "severity": incident.severity,
        "title": incident.title,
        "sentence": incident.sentence,
        "follows": incident.follows,
        "clients": list(incident.clients),
        "servers": list(incident.servers),
        "users": list(incident.users),
        "folders": list(incident.folders),
        "sessions": list(incident.sessions),
        "frames": rendering.frame_values(incident.frames),
        "first_time": maybe_time(incident.first_time),
        "last_time": maybe_time(incident.last_time),
        "messages_read": incident.messages_read,
        "messages_deleted": incident.messages_deleted,
        "findings": [link._asdict() for link in incident.findings],
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
        "time": maybe_time(entry.time),
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
