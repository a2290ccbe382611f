"""The report: sessions in, view-models made of all of them, and a sealed page out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pop2dissect.pipeline import Dissection
from pop2dissect.report.claims import element, seal
from pop2dissect.report.digests import digest_of
from pop2dissect.report.document import Document, Notation, session_text
from pop2dissect.report.findings import GRAVE, SEVERITIES
from pop2dissect.report.html import method
from pop2dissect.report.html.case import Case, time_of_making
from pop2dissect.report.html.clients import Clients
from pop2dissect.report.html.evidence import Exhibit, capture_exhibits, capture_views, session_exhibits
from pop2dissect.report.html.findings import interpretations, kinds
from pop2dissect.report.html.lines import Context, line_lengths
from pop2dissect.report.html.messages import MAX_MESSAGES
from pop2dissect.report.html.octets import limit_for
from pop2dissect.report.html.page import PageView, ProbeRow, page_markup, session_markup
from pop2dissect.report.html.sessions import session_row, session_view
from pop2dissect.report.html.summary import summary
from pop2dissect.report.html.times import Times
from pop2dissect.report.html.tool import tool_facts
from pop2dissect.report.totals import Totals
from pop2dissect.session import Finding, Session
from pop2dissect.text.values import Zone


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user decides about the report."""

    case: Case
    zone: Zone
    notation: Notation = field(default_factory=Notation)
    selected: Sequence[int] | None = None
    """The numbers of the sessions that were asked for; None for all."""
    command: Sequence[str] = ()
    """The command line as it was given, without the command's name."""


class Report:
    """Takes sessions as they end, and makes the page when all have come.

    Sessions are kept until then: the report is about as large as what it reports.
    """

    def __init__(self, dissection: Dissection, choices: Choices, before: Sequence[str | None]) -> None:
        """Begin; ``before`` are the captures' SHA-256 before they are read."""
        self._dissection = dissection
        self._choices = choices
        self._sessions: list[Session] = []
        self._before = before

    def add(self, session: Session) -> None:
        """Take a session."""
        self._sessions.append(session)

    def page(self, spanning: Sequence[Finding]) -> str:
        """Give the page, sealed. ``spanning`` are the findings that span sessions.

        To be called once the captures have been read, while the octets of the sessions are at hand. Raises
        UsageError where the environment fixes the time of making to what is none.
        """
        made = time_of_making()
        dissection, choices = self._dissection, self._choices
        notation = choices.notation
        context = Context(Times(choices.zone), notation.show_passwords, notation.several_captures)
        sessions = sorted(self._sessions, key=lambda session: session.id)
        about = _by_session(sessions, spanning)
        found = [*spanning, *(finding for session in sessions for finding in session.findings)]
        probes = dissection.probes if choices.selected is None else []
        totals = Totals()
        for session in sessions:
            totals.add(session)
        totals.add_findings(spanning)

        after = [digest_of(info.path) for info in dissection.captures]
        captures = capture_views(dissection.captures, self._before, after, choices.case, context.times)
        exhibits: list[Exhibit] = list(capture_exhibits(captures, dissection.captures))
        lengths = [length for session in sessions for length in line_lengths(session)]
        limit = limit_for(lengths, len(sessions))
        brief = totals.messages > MAX_MESSAGES
        rows = [session_row(session, about[session.id], context) for session in sessions]
        shown = []
        for session, row in zip(sessions, rows, strict=True):
            view = session_view(session, row, about[session.id], limit, context, brief=brief)
            shown.append(session_markup(view, context.times.zone_name))
            exhibits += session_exhibits(view)

        found_kinds = kinds(found, context)
        clients = Clients(sessions, probes, found, context)
        zone, masked = context.times.zone_name, not notation.show_passwords
        page = PageView(
            case=choices.case,
            made=context.times.full(made),
            zone=zone,
            captures=captures,
            summary=summary(totals, dissection.captures, sessions, probes),
            severities=[(name, totals.findings[name]) for name in SEVERITIES],
            grave=[kind for kind in found_kinds if kind.severity in GRAVE],
            kinds=found_kinds,
            interpretations=interpretations(found_kinds),
            clients=clients.rows(),
            courses=clients.courses(),
            rows=rows,
            protocols=sorted({row.protocol for row in rows}),
            probes=[
                ProbeRow(one, context.times.full(one.first_time), context.frames((one.first_frame,))) for one in probes
            ],
            method=method.METHOD,
            limitations=list(
                method.limitations(
                    dissection.captures, sessions, totals, dissection.settings, dissection.warnings, masked=masked
                )
            ),
            tool=tool_facts(dissection.settings, choices.selected, choices.command, zone, masked=masked),
            exhibits=exhibits,
            limit=limit,
            cut=max(lengths, default=0) > limit,
            brief=brief,
        )
        document = Document(
            settings=dissection.settings,
            notation=notation,
            selected=choices.selected,
            captures=dissection.captures,
            sha256=after,
            warnings=dissection.warnings,
            probes=dissection.probes,
            findings=spanning,
            totals=totals,
        )
        claims = element("".join(document.pieces(session_text(session, notation) for session in sessions)))
        return seal(page_markup(page, shown, claims))


def _by_session(sessions: Sequence[Session], spanning: Sequence[Finding]) -> dict[int, list[Finding]]:
    """Give all findings about each session, the most severe first."""
    about = {session.id: list(session.findings) for session in sessions}
    for finding in spanning:
        for number in finding.sessions:
            if number in about:
                about[number].append(finding)
    for findings in about.values():
        findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return about
