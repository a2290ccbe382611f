"""What an incident is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from pop2dissect.capture.record import FrameRef
from pop2dissect.session import Finding, Severity


class FindingLink(NamedTuple):
    """Where a finding is that an incident groups."""

    id: str
    session: int | None
    """The session whose finding it is; None for one that spans sessions."""
    place: int
    """Its place, counted from 1, among the findings of that session, or among those that span sessions."""


@dataclass(slots=True)
class Incident:
    """Something that happened, as findings and sessions together show it."""

    number: int
    """Counted from 1 in the list."""
    kind: str
    """As :data:`pop2dissect.incidents.kinds.KINDS` has it: ``account_compromised``, ``mail_deleted``, ``scan`` ..."""
    severity: Severity
    title: str
    sentence: str
    """What happened, whom to, by whom, and the frame to begin with."""
    follows: int | None
    """Number of the incident that made it possible: what was done with a compromised account."""
    clients: tuple[str, ...]
    """Addresses of those who did it; several that belong together."""
    servers: tuple[str, ...]
    users: tuple[str, ...]
    folders: tuple[str, ...]
    sessions: tuple[int, ...]
    """In ascending order; none where it is about connections without payload only."""
    frames: tuple[FrameRef, ...]
    """Frames that prove it, in ascending order."""
    first_time: int | None
    last_time: int | None
    """In ns since 1970-01-01 UTC; None where not known."""
    messages_read: int
    messages_deleted: int
    """How many messages its sessions transferred, and how many deletions of them took effect."""
    findings: tuple[FindingLink, ...]
    """The findings that it groups."""


def about_incidents(
    incidents: Sequence[Incident], selected: Collection[int], places: Mapping[int, int]
) -> list[Incident]:
    """Return the incidents that are about selected sessions, numbered anew.

    ``places`` has, of the findings that span sessions and are left, the place before and the one now.
    """
    kept = []
    for one in incidents:
        links = tuple(
            link if link.session is not None else link._replace(place=places[link.place])
            for link in one.findings
            if (link.place in places if link.session is None else link.session in selected)
        )
        if links or any(session in selected for session in one.sessions):
            kept.append(replace(one, findings=links))
    numbers = {one.number: now for now, one in enumerate(kept, 1)}
    for one in kept:
        one.number = numbers[one.number]
        one.follows = None if one.follows is None else numbers.get(one.follows)
    return kept


def findings_of(
    incident: Incident, spanning: Sequence[Finding], of_session: Mapping[int, Sequence[Finding]]
) -> list[Finding]:
    """Return the findings that an incident groups, of those that span sessions and those of each session."""
    found: list[Finding] = []
    for link in incident.findings:
        listed = spanning if link.session is None else of_session.get(link.session, ())
        found += listed[link.place - 1 : link.place]
    return found


def in_order(incidents: Sequence[Incident]) -> list[Incident]:
    """Return incidents in their order, but what followed from one right behind it."""
    followers: dict[int | None, list[Incident]] = {}
    for one in incidents:
        followers.setdefault(one.follows, []).append(one)
    return [each for one in followers.get(None, []) for each in (one, *followers.get(one.number, []))]
