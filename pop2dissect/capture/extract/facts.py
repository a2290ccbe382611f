"""What an extract records of a capture, so that it need not be read again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self, TypeAlias

from pop2dissect.capture.record import CaptureInfo, CaptureKind
from pop2dissect.capture.remote import state_of_file
from pop2dissect.capture.url import is_url
from pop2dissect.limits import Limits
from pop2dissect.version import __version__

Ports: TypeAlias = frozenset[int] | None
"""Ports of TCP; None stands for all."""

METADATA = b"pop2dissect"
"""The key of a Parquet file's metadata under which the facts stand, as JSON."""

_DECIDING = ("block_octets", "interfaces", "layers")
"""The limits that decide which packets are kept."""


def deciding(limits: Limits) -> dict[str, int]:
    """Return the limits that decide which packets are kept."""
    return {name: getattr(limits, name) for name in _DECIDING}


@dataclass(slots=True)
class Facts:
    """One capture as it was when its packets were extracted."""

    path: str
    """As it was given."""
    file: str
    """Where it lies, whatever the working directory."""
    ports: list[int] | None
    """The ports whose packets were kept; None stands for all."""
    limits: dict[str, int]
    size: int | None = None
    """In octets, as stored."""
    modified: int | None = None
    """Time of its last change, ns since 1970-01-01 UTC; None where there is no such time."""
    sha256: str | None = None
    problem: str | None = None
    """Why it could not be read at all."""
    first: int | None = None
    """Time stamp of its first packet, whatever that is about; None where it has none."""
    kept: int = 0
    """Packets that were kept."""
    version: str = __version__
    """Of the program that extracted them."""
    info: dict[str, Any] = field(default_factory=dict)
    """The fields of its CaptureInfo, when all of it had been read."""

    @property
    def name(self) -> str:
        """The name of the file that its packets are in."""
        import hashlib

        file = CaptureInfo.of(self.file).path
        stem = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in Path(file).name)[:64]
        return f"{stem}-{hashlib.sha256(os.fsencode(file)).hexdigest()[:16]}.parquet"

    def shown(self) -> Self:
        """Return them as they may be written down: without the credentials of a URL."""
        return replace(self, path=CaptureInfo.of(self.path).path, file=CaptureInfo.of(self.file).path)

    def covers(self, ports: Ports, limits: Limits) -> bool:
        """Whether all packets were kept that matter for these ports, with these limits."""
        asked = self.ports is None or (ports is not None and ports <= set(self.ports))
        return asked and self.limits == deciding(limits)

    def take(self, info: CaptureInfo) -> None:
        """Keep what is known of the capture."""
        self.info = {name: getattr(info, name) for name in _KEPT}
        self.info["kind"] = None if info.kind is None else info.kind.value

    def give(self, info: CaptureInfo) -> None:
        """Say what is known of the capture."""
        for name in _KEPT:
            setattr(info, name, self.info[name])
        info.kind = None if self.info["kind"] is None else CaptureKind(self.info["kind"])
        info.link_types, info.warnings = list(info.link_types), list(info.warnings)

    def to_json(self) -> str:
        """Return all of it as JSON, in ASCII: paths need not be valid UTF-8."""
        import json

        shown = self.shown()
        return json.dumps({one.name: getattr(shown, one.name) for one in fields(shown)})

    @classmethod
    def of_json(cls, text: str | bytes) -> Self:
        """Return what :meth:`to_json` wrote. Raises ValueError where it is something else."""
        import json

        found = json.loads(text)
        if not isinstance(found, Mapping) or found.keys() != {one.name for one in fields(cls)}:
            raise ValueError("it was made by another version of pop2dissect, or is damaged")
        return cls(**found)

    def share(self, other: Facts) -> None:
        """Have what is the same as another's only once in memory."""
        if (self.ports, self.limits) == (other.ports, other.limits):
            self.ports, self.limits = other.ports, other.limits


_KEPT = tuple(one.name for one in fields(CaptureInfo) if one.name not in ("path", "elsewhere", "before"))


def state_of(file: str) -> tuple[int | None, int | None]:
    """Return size and time of the last change of a stored file, which tell it from itself after a change."""
    if is_url(file):
        return state_of_file(file)
    try:
        status = Path(file).stat()
    except (OSError, ValueError):
        return None, None
    return status.st_size, status.st_mtime_ns
