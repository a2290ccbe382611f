"""Capture files made by hand, octet by octet, without the code under test."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

from pop2dissect.capture import CaptureInfo, CaptureReader, Record

CAPTURES = Path(__file__).parents[1] / "data" / "captures"
PORT = 109
PORTS = frozenset({PORT})

Plain = tuple[int, int, int, bytes, int]
"""Frame number, time in ns, link type, octets captured, length on the wire."""


def ipv4(protocol: int, body: bytes, *, fragment: int = 0x4000, options: bytes = b"", tos: int = 0) -> bytes:
    length = 20 + len(options) + len(body)
    return (
        struct.pack(
            ">BBHHHBBH4s4s",
            0x40 | (20 + len(options)) // 4,
            tos,
            length,
            1,
            fragment,
            64,
            protocol,
            0,
            b"\x0a\0\0\1",
            b"\x0a\0\0\2",
        )
        + options
        + body
    )


def ipv6(protocol: int, body: bytes) -> bytes:
    return struct.pack(">IHBB16s16s", 0x60000000, len(body), protocol, 64, b"\xfd" + bytes(15), bytes(16)) + body


def tcp(source: int, destination: int, payload: bytes = b"") -> bytes:
    return struct.pack(">HHIIBBHHH", source, destination, 1, 2, 0x50, 0x18, 512, 0, 0) + payload


def udp(source: int, destination: int, payload: bytes = b"") -> bytes:
    return struct.pack(">HHHH", source, destination, 8 + len(payload), 0) + payload


def ethernet(ethertype: int, body: bytes) -> bytes:
    return b"\2\0\0\0\0\2\2\0\0\0\0\1" + struct.pack(">H", ethertype) + body


def segment(source: int = 40000, destination: int = PORT, payload: bytes = b"") -> bytes:
    """A TCP segment in IPv4 in Ethernet."""
    return ethernet(0x0800, ipv4(6, tcp(source, destination, payload)))


def pcap_header(
    order: str = "<",
    magic: int = 0xA1B2C3D4,
    *,
    network: int = 1,
    snap_length: int = 262144,
    version: tuple[int, int] = (2, 4),
    zone: int = 0,
) -> bytes:
    return struct.pack(order + "IHHiIII", magic, *version, zone, 0, snap_length, network)


def pcap_record(
    frame: bytes,
    seconds: int = 0,
    fraction: int = 0,
    order: str = "<",
    *,
    original: int | None = None,
    captured: int | None = None,
    extra: bytes = b"",
) -> bytes:
    return (
        struct.pack(
            order + "IIII",
            seconds,
            fraction,
            len(frame) if captured is None else captured,
            len(frame) if original is None else original,
        )
        + extra
        + frame
    )


def pcap(frames: Iterable[bytes], order: str = "<", *, network: int = 1) -> bytes:
    """A pcap file with one frame a millisecond, from 1 s on."""
    records = (pcap_record(frame, *divmod(10**6 + 1000 * n, 10**6), order) for n, frame in enumerate(frames))
    return pcap_header(order, network=network) + b"".join(records)


def block(kind: int, body: bytes, order: str = "<", *, length: int | None = None, trailer: int | None = None) -> bytes:
    body += bytes(-len(body) % 4)
    length = 12 + len(body) if length is None else length
    return (
        struct.pack(order + "II", kind, length)
        + body
        + struct.pack(order + "I", length if trailer is None else trailer)
    )


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


END_OF_OPTIONS = bytes(4)


def section(order: str = "<", *, version: tuple[int, int] = (1, 0), options: bytes = b"") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, *version, -1) + options, order)


def interface(link_type: int = 1, order: str = "<", *, snap_length: int = 0, options: bytes = b"") -> bytes:
    return block(1, struct.pack(order + "HHI", link_type, 0, snap_length) + options, order)


def enhanced(
    frame: bytes,
    stamp: int = 0,
    interface_id: int = 0,
    order: str = "<",
    *,
    captured: int | None = None,
    original: int | None = None,
    options: bytes = b"",
) -> bytes:
    captured = len(frame) if captured is None else captured
    fields = (
        interface_id,
        stamp >> 32,
        stamp & 0xFFFFFFFF,
        captured,
        len(frame) if original is None else original,
    )
    return block(6, struct.pack(order + "IIIII", *fields) + frame + bytes(-len(frame) % 4) + options, order)


def pcapng(frames: Iterable[bytes], order: str = "<", *, network: int = 1) -> bytes:
    """A pcapng file with one frame a millisecond, from 1 s on."""
    packets = (enhanced(frame, 1_000_000 + 1000 * n, 0, order) for n, frame in enumerate(frames))
    return section(order) + interface(network, order) + b"".join(packets)


def plain(record: Record) -> Plain:
    """What a record says, apart from where its octets lie."""
    octets = bytes(record.data[record.start : record.start + record.captured])
    assert len(octets) == record.captured
    return record.frame, record.time, record.link_type, octets, record.original


def read(path: Path | str, ports: frozenset[int] | None = None) -> tuple[list[Plain], CaptureInfo]:
    with CaptureReader([path], ports=ports) as reader:
        records = [plain(record) for record in reader]
    (info,) = reader.captures
    return records, info


def write(folder: Path, octets: bytes, name: str = "made.pcap") -> Path:
    path = folder / name
    path.write_bytes(octets)
    return path
