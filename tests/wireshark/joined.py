"""Many captures put into one, so that tshark need not start for each.

Each is preceded by a marker: a SYN whose stream number tells where those of the capture begin. Addresses
are replaced, so that no connection of one capture is taken for one of another; nothing else is touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from struct import pack

from pop2dissect.capture import CaptureReader
from tests.support.conversation import SYN, Packet
from tests.support.wire import encode

MARKER = "127.0.0.1"
"""Source address of the markers, and of nothing else."""

_AFTER_LINK = {1: 14, 101: 0, 113: 16}
_ETHERTYPE_BEFORE = 2
_VLAN = b"\x81\x00"


@dataclass
class Addresses:
    """New addresses for old ones, another for each capture."""

    known: dict[tuple[str, bytes], bytes] = field(default_factory=dict)

    def replace(self, capture: str, old: bytes) -> bytes:
        number = len(self.known) + 1
        new = pack(">I", 0x0A000000 + number) if len(old) == 4 else pack(">QQ", 0xFD00 << 48, number)
        return self.known.setdefault((capture, old), new)


def join(captures: dict[str, Path], target: Path) -> dict[str, int]:
    """Write captures into a pcapng, an interface each; give the frame of each one's marker."""
    addresses, markers = Addresses(), {}
    blocks = [_block(0x0A0D0D0A, pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)), _interface(1)]
    frames = 0
    for interface, (name, path) in enumerate(captures.items(), 1):
        with CaptureReader([path]) as reader:
            records = list(reader)
        (link_type,) = {record.link_type for record in records}
        blocks.append(_interface(link_type))
        frames += 1
        markers[name] = frames
        blocks.append(_packet(0, records[0].time, _marker(frames), None))
        for record in records:
            frames += 1
            octets = bytearray(record.data[record.start : record.start + record.captured])
            for at, length in _addresses_in(octets, link_type):
                octets[at : at + length] = addresses.replace(name, bytes(octets[at : at + length]))
            blocks.append(_packet(interface, record.time, bytes(octets), record.original))
    target.write_bytes(b"".join(blocks))
    return markers


def _marker(number: int) -> bytes:
    (frame,) = encode(
        [Packet(time=0, source=(MARKER, 1 + number % 60000), destination=(MARKER, 9), seq=1, ack=0, flags=SYN)]
    )
    return frame.octets


def _addresses_in(octets: bytearray, link_type: int) -> Iterable[tuple[int, int]]:
    """Return position and length of the two addresses in a frame's outer IP header, where it has one."""
    at = _AFTER_LINK[link_type]
    if at and octets[at - _ETHERTYPE_BEFORE : at] == _VLAN:
        at += 4
    kind = octets[at - _ETHERTYPE_BEFORE : at]
    version = octets[at] >> 4 if len(octets) > at else 0
    if version == 4 and kind in (b"", b"\x08\x00"):
        return ((at + 12, 4), (at + 16, 4))
    if version == 6 and kind in (b"", b"\x86\xdd"):
        return ((at + 8, 16), (at + 24, 16))
    return ()


def _block(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return pack("<II", kind, len(body) + 12) + body + pack("<I", len(body) + 12)


def _interface(link_type: int) -> bytes:
    nanoseconds = pack("<HHB3xHH", 9, 1, 9, 0, 0)
    return _block(1, pack("<HHI", link_type, 0, 0) + nanoseconds)


def _packet(interface: int, time: int, octets: bytes, original: int | None) -> bytes:
    high, low = divmod(time, 1 << 32)
    head = pack("<IIIII", interface, high, low, len(octets), len(octets) if original is None else original)
    return _block(6, head + octets)
