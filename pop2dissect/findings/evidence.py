"""What findings are made of: sentences without passwords, and the frames that prove them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from pop2dissect.capture.record import FrameRef
from pop2dissect.findings.catalogue import BY_ID
from pop2dissect.session import Exchange, Finding, Severity
from pop2dissect.session.finding import HARMLESS
from pop2dissect.text.values import SECOND, brief, duration

MAX_FRAMES = 20
"""Frames named by a finding. They are proof enough; the sessions that it names have all."""

MAX_SESSIONS = 100
"""Sessions named by a finding."""

MAX_NAMES = 100
"""Clients, servers, users and folders, of each so many, named by a finding."""

_Thing = TypeVar("_Thing", int, str)


def finding(
    name: str,
    detail: str,
    *,
    time: int | None,
    frames: Iterable[int],
    sessions: Iterable[int],
    severity: Severity | None = None,
    clients: Iterable[str] = (),
    servers: Iterable[str] = (),
    users: Iterable[str] = (),
    folders: Iterable[str] = (),
) -> Finding:
    """Make a finding of the catalogue. ``detail`` says what was seen; what looks the same is added, and what is left
    out of frames and sessions. Frames are to come in the order of their weight; they are named in their own."""
    declaration = BY_ID[name]
    named, about = first_few(frames, MAX_FRAMES + 1), first_few(sessions, MAX_SESSIONS + 1)
    if len(named) > MAX_FRAMES or len(about) > MAX_SESSIONS:
        cut = [
            f"{most} {things}"
            for most, things, all_of_them in ((MAX_FRAMES, "frames", named), (MAX_SESSIONS, "sessions", about))
            if len(all_of_them) > most
        ]
        detail = f"{detail} Only the first {' and '.join(cut)} are named."
    return Finding(
        id=name,
        severity=severity or declaration.severity,
        title=declaration.title,
        detail=f"{detail}{HARMLESS}{declaration.innocent}.",
        time=time,
        frames=tuple(map(FrameRef, sorted(named[:MAX_FRAMES]))),
        techniques=declaration.techniques,
        sessions=about[:MAX_SESSIONS],
        clients=first_few(clients, MAX_NAMES),
        servers=first_few(servers, MAX_NAMES),
        users=first_few(users, MAX_NAMES),
        folders=first_few(folders, MAX_NAMES),
    )


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Put findings in order: the most severe first, then by time, then by id."""
    kept = list(findings)
    return sorted(kept, key=_place) if len(kept) > 1 else kept


def _place(found: Finding) -> tuple[int, int, str, tuple[int, ...], tuple[int, ...]]:
    return -found.severity.rank, found.time or 0, found.id, found.sessions, found.frames


def first_few(things: Iterable[_Thing], most: int) -> tuple[_Thing, ...]:
    """Return the first different things, in the order in which they come."""
    if isinstance(things, tuple) and len(things) < 2:
        return things
    kept: dict[_Thing, None] = {}
    for thing in things:
        kept[thing] = None
        if len(kept) == most:
            break
    return tuple(kept)


def span(nanoseconds: int) -> str:
    """Return how long something took, as the other output does: ``38.5 s``, ``3 min 20 s``."""
    return brief(nanoseconds) if nanoseconds < 60 * SECOND else duration(nanoseconds)


def command_frames(exchange: Exchange) -> tuple[int, ...]:
    """Return the frames of a command and of the first reply to it."""
    replies = exchange.replies
    return exchange.frames + replies[0].frames if replies else exchange.frames


def reply_text(exchange: Exchange) -> str | None:
    """Return the first reply to a command as text; None where there is none, or it is no line."""
    return exchange.replies[0].line if exchange.replies and exchange.replies[0].raw else None
