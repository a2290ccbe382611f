"""What each end sent, as files, and maps that say for each byte which frame carried it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import TypeAlias

from pop2dissect.document.exhibit_names import stream_exhibit
from pop2dissect.document.json_text import Object
from pop2dissect.document.sessions import stream_object
from pop2dissect.export.exhibit import Exhibit, Kind, Octets, stem
from pop2dissect.export.holes import Holes
from pop2dissect.masking import Mask
from pop2dissect.protocols.base import Range
from pop2dissect.session import DIRECTIONS, Direction, Session
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.values import rfc3339

_MASK = b"*"
_COLUMNS = ("kind", "stream_offset", "octets", "file_offset", "frames", "time", "detail")


def stream_exhibits(session: Session, rendering: Rendering) -> Iterator[Exhibit]:
    """Yield each direction as ``session-0001-client.bin`` with ``session-0001-client.map.csv``, the gaps left out.

    Unless passwords are to be shown, each byte of one is a ``*``, and the manifest has the hash of the
    stream as it was besides that of the file.
    """
    mask = Mask(session, rendering.show_passwords)
    for direction in DIRECTIONS:
        yield from _direction(session, direction, mask, rendering)


def _direction(session: Session, direction: Direction, mask: Mask, rendering: Rendering) -> Iterator[Exhibit]:
    stream, hidden = session.stream(direction), mask.of(direction)
    holes = Holes(stream)
    described = stream_object(session, direction, mask, rendering)
    base = f"{stem(session)}-{direction}"
    common: Object = {"session": session.id, "direction": direction}
    facts: Object = {
        "exhibit": stream_exhibit(session, direction),
        "content": "octets",
        **common,
        "stream_octets": described["octets"],
        "stream_sha256": described["sha256"],
        "masked_octets": sum(holes.captured(first, last) for first, last in hidden),
        "missing_octets": described["missing"],
        "gaps": described["gaps"],
        "conflicts": described["conflicts"],
    }
    yield Exhibit(f"{base}.bin", facts, partial(_octets, stream, holes, hidden))
    yield Exhibit(f"{base}.map.csv", {"content": "map", **common}, partial(_map, stream, holes, hidden, rendering))


def _octets(stream: Stream, holes: Holes, hidden: Sequence[Range]) -> Iterator[Octets]:
    """Yield the captured bytes of a stream, those in ``hidden`` masked."""
    position = 0
    for first, last in hidden:
        yield from stream.chunks(position, first)
        yield _MASK * holes.captured(first, last)
        position = last
    yield from stream.chunks(position, stream.length)


def _map(stream: Stream, holes: Holes, hidden: Sequence[Range], rendering: Rendering) -> Iterator[bytes]:
    """Yield the map of a stream as CSV, in the order of the stream.

    A row is a run of bytes that one frame carried (``octets``), or a gap (``gap``); and then, of bytes
    that were listed already, a password (``masked``), urgent data (``urgent``), or that another frame has
    other bytes there (``conflict``).
    """
    rows = chain(_runs(stream, rendering), _gaps(stream), _notes(stream, hidden, rendering))
    yield _line(_COLUMNS)
    for kind, offset, octets, frames, time, detail in sorted(rows, key=_place):
        yield _line((kind, offset, octets, holes.file_offset(offset), frames, time, detail))


_Row: TypeAlias = tuple[str, int, int, str, str, str]
"""As :data:`_COLUMNS`, without the offset in the file."""
_ORDER = {kind: place for place, kind in enumerate(("octets", "gap", "masked", "urgent", "conflict"))}


def _place(row: _Row) -> tuple[int, int]:
    return row[1], _ORDER[row[0]]


def _runs(stream: Stream, rendering: Rendering) -> Iterator[_Row]:
    for span in stream.spans:
        frames = stream.fragments.get(span.frame, (span.frame,))
        yield "octets", span.offset, span.length, _cite(frames, rendering), rfc3339(span.time), ""


def _gaps(stream: Stream) -> Iterator[_Row]:
    for offset, length, reason in stream.gaps:
        yield "gap", offset, length, "", "", reason


def _notes(stream: Stream, hidden: Sequence[Range], rendering: Rendering) -> Iterator[_Row]:
    for first, last in hidden:
        yield "masked", first, last - first, "", "", "password"
    for offset in stream.urgent:
        yield "urgent", offset, 1, "", "", "most programs do not read it with the others"
    for conflict in stream.conflicts:
        frames = _cite((conflict.kept_frame, conflict.other_frame), rendering)
        yield "conflict", conflict.offset, conflict.length, frames, "", "the first frame's bytes were kept"


def _cite(frames: Iterable[int], rendering: Rendering) -> str:
    return " ".join(str(rendering.frame_value(frame)) for frame in frames)


def _line(cells: Sequence[str | int]) -> bytes:
    """Write a line of CSV. No cell holds text from the wire, a comma or a quote."""
    return ",".join(map(str, cells)).encode() + b"\r\n"


STREAMS = Kind(
    name="streams",
    of=stream_exhibits,
    columns=(
        "exhibit",
        "content",
        "session",
        "direction",
        "stream_octets",
        "stream_sha256",
        "masked_octets",
        "missing_octets",
    ),
    noun="file",
)
