"""The page: all view-models, and what the templates make of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

from markupsafe import Markup

from pop2dissect.choices import ReportScope
from pop2dissect.html import markup
from pop2dissect.html.case import Case
from pop2dissect.html.clients import ClientRow, Course
from pop2dissect.html.evidence import CaptureView, Exhibit
from pop2dissect.html.findings import Group, Interpretation, Kind
from pop2dissect.html.mailboxes import MailboxRow
from pop2dissect.html.method import Paragraph
from pop2dissect.html.sessions import SessionRow, SessionView
from pop2dissect.html.story import Told
from pop2dissect.html.timeline import Timeline
from pop2dissect.html.times import Stamp
from pop2dissect.html.tool import Tool
from pop2dissect.session import Probe

_AT_ONCE = 1000
"""Pieces of the templates, mostly short, that are joined before they are given on."""


class ProbeRow(NamedTuple):
    """A row of the connections without data."""

    probe: Probe
    first: Stamp
    frame: str


@dataclass(frozen=True, slots=True)
class PageView:
    """All that the page shows but the sessions themselves, which are rendered one by one."""

    case: Case
    made: Stamp
    zone: str
    """The zone beside UTC; empty if there is none."""
    scope: ReportScope
    printed: Collection[int]
    """Sessions that are printed in full."""
    on_paper: Collection[int]
    """Sessions in the printed list."""
    spoken: str
    """Post office protocols that were spoken; empty where none was."""
    story: Sequence[Told]
    incidents: int
    """How many there are."""
    timelines: Sequence[Timeline]
    """The picture of it, broad and narrow; none where nothing happened."""
    captures: Sequence[CaptureView]
    summary: Sequence[str]
    severities: Sequence[tuple[str, int]]
    """How many findings there are of each, the most severe first."""
    grave: Sequence[Kind]
    groups: Sequence[Group]
    interpretations: Sequence[Interpretation]
    clients: Sequence[ClientRow]
    courses: Sequence[Course]
    mailboxes: Sequence[MailboxRow]
    rows: Sequence[SessionRow]
    protocols: Sequence[str]
    probes: Sequence[ProbeRow]
    method: Sequence[Paragraph]
    limitations: Sequence[Paragraph]
    tool: Tool
    exhibits: Sequence[Exhibit]
    openers: Sequence[str]
    """Command lines that open the captures in Wireshark, harmless; empty where none does."""
    limit: int
    """Bytes of a line or message that the page carries."""
    cut: bool
    """Some line or message is longer."""
    brief: bool
    """Of messages only the main headers are listed."""


def session_markup(view: SessionView, zone: str, *, printed: bool = True) -> Markup:
    """Render a session; ``printed`` tells whether it is also on paper."""
    return Markup(markup.environment().get_template("session.html.j2").render(view=view, zone=zone, printed=printed))


def page_markup(view: PageView, sessions: Iterable[str], claims: Iterable[str]) -> Iterator[str]:
    """Render the page around the sessions, piece by piece, as it may be large.

    ``sessions`` are of :func:`session_markup`, in order; ``claims`` is the element of
    :mod:`pop2dissect.document.claims`, in pieces.
    """
    styles, first_script, script = markup.style(view.case), markup.first_script(), markup.script()
    stream = (
        markup.environment()
        .get_template("page.html.j2")
        .stream(
            {field.name: getattr(view, field.name) for field in fields(view)},
            policy=markup.policy(styles, first_script, script),
            styles=Markup(styles),
            first_script=Markup(first_script),
            script=Markup(script),
            sessions=map(Markup, sessions),
            claims=map(Markup, claims),
        )
    )
    stream.enable_buffering(_AT_ONCE)
    return stream
