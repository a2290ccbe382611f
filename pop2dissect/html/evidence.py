"""The captures that the report rests on, and the index of exhibits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pop2dissect.capture.link_names import link_type_name
from pop2dissect.capture.record import CaptureInfo
from pop2dissect.html.case import Case
from pop2dissect.html.sessions import SessionView
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.values import count, duration


@dataclass(frozen=True, slots=True)
class CaptureView:
    """One capture."""

    exhibit: str
    path: str
    sha256: str | None
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    unchanged: bool
    """Its SHA-256 is known, and was the same before and after it was read, or it was hashed while it was read."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A row of the index."""

    name: str
    what: str
    session: int | None
    """None for a capture."""
    octets: int | None
    sha256: str | None
    quoted: bool = False
    """``what`` has text from outside: a path, or from the wire."""


def capture_views(
    captures: Sequence[CaptureInfo],
    before: Sequence[str | None],
    after: Sequence[str | None],
    case: Case,
    rendering: Rendering,
) -> list[CaptureView]:
    """Make the views of the captures; ``before`` and ``after`` are their SHA-256 before and after reading."""
    views = []
    for number, (info, first, last) in enumerate(zip(captures, before, after, strict=True), 1):
        name = case.exhibit or "capture"
        views.append(
            CaptureView(
                exhibit=name if len(captures) == 1 else f"{name}, {number}",
                path=info.path,
                sha256=first or info.sha256,
                facts=tuple(_capture_facts(info, first, last, rendering)),
                warnings=tuple(info.warnings),
                unchanged=(first is not None and first == last) or info.sha256 is not None,
            )
        )
    return views


def _capture_facts(
    info: CaptureInfo, before: str | None, after: str | None, rendering: Rendering
) -> Iterator[tuple[str, str]]:
    yield "Size", "not known" if info.size is None else count(info.size, "byte")
    if before is None and info.sha256 is not None:
        yield "SHA-256 of what was read", info.sha256
    else:
        yield "SHA-256 before reading", before or "none: not a regular file"
        yield "SHA-256 after reading", after or "none: not a regular file"
    yield "Format", info.format or "not known"
    yield "Link types", ", ".join(f"{link_type_name(link)} ({link})" for link in info.link_types) or "none stated"
    yield "Snap length", "none stated" if info.snap_length is None else count(info.snap_length, "byte")
    yield "Packets", f"{info.packets:,}"
    for name, time in (("First packet", info.first_time), ("Last packet", info.last_time)):
        yield name, rendering.when(time)
    if info.first_time is not None and info.last_time is not None:
        yield "Time covered", duration(info.last_time - info.first_time)
    yield "Truncated or damaged", "yes, see below" if info.truncated else "no"


def capture_exhibits(views: Sequence[CaptureView], captures: Sequence[CaptureInfo]) -> Iterator[Exhibit]:
    """Yield the rows of the captures."""
    for view, info in zip(views, captures, strict=True):
        yield Exhibit(view.exhibit, f"capture {view.path}", None, info.size, view.sha256, True)


def session_exhibits(view: SessionView) -> Iterator[Exhibit]:
    """Yield the rows of what a session holds."""
    number = view.row.id
    for stream in view.streams:
        yield Exhibit(stream.exhibit, f"what the {stream.direction} sent", number, stream.octets, stream.sha256)
    for message in view.messages:
        yield Exhibit(message.exhibit, message.title, number, message.octets, message.sha256)
        for attachment in message.attachments:
            what = f"attachment {attachment.name}"
            yield Exhibit(attachment.exhibit, what, number, attachment.octets, attachment.sha256, True)
