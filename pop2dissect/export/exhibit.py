"""An exhibit: one exported file, and what is known about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from pop2dissect.document.json_text import Object
from pop2dissect.session import Session
from pop2dissect.text.rendering import Rendering

Octets: TypeAlias = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One file. Its bytes stay in the capture until they are asked for."""

    name: str
    """Of the file: made of numbers, with at most the end made of a name from the wire."""
    facts: Object
    """What the manifest says about it, besides its name, size and hash."""
    pieces: Callable[[], Iterable[Octets]]
    """Gives the file's bytes piece by piece, the same each time."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of exhibits."""

    name: str
    """As it stands in the manifest."""
    of: Callable[[Session, Rendering], Iterable[Exhibit]]
    """Gives a session's exhibits, in order."""
    columns: tuple[str, ...]
    """What of the facts is in the manifest's table."""
    noun: str
    """One of them, in words; the plural is with an s."""


def stem(session: Session) -> str:
    """Return the beginning of the names of a session's files, which sort as the sessions do up to 9,999."""
    return f"session-{session.id:04}"
