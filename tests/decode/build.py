"""Packets for the tests, built header by header, with right lengths and checksums unless told otherwise."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from struct import pack, unpack

from pop2dissect.capture.record import Record
from pop2dissect.decode import Decoder

CLIENT, SERVER = "192.0.2.1", "198.51.100.9"
CLIENT6, SERVER6 = "2001:db8::1", "2001:db8:ffff::9"
PAYLOAD = b"HELO smith secret\r\n"
MAC = bytes.fromhex("020000000001")
MACS = bytes.fromhex("020000000002020000000001")
OUTER, OUTER6 = ("10.0.0.1", "10.0.0.2"), ("fd00::1", "fd00::2")


def address(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


def checksum(octets: bytes) -> int:
    octets += b"\0" * (len(octets) % 2)
    total = sum(int.from_bytes(octets[at : at + 2]) for at in range(0, len(octets), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def tcp(
    payload: bytes = PAYLOAD,
    source: str = CLIENT,
    destination: str = SERVER,
    *,
    ports: tuple[int, int] = (40109, 109),
    seq: int = 0x01020304,
    ack: int = 0xA0B0C0D0,
    flags: int = 0x18,
    window: int = 8192,
    urgent: int = 7,
    options: bytes = b"",
    offset: int | None = None,
    wrong_checksum: bool = False,
) -> bytes:
    words = 5 + len(options) // 4 if offset is None else offset
    head = pack(">HHIIBBH", *ports, seq, ack, words << 4, flags, window)
    tail = pack(">H", urgent) + options + payload
    octets = head + b"\0\0" + tail
    pseudo = address(source) + address(destination) + pack(">HH", 6, len(octets))
    return head + pack(">H", checksum(pseudo + octets) ^ wrong_checksum) + tail


def ipv4(
    payload: bytes,
    source: str = CLIENT,
    destination: str = SERVER,
    *,
    protocol: int = 6,
    options: bytes = b"",
    identification: int = 0x1234,
    fragment: int = 0x4000,
    total: int | None = None,
    version: int = 4,
    words: int | None = None,
    wrong_checksum: bool = False,
) -> bytes:
    words = 5 + len(options) // 4 if words is None else words
    total = 20 + len(options) + len(payload) if total is None else total
    head = pack(">BBHHHBB", version << 4 | words, 0, total, identification, fragment, 64, protocol)
    tail = address(source) + address(destination) + options
    right = checksum(head + b"\0\0" + tail)
    return head + pack(">H", right ^ wrong_checksum) + tail + payload


def ipv6(
    payload: bytes,
    source: str = CLIENT6,
    destination: str = SERVER6,
    *,
    following: int = 6,
    length: int | None = None,
    version: int = 6,
) -> bytes:
    length = len(payload) if length is None else length
    head = pack(">BxxxHBB", version << 4, length, following, 64)
    return head + address(source) + address(destination) + payload


def ethernet(payload: bytes, ethertype: int = 0x0800) -> bytes:
    return MACS + pack(">H", ethertype) + payload


def udp(payload: bytes, port: int, length: int | None = None) -> bytes:
    return pack(">HHHH", 50000, port, 8 + len(payload) if length is None else length, 0) + payload


def snap(payload: bytes, ethertype: int = 0x0800) -> bytes:
    return bytes.fromhex("aaaa03000000") + pack(">H", ethertype) + payload


PACKET = ipv4(tcp())
PACKET6 = ipv6(tcp(source=CLIENT6, destination=SERVER6))


def record(
    octets: bytes,
    link_type: int = 1,
    *,
    frame: int = 1,
    time: int = 0,
    original: int | None = None,
    before: bytes = b"\xee" * 3,
    behind: bytes = b"\xee" * 70,
) -> Record:
    """Put a frame among octets that are not its own."""
    original = len(octets) if original is None else original
    return Record(frame, time, link_type, before + octets + behind, len(before), len(octets), original)


def warnings(octets: bytes, link_type: int = 1) -> list[str]:
    """Return what decoding says of a frame that is no segment."""
    decoder = Decoder(None)
    assert decoder.decode(record(octets, link_type)) is None
    return decoder.warnings()


def cut(whole: Record, captured: int) -> Record:
    """Cut a frame as a snap length does; what lies behind are no longer its octets."""
    end = whole.start + captured
    data = whole.data[:end] + b"\xee" * 70
    return whole._replace(data=data, captured=captured)


def read_pcap(path: Path) -> Iterator[Record]:
    """Read a pcap file that is well-formed, but for a last record that may be cut."""
    data = path.read_bytes()
    order, unit = {
        "d4c3b2a1": ("<", 1000),
        "a1b2c3d4": (">", 1000),
        "4d3cb2a1": ("<", 1),
    }[data[:4].hex()]
    (link_type,) = unpack(order + "I", data[20:24])
    at, frame = 24, 1
    while at + 16 <= len(data):
        seconds, rest, captured, original = unpack(order + "4I", data[at : at + 16])
        at += 16
        if at + captured > len(data):
            break
        yield Record(frame, seconds * 10**9 + rest * unit, link_type, data, at, captured, original)
        at += captured
        frame += 1
