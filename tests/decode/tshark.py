"""tshark as a second opinion: what Wireshark says of a capture."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path
from struct import pack
from typing import NamedTuple

from pop2dissect.capture.record import Record
from pop2dissect.decode import Segment


class Opinion(NamedTuple):
    """What can be compared of the TCP segment in one frame; the payload as far as it was captured."""

    source_port: int
    destination_port: int
    seq: int
    ack: int
    flags: int
    window: int
    urgent: int
    length: int
    payload: bytes


_FIELDS = ("srcport", "dstport", "seq_raw", "ack_raw", "flags", "window_size_value", "urgent_pointer", "len")


def opinion(segment: Segment) -> Opinion:
    """Return of a segment what Wireshark says."""
    return Opinion(
        int.from_bytes(segment.key[-4:-2]),
        int.from_bytes(segment.key[-2:]),
        segment.seq,
        segment.ack,
        segment.flags,
        segment.window,
        segment.urgent,
        segment.length,
        segment.data[segment.start : segment.start + segment.captured],
    )


def opinions(tshark: str, path: Path, *options: str) -> dict[int, Opinion]:
    """Return Wireshark's opinion of each frame of a capture that holds TCP, by frame number."""
    fields = [f"tcp.{name}" for name in _FIELDS] + ["tcp.payload"]
    command = [tshark, "-n", "-r", str(path), "-Y", "tcp", "-T", "fields", "-E", "occurrence=l"]
    command += ["-o", "tcp.relative_sequence_numbers:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE"]
    command += ["-o", "tcp.analyze_sequence_numbers:FALSE", *options]
    for field in ("frame.number", *fields):
        command += ["-e", field]
    # A capture that is cut short makes tshark fail, but after all that it could read.
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert output, "tshark has no opinion"
    result = {}
    for line in output.splitlines():
        frame, *values, payload = line.split("\t")
        result[int(frame)] = Opinion._make([*(int(value or "0", 0) for value in values), bytes.fromhex(payload)])
    return result


def _block(kind: int, body: bytes) -> bytes:
    body += b"\0" * (-len(body) % 4)
    return pack("<II", kind, len(body) + 12) + body + pack("<I", len(body) + 12)


def write_pcapng(path: Path, records: Iterable[Record]) -> None:
    """Write records, of whatever link types, to a pcapng file."""
    blocks = [_block(0x0A0D0D0A, pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    interfaces: dict[int, int] = {}
    for record in records:
        interface = interfaces.get(record.link_type)
        if interface is None:
            interface = interfaces[record.link_type] = len(interfaces)
            blocks.append(_block(1, pack("<HHI", record.link_type, 0, 0) + pack("<HHBxxxHH", 9, 1, 9, 0, 0)))
        header = pack(
            "<IIIII",
            interface,
            record.time >> 32,
            record.time & 0xFFFFFFFF,
            record.captured,
            record.original,
        )
        octets = record.data[record.start : record.start + record.captured]
        blocks.append(_block(6, header + octets))
    path.write_bytes(b"".join(blocks))
