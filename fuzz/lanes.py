"""The ways to find the packets that may matter, which must all find the same."""

from __future__ import annotations

import io
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from itertools import islice
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pop2dissect.capture import CaptureInfo, fast, scan
from pop2dissect.capture.pcap import PCAP_MAGICS
from pop2dissect.capture.pcap_records import PcapReader
from pop2dissect.capture.pcapng import PcapngReader
from pop2dissect.capture.record import Details, Record
from pop2dissect.capture.window import Window
from pop2dissect.decode import Decoder
from pop2dissect.decode.segment import Segment
from pop2dissect.errors import CaptureError
from pop2dissect.limits import DEFAULT, Limits
from pop2dissect.tcp import Connection, Span, Tracker
from pop2dissect.tcp import lane as tcp_lane

Result = tuple[list[tuple[Record, Details]], CaptureInfo, str]
"""The packets with what the file says of them, the facts about the file, and why it cannot be read at all."""
Tracked = tuple[list[dict[str, Any]], CaptureInfo, list[str], int]
"""The connections, the facts about the file, the warnings; and how many packets were segments of their own."""
WANTED = frozenset({109})


def module(path: Path) -> Any:
    """Import a file that holds the scan, compiled or not, beside the one that is in use."""
    spec = spec_from_file_location("scan", path)
    assert spec is not None and spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


LANES: dict[str, Any] = {"plain": None, "uncompiled": module(Path(fast.__file__).with_name("scan.py"))}
"""By name what scans; None: the readers do it by themselves."""
if scan.COMPILED:
    LANES["compiled"] = scan


@contextmanager
def lane(scanner: Any) -> Iterator[None]:
    """Let the readers scan by a module, or by themselves."""
    before, fast.scanner = fast.scanner, scanner
    try:
        yield
    finally:
        fast.scanner = before


def _reader(window: Window, info: CaptureInfo, ports: frozenset[int] | None) -> PcapReader | PcapngReader:
    window.forward(0, 4)
    if bytes(window.data[:4]) in PCAP_MAGICS:
        return PcapReader(window, info, 0, ports)
    return PcapngReader(window, info, 0, ports, keep_options=True)


def read_by(
    scanner: Any, octets: bytes, ports: frozenset[int] | None, window_octets: int = 1 << 16, most: int | None = None
) -> Result:
    """Read a capture, or of it so many packets, through a window of a size."""
    info, records = CaptureInfo("made"), []
    window = Window(io.BytesIO(octets), None, window_octets)
    with lane(scanner):
        try:
            reader = _reader(window, info, ports)
            given = reader.records()
            records.extend((record, reader.details(record)) for record in islice(given, most))
            given.close()
        except CaptureError as error:
            return records, info, str(error)
    return records, info, ""


_NO_FACTS = {"log", "space", "acks", "pieces", "claims", "reach", "limits", "_limits", "spans"}
"""What is compared by itself, or not at all."""


def state(connection: Connection) -> dict[str, Any]:
    """Return all that a connection and its two ends know, and its streams, but in which memory the octets lie."""
    assert connection.streams is not None
    known: dict[str, Any] = {
        name: getattr(connection, name)
        for name in ("number", "first_frame", "last_frame", "packets", "start", "end", "events", "handshake")
    }
    for sender in (connection.client, connection.server):
        for part in (sender, sender.space, sender.acks, sender.pieces, sender.claims, sender.reach):
            own = set(type(part).__slots__) - _NO_FACTS
            known[f"{sender.name} {type(part).__name__}"] = {name: getattr(part, name) for name in own}
        known[f"{sender.name} spans"] = _places(sender.pieces.spans)
    for stream in connection.streams:
        spans = _places(stream.spans), stream.read(0, stream.length)
        known[f"stream {len(known)}"] = (spans, stream.gaps, stream.conflicts, stream.finished, stream.reset)
    return known


def _places(spans: list[Span]) -> list[tuple[int | None, ...]]:
    return [(*span[:5], span.start) for span in spans]


def track_by(
    scanner: Any, octets: bytes, ports: frozenset[int] | None, limits: Limits = DEFAULT, window_octets: int = 1 << 16
) -> Tracked:
    """Return the connections of a capture, where one can scan with packets that it takes by itself."""
    info, frames = CaptureInfo("made"), mmap.mmap(-1, max(len(octets), 1))
    window = Window(io.BytesIO(octets), frames, window_octets, filled=False)
    with lane(scanner), patch.object(tcp_lane, "TAKEN_OVER_AFTER", 0):
        try:
            reader, continued = _reader(window, info, ports), None
        except CaptureError as error:
            return [], info, [str(error)], 0
        if scanner is not None:
            reader.flows = scanner.Flows(window.data)
            continued = fast.Continued(reader.flows, scanner.Flow, frames)
        decoder, decoded = Decoder(ports, limits=limits), 0

        def segments() -> Iterator[Segment]:
            nonlocal decoded
            for segment in filter(None, map(decoder.decode, reader.records())):
                decoded += 1
                yield segment

        tracker = Tracker(WANTED, limits=limits, continued=continued)
        found = [state(connection) for connection in tracker.connections(segments())]
    return found, info, [*decoder.warnings(), *tracker.warnings], decoded
