"""The table of findings."""

from __future__ import annotations

from collections.abc import Sequence

from pop2dissect.session import Severity
from pop2dissect.tables.columns import Column, Kind, Table
from pop2dissect.tables.rows import FindingRow
from pop2dissect.tables.schema.shared import CAPTURE_OF, SESSION_ID, first_capture, first_frame
from pop2dissect.text.values import cite

_ABOUT = "{} that it is about, separated by commas; NA where there are none"


def _names(names: Sequence[str]) -> str | None:
    return ", ".join(names) or None


FINDINGS: Table[FindingRow] = Table(
    "findings",
    "What an examiner should look at. Those that span sessions have no session.",
    ("session", "finding"),
    (
        Column(
            "session",
            Kind.INTEGER,
            SESSION_ID + "; NA where it spans several",
            lambda row: row.session,
        ),
        Column("finding", Kind.INTEGER, "counted from 1 in the session, or among those without", lambda row: row.place),
        Column("id", Kind.TEXT, "as in the catalogue of findings: `auth.failed` ...", lambda row: row.finding.id),
        Column(
            "severity",
            Kind.CATEGORY,
            "how serious",
            lambda row: row.finding.severity,
            categories=tuple(Severity),
            ordered=True,
        ),
        Column("title", Kind.TEXT, "in a few words", lambda row: row.finding.title),
        Column(
            "detail",
            Kind.TEXT,
            "what was seen, and what innocent thing can look the same",
            lambda row: row.finding.detail,
        ),
        Column("time", Kind.TIME, "when it was seen; NA where not known", lambda row: row.finding.time),
        Column("capture", Kind.INTEGER, CAPTURE_OF, lambda row: first_capture(row.finding.frames)),
        Column("frame", Kind.INTEGER, "first frame that proves it", lambda row: first_frame(row.finding.frames)),
        Column("frames", Kind.TEXT, "all frames that prove it", lambda row: cite(row.finding.frames)),
        Column(
            "techniques",
            Kind.TEXT,
            "ids of MITRE ATT&CK, separated by spaces",
            lambda row: " ".join(row.finding.techniques),
        ),
        Column(
            "sessions",
            Kind.TEXT,
            "numbers of all sessions that it is about, separated by spaces",
            lambda row: " ".join(map(str, row.finding.sessions)),
        ),
        Column("client", Kind.TEXT, _ABOUT.format("addresses of the clients"), lambda row: _names(row.finding.clients)),
        Column("server", Kind.TEXT, _ABOUT.format("servers"), lambda row: _names(row.finding.servers)),
        Column("user", Kind.TEXT, _ABOUT.format("users"), lambda row: _names(row.finding.users)),
        Column("folder", Kind.TEXT, _ABOUT.format("folders"), lambda row: _names(row.finding.folders)),
    ),
)
