"""What stands at the head of every document: what was read, by what, with which settings."""

from __future__ import annotations

from collections.abc import Sequence

from pop2dissect.capture.record import CaptureInfo
from pop2dissect.document.json_text import Object, maybe_time
from pop2dissect.settings import SETTINGS, Settings
from pop2dissect.version import __version__


def head_object(
    schema: str,
    settings: Object,
    captures: Sequence[CaptureInfo],
    sha256: Sequence[str | None],
    warnings: Sequence[str],
) -> Object:
    """Return what stands at the head of every document: what was read, by what, with which settings."""
    return {
        "schema": schema,
        "tool": tool(),
        "settings": settings,
        "captures": [capture_object(info, digest) for info, digest in zip(captures, sha256, strict=True)],
        "warnings": list(warnings),
    }


def settings_object(settings: Settings, show_passwords: bool) -> Object:
    """Return every choice that can change a result."""
    return {
        **{name: setting.recorded(getattr(settings, name)) for name, setting in SETTINGS.items()},
        "sessions": settings.filters.numbers,
        "filters": settings.filters.recorded,
        "show_passwords": show_passwords,
    }


def tool() -> Object:
    """Name this program."""
    return {"name": "pop2dissect", "version": __version__}


def capture_object(info: CaptureInfo, sha256: str | None) -> Object:
    """Return the facts about a capture."""
    return {
        "path": info.path,
        "size": info.size,
        "sha256": sha256,
        "format": info.format,
        "link_types": list(info.link_types),
        "snap_length": info.snap_length,
        "packets": info.packets,
        "first_time": maybe_time(info.first_time),
        "last_time": maybe_time(info.last_time),
        "truncated": info.truncated,
        "warnings": list(info.warnings),
    }
