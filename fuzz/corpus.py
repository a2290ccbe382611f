"""Where fuzzing starts: real captures and messages, and small things made by hand."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pop2dissect
from fuzz.targets import LINK_TYPES
from pop2dissect.capture import CaptureReader
from pop2dissect.capture.record import Record
from pop2dissect.decode import Decoder
from pop2dissect.session import Session

ROOT = Path(__file__).parents[1]
SAMPLES = (ROOT / "samples", ROOT / "tests" / "data" / "captures")
MAX_SEED = 16 << 10
"""Octets of a seed: small ones are mutated faster, and damage is found near the beginning as well as further on."""


def captures() -> list[Path]:
    """Return the captures of the samples and the tests."""
    return [path for folder in SAMPLES for path in sorted(folder.glob("*.pcap*"))]


def seeds(target: str) -> list[bytes]:
    """Return the octets to begin with."""
    return list(_MAKERS[target]())


def _files() -> Iterator[bytes]:
    for path in captures():
        octets = path.read_bytes()[:MAX_SEED]
        yield octets
        if path.suffix == ".gz":
            yield gzip.decompress(path.read_bytes())[:MAX_SEED]


def _whole_captures() -> Iterator[bytes]:
    yield from _files()
    for path in sorted((ROOT / "tests" / "data" / "captures-pop3").glob("*.pcap*")):
        yield path.read_bytes()[:MAX_SEED]


def _records(path: Path, count: int) -> list[Record]:
    with CaptureReader([path]) as reader:
        return [record for record, _ in zip(reader, range(count), strict=False)]


def _packets() -> Iterator[bytes]:
    for path in captures():
        piece = b""
        for record in _records(path, 12):
            if record.link_type in LINK_TYPES:
                frame = bytes(record.data[record.start : record.start + min(record.captured, 200)])
                piece += bytes((LINK_TYPES.index(record.link_type),)) + len(frame).to_bytes(2) + b"\0" + frame
        yield piece


def _segments() -> Iterator[bytes]:
    for path in captures()[::4]:
        decoder = Decoder(frozenset({109}))
        piece = b""
        base: dict[bool, int] = {}
        for segment in filter(None, map(decoder.decode, _records(path, 40))):
            client = segment.key.endswith(b"\0m")
            seq = segment.seq - base.setdefault(client, segment.seq)
            ack = segment.ack - base.get(not client, segment.ack)
            payload = bytes(segment.data[segment.start : segment.start + min(segment.captured, 31)])
            flags = segment.flags & 0x3F | (0x40 if client else 0)
            piece += bytes((flags, len(payload))) + (seq & 0xFFFF).to_bytes(2) + (ack & 0xFFFF).to_bytes(2)
            piece += b"\0\1" + payload
        yield piece


def _sessions() -> Iterator[Session]:
    for path in captures():
        if path.stat().st_size < 100_000:
            yield from pop2dissect.read(path).sessions[:3]


def _talks() -> Iterator[bytes]:
    for session in _sessions():
        said = sorted(
            (span.frame, client, bytes(span.data[span.start : span.start + min(span.length, 300)]))
            for client, stream in ((1, session.client_stream), (0, session.server_stream))
            for span in stream.spans[:30]
        )
        yield b"\xff".join(bytes((client,)) + octets.replace(b"\xff", b"") for _, client, octets in said)[:MAX_SEED]


def _mails() -> Iterator[bytes]:
    for session in _sessions():
        for message in session.messages[:5]:
            yield message.content()[:MAX_SEED]


_MAKERS = {
    "readers": _files,
    "lanes": _files,
    "decoder": _packets,
    "reassembler": _segments,
    "dissector": _talks,
    "mail": _mails,
    "program": _whole_captures,
}
