"""What an examiner should look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pop2dissect.capture.record import FrameRef
from pop2dissect.session.severity import Severity


@dataclass(slots=True)
class Finding:
    """Something that an examiner should look at, with the frames that prove it."""

    id: str
    severity: Severity
    title: str
    detail: str
    time: int | None
    frames: tuple[FrameRef, ...]
    techniques: tuple[str, ...] = ()
    """MITRE ATT&CK technique ids."""
    sessions: tuple[int, ...] = ()
    """Ids of the sessions that it is about; none where it is about connections without payload only."""

    def __post_init__(self) -> None:
        self.severity = Severity(self.severity)
        self.frames = tuple(map(FrameRef, self.frames))


def about_sessions(findings: Sequence[Finding], selected: Sequence[int] | None) -> list[Finding]:
    """Return those of the findings that span sessions which are about one that was asked for; None for all."""
    if selected is None:
        return list(findings)
    return [finding for finding in findings if not set(selected).isdisjoint(finding.sessions)]
