"""Reads packets a second time, with all that their capture says of them: for writing them again unchanged."""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import closing
from typing import NamedTuple

from pop2dissect.capture.paths import cannot_be_read
from pop2dissect.capture.record import CaptureInfo, Details, Record
from pop2dissect.capture.source import OpenCapture
from pop2dissect.errors import CaptureError
from pop2dissect.limits import Limits


class Original(NamedTuple):
    """A packet as its capture has it."""

    frame: int
    """Frame reference."""
    time: int
    """In ns since 1970-01-01 UTC."""
    octets: bytes
    original: int
    """Bytes on the wire."""
    details: Details


def originals(
    path: str, index: int, wanted: Container[int], ports: frozenset[int] | None, limits: Limits
) -> Iterator[Original]:
    """Yield the wanted packets of a capture in its order. Raises CaptureError where it cannot be read again.

    ``index`` is the capture's index in frame references. Packets that plainly are not TCP on one of
    ``ports`` are skipped.
    """
    try:  # records get bytes of their own: no file need stay mapped
        capture = OpenCapture(CaptureInfo(path), index, ports, limits=limits, keep_options=True)
    except CaptureError as error:
        raise cannot_be_read(path, error) from error
    with closing(capture):
        for record in capture.records:
            if record.frame in wanted:
                yield _original(record, capture.details(record))


def _original(record: Record, details: Details) -> Original:
    octets = bytes(record.data[record.start : record.start + record.captured])
    return Original(record.frame, record.time, octets, record.original, details)
