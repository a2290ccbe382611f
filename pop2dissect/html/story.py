"""What happened, as the first page of the report tells it: incidents in sentences, and on what grounds they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pop2dissect.html.times import Stamp, stamp
from pop2dissect.incidents import Incident, in_order
from pop2dissect.session import Ground, Session, Severity
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.values import count

MAX_TOLD = 12
"""Incidents that are told; the findings have all."""
_FRAMES = 8
"""Frames that an incident cites."""
_WORDS = {
    Ground.SHOWN: "shown",
    Ground.CONCLUDED: "concluded",
    Ground.CONTRADICTED: "contradicted elsewhere",
    Ground.UNKNOWN: "not known",
}


@dataclass(frozen=True, slots=True)
class Told:
    """An incident. ``sentence`` quotes the wire."""

    number: int
    severity: Severity
    sentence: str
    follows: bool
    """It was done with the account that the incident before was about."""
    first: Stamp
    last: Stamp
    """Empty where it is the same."""
    sessions: tuple[int, ...]
    frames: str
    first_frame: str
    grounds: str
    """On what it stands, beside the frames; empty where there is nothing to say."""


def story(incidents: Sequence[Incident], sessions: Iterable[Session], rendering: Rendering) -> list[Told]:
    """Return incidents as the page tells them."""
    by_number = {session.id: session for session in sessions}
    return [_told(one, by_number, rendering) for one in incidents]


def foremost(incidents: Sequence[Incident]) -> list[Incident]:
    """Return the first :data:`MAX_TOLD` incidents, what followed from one right behind it."""
    return in_order(incidents)[:MAX_TOLD]


def _told(one: Incident, sessions: Mapping[int, Session], rendering: Rendering) -> Told:
    more = len(one.frames) - _FRAMES
    frames = rendering.frames(one.frames[:_FRAMES])
    same = one.last_time == one.first_time
    return Told(
        number=one.number,
        severity=one.severity,
        sentence=f"{one.sentence[:1].upper()}{one.sentence[1:]}.",
        follows=one.follows is not None,
        first=stamp(one.first_time, rendering.zone),
        last=stamp(None if same else one.last_time, rendering.zone),
        sessions=one.sessions,
        frames=f"{frames} and {more:,} more" if more > 0 else frames,
        first_frame=rendering.frames(one.frames[:1]),
        grounds="; ".join(_grounds(one, [sessions[number] for number in one.sessions if number in sessions])),
    )


def _grounds(one: Incident, sessions: Sequence[Session]) -> Iterator[str]:
    """Yield on what grounds its logins and deletions stand."""
    accepted = [session for session in sessions if session.login == "accepted"]
    if accepted and one.follows is None:
        logins = Counter(session.login_verdict.ground for session in accepted)
        yield f"{count(len(accepted), 'accepted login')}: {_split(logins)}"
    if one.messages_deleted:
        deleted = Counter(
            message.released.ground
            for session in accepted
            for message in session.deleted
            if message.released.value is True
        )
        yield f"{count(deleted.total(), 'deletion')} that took effect: {_split(deleted)}"


def _split(grounds: Counter[Ground]) -> str:
    if len(grounds) == 1:
        return _WORDS[next(iter(grounds))]
    return ", ".join(f"{grounds[ground]:,} {words}" for ground, words in _WORDS.items() if grounds[ground])
