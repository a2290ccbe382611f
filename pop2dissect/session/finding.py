"""What an examiner should look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pop2dissect.capture.record import FrameRef
from pop2dissect.session.severity import Severity

HARMLESS = " Harmless causes: "
"""Stands between what was seen and what looks the same."""


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
    clients: tuple[str, ...] = ()
    """Addresses of the clients that it is about."""
    servers: tuple[str, ...] = ()
    """Servers that it is about, as ``192.0.2.109:109``; where they were scanned, their addresses."""
    users: tuple[str, ...] = ()
    """Users that it is about, as the clients named them."""
    folders: tuple[str, ...] = ()
    """Folders that it is about, as the server named them, else as the clients did."""

    def __post_init__(self) -> None:
        if type(self.severity) is not Severity:
            self.severity = Severity(self.severity)
        self.frames = tuple([frame if type(frame) is FrameRef else FrameRef(frame) for frame in self.frames])

    @property
    def seen(self) -> str:
        """What was seen, without the harmless causes that look the same."""
        return self.detail.partition(HARMLESS)[0]

    @property
    def client(self) -> str | None:
        """The client that it is about; None where it is about none or several. So are those that follow."""
        return only(self.clients)

    @property
    def server(self) -> str | None:
        """The server that it is about."""
        return only(self.servers)

    @property
    def user(self) -> str | None:
        """The user that it is about."""
        return only(self.users)

    @property
    def folder(self) -> str | None:
        """The folder that it is about."""
        return only(self.folders)


def only(names: Sequence[str]) -> str | None:
    """Return the only name there is; None where there is none, or several."""
    return names[0] if len(names) == 1 else None
