"""The report: sessions in, view-models made of all of them, and a sealed page out."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import IO, Protocol

from pop2dissect.capture.record import CaptureInfo
from pop2dissect.choices import ReportScope
from pop2dissect.document.claims import SCRIPT, Envelope, element, write_sealed
from pop2dissect.document.digests import digest_now
from pop2dissect.document.document import Document
from pop2dissect.document.lines import line_lengths
from pop2dissect.document.sessions import session_text
from pop2dissect.document.totals import Totals
from pop2dissect.html import method
from pop2dissect.html.case import Case, time_of_making
from pop2dissect.html.clients import Clients
from pop2dissect.html.evidence import Exhibit, capture_exhibits, capture_views, session_exhibits
from pop2dissect.html.findings import groups, interpretations, kinds
from pop2dissect.html.mailboxes import mailbox_rows
from pop2dissect.html.messages import MAX_MESSAGES
from pop2dissect.html.octets import limit_for
from pop2dissect.html.page import PageView, ProbeRow, page_markup, session_markup
from pop2dissect.html.paper import printed_rows, printed_sessions
from pop2dissect.html.sessions import SessionView, session_row, session_view
from pop2dissect.html.story import foremost, story
from pop2dissect.html.summary import summary
from pop2dissect.html.timeline import BROAD, NARROW, timeline
from pop2dissect.html.times import stamp, zone_name
from pop2dissect.html.tool import tool_facts
from pop2dissect.incidents import Incident
from pop2dissect.ledger import Mailbox
from pop2dissect.protocols import protocol_of
from pop2dissect.selection import findings_about
from pop2dissect.session import MOST_SEVERE_FIRST, Finding, Probe, Session
from pop2dissect.settings import Settings
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.safe import terminal_safe
from pop2dissect.text.spool import Spool


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user decides about the report."""

    case: Case
    rendering: Rendering = field(default_factory=Rendering)
    command: Sequence[str] = ()
    """The command line as it was given, without the command's name."""
    scope: ReportScope = "noteworthy"
    """What of it is printed."""


class Outcome(Protocol):
    """What a report is about, beside the sessions: a dissection, or what is left of one."""

    @property
    def captures(self) -> Sequence[CaptureInfo]:
        """The facts about each capture."""

    @property
    def settings(self) -> Settings:
        """With which it was made."""

    @property
    def warnings(self) -> Sequence[str]:
        """Those about no single capture."""

    @property
    def probes(self) -> Sequence[Probe]:
        """Connections without payload."""


class Form(Protocol):
    """What a report is written as."""

    @property
    def envelope(self) -> Envelope:
        """What stands around the claims."""

    def session(self, view: SessionView, zone: str, *, printed: bool) -> str:
        """Render a session; ``printed`` tells whether it is also on paper."""

    def page(self, view: PageView, sessions: Iterable[str], claims: Iterable[str]) -> Iterable[str]:
        """Render the page around the sessions, which are in order, and the claims, all of it in pieces."""


class Page:
    """A page of HTML."""

    envelope = SCRIPT
    session = staticmethod(session_markup)
    page = staticmethod(page_markup)


class Report:
    """Takes sessions as they end, and makes the page when all have come.

    Sessions are kept until then. The page is not: what is made of each session waits on disk if it is long.
    """

    def __init__(
        self, dissection: Outcome, choices: Choices, before: Sequence[str | None], form: Form | None = None
    ) -> None:
        """Begin; ``before`` are the captures' SHA-256 before they are read, ``form`` is HTML unless it is given."""
        self._form = form or Page()
        self._dissection = dissection
        self._choices = choices
        self._sessions: list[Session] = []
        self._mailboxes: Sequence[Mailbox] = ()
        self._incidents: Sequence[Incident] = ()
        self._before = before

    def add(self, session: Session) -> None:
        """Take a session."""
        self._sessions.append(session)

    def write(
        self,
        file: IO[bytes],
        spanning: Sequence[Finding],
        incidents: Sequence[Incident],
        mailboxes: Sequence[Mailbox],
    ) -> int:
        """Write the page, sealed, into a new file; give its bytes.

        ``spanning`` are the findings that span sessions, ``incidents`` what they and the others come to, and
        ``mailboxes`` what the sessions show of each mailbox.
        To be called once the captures have been read, while the bytes of the sessions are at hand. Raises
        UsageError where the environment fixes the time of making to what is none.
        """
        made = time_of_making()
        self._mailboxes, self._incidents = mailboxes, incidents
        self._sessions.sort(key=lambda session: session.id)
        totals = Totals()
        for session in self._sessions:
            totals.add(session)
        totals.add_findings(spanning)
        after = [digest_now(info) for info in self._dissection.captures]
        with Spool() as shown:
            view = self._view(made, spanning, totals, after, shown)
            claims = element(self._document(spanning, totals, after), self._form.envelope)
            return write_sealed(self._form.page(view, shown.in_order(), claims), file)

    def _document(self, spanning: Sequence[Finding], totals: Totals, after: Sequence[str | None]) -> Iterable[str]:
        """Return the JSON document of the same run, in pieces."""
        dissection, choices = self._dissection, self._choices
        document = Document(
            settings=dissection.settings,
            rendering=choices.rendering,
            captures=dissection.captures,
            sha256=after,
            warnings=dissection.warnings,
            probes=dissection.probes,
            findings=spanning,
            incidents=self._incidents,
            mailboxes=self._mailboxes,
            totals=totals,
        )
        return document.pieces(session_text(session, choices.rendering) for session in self._sessions)

    def _view(
        self, made: int, spanning: Sequence[Finding], totals: Totals, after: Sequence[str | None], shown: Spool
    ) -> PageView:
        """Make the page's view-model; the sessions, rendered, are spooled in ``shown``."""
        dissection, choices, sessions = self._dissection, self._choices, self._sessions
        rendering = choices.rendering
        about = findings_about(sessions, spanning)
        found = [*spanning, *(finding for session in sessions for finding in session.findings)]
        probes = dissection.probes
        captures = capture_views(dissection.captures, self._before, after, choices.case, rendering)
        exhibits: list[Exhibit] = list(capture_exhibits(captures, dissection.captures))
        lengths = [length for session in sessions for length in line_lengths(session)]
        limit = limit_for(lengths, len(sessions))
        brief = totals.messages > MAX_MESSAGES
        told = foremost(self._incidents)
        printed = printed_sessions(choices.scope, sessions, about, self._incidents)
        on_paper = printed_rows(choices.scope, sessions, about)
        rows = [session_row(session, about[session.id], rendering) for session in sessions]
        for session, row in zip(sessions, rows, strict=True):
            one = session_view(session, row, about[session.id], limit, rendering, brief=brief)
            shown.add(session.id, self._form.session(one, zone_name(rendering.zone), printed=session.id in printed))
            exhibits += session_exhibits(one)

        found_kinds = kinds(found, rendering)
        clients = Clients(sessions, probes, found, rendering)
        zone, masked = zone_name(rendering.zone), not rendering.show_passwords
        return PageView(
            case=choices.case,
            made=stamp(made, rendering.zone),
            zone=zone,
            scope=choices.scope,
            printed=printed,
            on_paper=on_paper,
            spoken=" and ".join(name for name in sorted(totals.protocols) if protocol_of(name).dissect),
            story=story(told, sessions, rendering),
            incidents=len(self._incidents),
            timelines=[
                drawn for frame in (BROAD, NARROW) if (drawn := timeline(told, sessions, probes, frame)) is not None
            ],
            captures=captures,
            summary=summary(totals, dissection.captures, sessions, probes),
            severities=[(name, totals.findings[name]) for name in MOST_SEVERE_FIRST],
            grave=[kind for kind in found_kinds if kind.severity.is_grave],
            groups=groups(told, spanning, sessions, rendering),
            interpretations=interpretations(found_kinds, dissection.settings.thresholds),
            clients=clients.rows(),
            courses=clients.courses(),
            mailboxes=list(mailbox_rows(self._mailboxes)),
            rows=rows,
            protocols=sorted({row.protocol for row in rows}),
            probes=[
                ProbeRow(one, stamp(one.first_time, rendering.zone), rendering.frames((one.first_frame,)))
                for one in probes
            ],
            method=list(method.method(dissection.settings, sorted(totals.protocols))),
            limitations=list(
                method.limitations(
                    dissection.captures, sessions, totals, dissection.settings, dissection.warnings, masked=masked
                )
            ),
            tool=tool_facts(dissection.settings, choices.command, zone, masked=masked),
            exhibits=exhibits,
            openers=[
                terminal_safe(shlex.join(["wireshark", "-r", path])) if path else "" for path in rendering.captures
            ],
            limit=limit,
            cut=max(lengths, default=0) > limit,
            brief=brief,
        )
