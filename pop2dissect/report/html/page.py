"""The page: all view-models put into the templates, with a policy that forbids it to load or send anything."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

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
from pop2dissect.report.html.ladder import LEFT, RIGHT, TOP, WIDTH
from pop2dissect.report.html.lines import Context
from pop2dissect.report.html.messages import MAX_MESSAGES
from pop2dissect.report.html.octets import limit_for
from pop2dissect.report.html.sessions import line_lengths, session_row, session_view
from pop2dissect.report.html.summary import summary
from pop2dissect.report.html.times import Times
from pop2dissect.report.html.tool import tool_facts
from pop2dissect.report.safe import terminal_safe
from pop2dissect.report.totals import Totals
from pop2dissect.report.values import Zone
from pop2dissect.session import Finding, Session

_LONG = 300
"""Characters of a text from the wire that are shown at once; the rest is folded away."""
_RANKS = {"": "", "info": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}
"""Severities in numbers, for the filter of sessions."""
_LONGEST = 20_000
"""Characters of it that are shown at all; the octets have the rest."""


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

        To be called once the captures have been read, while the octets of the sessions are at hand.
        """
        dissection, choices = self._dissection, self._choices
        sessions = sorted(self._sessions, key=lambda session: session.id)
        after = [digest_of(info.path) for info in dissection.captures]
        notation = choices.notation
        context = Context(Times(choices.zone), notation.show_passwords, notation.several_captures)
        totals = Totals()
        for session in sessions:
            totals.add(session)
        totals.add_findings(spanning)
        by_session: dict[int, list[Finding]] = {session.id: list(session.findings) for session in sessions}
        for finding in spanning:
            for number in finding.sessions:
                if number in by_session:
                    by_session[number].append(finding)
        for about in by_session.values():
            about.sort(key=lambda finding: SEVERITIES.index(finding.severity))
        found = [*spanning, *(finding for session in sessions for finding in session.findings)]
        probes = dissection.probes if choices.selected is None else []
        captures = capture_views(dissection.captures, self._before, after, choices.case, context.times)
        rows = [session_row(session, by_session[session.id], context) for session in sessions]
        lengths = [length for session in sessions for length in line_lengths(session)]
        limit = limit_for(lengths, len(sessions))
        brief = totals.messages > MAX_MESSAGES
        exhibits: list[Exhibit] = list(capture_exhibits(captures, dissection.captures))
        environment = _environment()
        show_session = environment.get_template("session.html.j2")
        shown = []
        for session, row in zip(sessions, rows, strict=True):
            view = session_view(session, row, by_session[session.id], limit, context, brief=brief)
            shown.append(Markup(show_session.render(view=view, zone=context.times.zone_name, limit=limit)))
            exhibits += session_exhibits(view)
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
        clients = Clients(sessions, probes, found, context)
        kinds_found = kinds(found, context)
        styles = _asset("report.css") + running_header(choices.case)
        first_script, script = _asset("first.js"), _asset("report.js")
        page = environment.get_template("page.html.j2").render(
            policy=policy(styles, first_script, script),
            styles=Markup(styles),
            first_script=Markup(first_script),
            script=Markup(script),
            case=choices.case,
            made=context.times.full(time_of_making()),
            zone=context.times.zone_name,
            captures=captures,
            summary=summary(totals, dissection.captures, sessions, probes),
            severities=[(name, totals.findings[name]) for name in SEVERITIES],
            kinds=kinds_found,
            interpretations=interpretations(kinds_found),
            clients=clients.rows(),
            courses=clients.courses(),
            rows=rows,
            protocols=sorted({row.protocol for row in rows}),
            sessions=shown,
            probes=[(probe, context.times.full(probe.first_time), context.frames((probe.first_frame,)))
                    for probe in probes],
            method=method.METHOD,
            limitations=list(
                method.limitations(
                    dissection.captures,
                    sessions,
                    totals,
                    dissection.settings,
                    dissection.warnings,
                    show_passwords=notation.show_passwords,
                )
            ),
            tool=tool_facts(
                dissection.settings,
                choices.selected,
                choices.command,
                context.times.zone_name,
                show_passwords=notation.show_passwords,
            ),
            exhibits=exhibits,
            limit=limit,
            brief=brief,
            cut=max(lengths, default=0) > limit,
            grave=[kind for kind in kinds_found if kind.severity in GRAVE],
            claims=Markup(element("".join(document.pieces(session_text(one, notation) for one in sessions)))),
        )  # fmt: skip
        return seal(page)


def policy(styles: str, *scripts: str) -> str:
    """Give the Content-Security-Policy: nothing is loaded or sent, and only these scripts and this style hold."""
    hashed = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {hashed}; style-src {_hash(styles)}; img-src data:; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def running_header(case: Case) -> str:
    """Give the rules that print the case on each page (CSS Paged Media, section 5)."""
    name = " · ".join(text for text in (case.case, case.exhibit) if text) or "Report on POP2 sessions"
    return f'\n@page {{ @top-left {{ content: "{_css_text(name)}"; }} }}\n'


def _css_text(text: str) -> str:
    """Write text as it may stand in a CSS string: all but letters and digits as escapes of six digits.

    A blank after an escape belongs to it (CSS Syntax, section 4.3.7), so blanks are escaped too.
    """
    return "".join(one if one.isascii() and one.isalnum() else f"\\{ord(one):06x}" for one in text)


def wire(text: object) -> Markup:
    """Show text from the wire: harmless, kept apart from the text around it, and folded where it is long."""
    shown = terminal_safe(str(text))
    if len(shown) <= _LONG:
        return Markup("<bdi>{}</bdi>").format(shown)
    cut = "" if len(shown) <= _LONGEST else f" … and {len(shown) - _LONGEST:,} characters more"
    return Markup(
        "<details class=long><summary><bdi>{}</bdi>… <i>{:,} characters</i></summary><bdi>{}</bdi>{}</details>"
    ).format(shown[:80], len(shown), shown[:_LONGEST], cut)


def harmless(text: object) -> Markup:
    """Show a sentence that may quote the wire."""
    shown = terminal_safe(str(text))
    return escape(shown) if shown.isascii() else Markup("<bdi class=p>{}</bdi>").format(shown)


def line_text(text: str) -> Markup:
    """Show a line from the wire where the page's style sets it apart already: what is ASCII needs no mark-up."""
    shown = terminal_safe(text)
    return escape(shown) if shown.isascii() and len(shown) <= _LONG else wire(text)


def thousands(number: int) -> str:
    """Write a number, its thousands apart."""
    return f"{number:,}"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pop2dissect.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "wire": wire,
        "harmless": harmless,
        "line": line_text,
        "plain": terminal_safe,
        "n": thousands,
        "e": escape,
    }
    environment.filters.update(filters)
    environment.globals.update({"severity_rank": _RANKS, "WIDTH": WIDTH, "LEFT": LEFT, "RIGHT": RIGHT, "TOP": TOP})
    return environment


def _asset(name: str) -> str:
    return files("pop2dissect.report.html").joinpath(name).read_text(encoding="utf-8")
