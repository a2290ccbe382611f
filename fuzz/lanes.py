"""The ways to find the packets that may matter, which must all find the same."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from itertools import islice
from pathlib import Path
from typing import Any

from pop2dissect.capture import CaptureInfo, fast, scan
from pop2dissect.capture.pcap import PCAP_MAGICS
from pop2dissect.capture.pcap_records import PcapReader
from pop2dissect.capture.pcapng import PcapngReader
from pop2dissect.capture.record import Details, Record
from pop2dissect.capture.window import Window
from pop2dissect.errors import CaptureError

Result = tuple[list[tuple[Record, Details]], CaptureInfo, str]
"""The packets with what the file says of them, the facts about the file, and why it cannot be read at all."""


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


def read_by(
    scanner: Any, octets: bytes, ports: frozenset[int] | None, window_octets: int = 1 << 16, most: int | None = None
) -> Result:
    """Read a capture, or of it so many packets, through a window of a size."""
    info, records = CaptureInfo("made"), []
    window = Window(io.BytesIO(octets), None, window_octets)
    with lane(scanner):
        try:
            window.forward(0, 4)
            if bytes(window.data[:4]) in PCAP_MAGICS:
                reader: PcapReader | PcapngReader = PcapReader(window, info, 0, ports)
            else:
                reader = PcapngReader(window, info, 0, ports, keep_options=True)
            given = reader.records()
            records.extend((record, reader.details(record)) for record in islice(given, most))
            given.close()
        except CaptureError as error:
            return records, info, str(error)
    return records, info, ""
