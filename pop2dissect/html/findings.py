"""Findings as the report shows them: what was seen, and apart from it what it may mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pop2dissect.document.display_filters import finding_command, frames_command, frames_filter
from pop2dissect.findings.catalogue import BY_ID
from pop2dissect.findings.meaning import MEANING, TECHNIQUES, facts_of
from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.html.times import Stamp, stamp
from pop2dissect.incidents import Incident, findings_of
from pop2dissect.session import Finding, Session, Severity
from pop2dissect.text.rendering import Rendering

SHOWN = 5
"""Findings of one kind that are shown at once; more are folded away."""
PRINTED = 2
"""Those that are printed of a kind that is not grave."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One finding. ``facts`` quotes the wire."""

    id: str
    severity: Severity
    title: str
    facts: str
    time: Stamp
    sessions: tuple[int, ...]
    frames: str
    first_frame: str
    """The first of its frames, to go to; empty where it has none."""
    display_filter: str
    command: str
    """The command line that opens Wireshark there; empty where none does."""


@dataclass(frozen=True, slots=True)
class Kind:
    """All findings of one kind and severity."""

    id: str
    severity: Severity
    title: str
    occurrences: tuple[Occurrence, ...]
    display_filter: str
    """For the frames of all of them; of very many the first."""
    command: str
    """The command line that opens Wireshark with it; empty where none does."""

    @property
    def first(self) -> tuple[Occurrence, ...]:
        """Those that are shown at once."""
        return self.occurrences[:SHOWN]

    @property
    def printed(self) -> int:
        """How many are printed."""
        return SHOWN if self.severity.is_grave else PRINTED

    @property
    def others(self) -> tuple[Occurrence, ...]:
        """Those that are folded away."""
        return self.occurrences[SHOWN:]


@dataclass(frozen=True, slots=True)
class Group:
    """The findings that show an incident, or those that show none."""

    number: int | None
    severity: Severity | None
    title: str
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What a kind of finding may mean, and what harmless thing looks the same."""

    id: str
    title: str
    rule: str
    meaning: str
    harmless: str
    techniques: tuple[tuple[str, str], ...]


def occurrence(finding: Finding, rendering: Rendering) -> Occurrence:
    """Make the view of a finding."""
    return Occurrence(
        id=finding.id,
        severity=finding.severity,
        title=finding.title,
        facts=facts_of(finding),
        time=stamp(finding.time, rendering.zone),
        sessions=finding.sessions,
        frames=rendering.frames(sorted(finding.frames)),
        first_frame=rendering.frames(finding.frames[:1]),
        display_filter=frames_filter(finding.frames),
        command=finding_command(finding, rendering),
    )


def kinds(findings: Iterable[Finding], rendering: Rendering) -> list[Kind]:
    """Group findings by kind: the most severe first, then by the time of the first, then by id."""
    grouped: dict[tuple[int, str], list[Finding]] = {}
    for finding in findings:
        grouped.setdefault((-finding.severity.rank, finding.id), []).append(finding)
    made = []
    for (rank, name), group in grouped.items():
        group.sort(key=_place)
        made.append((rank, _place(group[0]), name, group))
    made.sort(key=lambda one: one[:3])
    return [
        Kind(
            name,
            group[0].severity,
            group[0].title,
            tuple(occurrence(finding, rendering) for finding in group),
            frames_filter(frames := sorted({frame for finding in group for frame in finding.frames})),
            frames_command(frames, rendering),
        )
        for _, _, name, group in made
    ]


def groups(
    incidents: Sequence[Incident], spanning: Sequence[Finding], sessions: Sequence[Session], rendering: Rendering
) -> list[Group]:
    """Group findings by the incidents that they show, in the order of these, and at last those that show none.

    A finding of which several incidents could be told stands with the first of them.
    """
    of_session = {session.id: session.findings for session in sessions}
    left = {id(one): one for one in (*spanning, *(one for some in of_session.values() for one in some))}
    made = []
    for incident in incidents:
        own = [left.pop(id(one)) for one in findings_of(incident, spanning, of_session) if id(one) in left]
        if own:
            made.append(Group(incident.number, incident.severity, incident.title, tuple(kinds(own, rendering))))
    if left:
        made.append(Group(None, None, "Other findings" if made else "", tuple(kinds(left.values(), rendering))))
    return made


def _place(finding: Finding) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    return finding.time or 0, finding.sessions, finding.frames


def interpretations(found: Sequence[Kind], thresholds: Thresholds) -> list[Interpretation]:
    """Return what the kinds of findings may mean, each once, in the same order, with the rule that was used."""
    declared = [BY_ID[name] for name in dict.fromkeys(kind.id for kind in found) if name in BY_ID]
    return [
        Interpretation(
            id=one.id,
            title=one.title,
            rule=one.raised_when(thresholds),
            meaning=MEANING[one.id],
            harmless=f"{one.innocent[:1].upper()}{one.innocent[1:]}.",
            techniques=tuple((technique, TECHNIQUES[technique]) for technique in one.techniques),
        )
        for one in declared
    ]
