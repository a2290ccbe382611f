"""Packets put on a wire and into capture files: link layers, IP, checksums, fragments, pcap, pcapng."""

from __future__ import annotations

import gzip
import ipaddress
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import dpkt  # type: ignore[import-untyped]

from tests.support.conversation import ACK, Packet

Link: TypeAlias = Literal["ethernet", "vlan", "sll", "raw", "null"]

LINK_TYPES: dict[Link, int] = {"ethernet": 1, "vlan": 1, "sll": 113, "raw": 101, "null": 0}
"""LINKTYPE_ values, see https://www.tcpdump.org/linktypes.html."""
SNAP_LENGTH = 262144
VLAN_ID = 109


class Frame(NamedTuple):
    """What was on the wire, or as much of it as is to be captured."""

    time: int
    octets: bytes
    original: int
    """Its length on the wire."""


def encode(
    packets: Iterable[Packet],
    *,
    link: Link = "ethernet",
    mtu: int | None = None,
    pad: bool = False,
    snap_length: int = SNAP_LENGTH,
) -> list[Frame]:
    """Make frames of packets, with right lengths and checksums.

    IP datagrams longer than ``mtu`` are fragmented; ``pad`` fills Ethernet frames up to 60 octets, as
    received ones are.
    """
    frames = []
    for packet in packets:
        for datagram in _datagrams(packet, mtu):
            octets = _link_header(packet, link) + datagram
            if pad and link in ("ethernet", "vlan"):
                octets = octets.ljust(60, b"\0")
            frames.append(Frame(packet.time, octets[:snap_length], len(octets)))
    return frames


def pcap(
    frames: Iterable[Frame],
    *,
    link: Link = "ethernet",
    nanoseconds: bool = False,
    big_endian: bool = False,
    snap_length: int = SNAP_LENGTH,
) -> bytes:
    """Write a capture in the pcap format (draft-ietf-opsawg-pcap)."""
    order = ">" if big_endian else "<"
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    unit = 1 if nanoseconds else 1000
    written = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snap_length, LINK_TYPES[link])]
    for frame in frames:
        seconds, rest = divmod(frame.time, 10**9)
        written.append(struct.pack(order + "IIII", seconds, rest // unit, len(frame.octets), frame.original))
        written.append(frame.octets)
    return b"".join(written)


def pcapng(
    frames: Iterable[Frame],
    *,
    link: Link = "ethernet",
    nanoseconds: bool = False,
    big_endian: bool = False,
    snap_length: int = SNAP_LENGTH,
) -> bytes:
    """Write a capture in the pcapng format (draft-ietf-opsawg-pcapng): one section, one interface."""
    order = ">" if big_endian else "<"
    unit = 1 if nanoseconds else 1000

    def block(kind: int, body: bytes) -> bytes:
        body = _to_four(body)
        length = struct.pack(order + "I", len(body) + 12)
        return struct.pack(order + "I", kind) + length + body + length

    resolution = struct.pack(order + "HH", 9, 1) + (b"\x09" if nanoseconds else b"\x06") + bytes(3)
    options = resolution + struct.pack(order + "HH", 0, 0)
    written = [
        block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1)),
        block(1, struct.pack(order + "HHI", LINK_TYPES[link], 0, snap_length) + options),
    ]
    for frame in frames:
        high, low = divmod(frame.time // unit, 2**32)
        header = struct.pack(order + "IIIII", 0, high, low, len(frame.octets), frame.original)
        written.append(block(6, header + frame.octets))
    return b"".join(written)


def save(
    path: Path,
    packets: Iterable[Packet],
    *,
    link: Link = "ethernet",
    mtu: int | None = None,
    pad: bool = False,
    nanoseconds: bool = False,
    big_endian: bool = False,
    snap_length: int = SNAP_LENGTH,
) -> Path:
    """Write packets to a capture in the format its name tells: ``.pcap``, ``.pcapng``, also with ``.gz``."""
    frames = encode(packets, link=link, mtu=mtu, pad=pad, snap_length=snap_length)
    name = path.name.removesuffix(".gz")
    write = pcapng if name.endswith(".pcapng") else pcap
    octets = write(frames, link=link, nanoseconds=nanoseconds, big_endian=big_endian, snap_length=snap_length)
    path.write_bytes(gzip.compress(octets, mtime=0) if path.suffix == ".gz" else octets)
    return path


def _to_four(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)


def _datagrams(packet: Packet, mtu: int | None) -> list[bytes]:
    """Make the IP datagram of a packet, in fragments where it is longer than the MTU."""
    options = _to_four(packet.options)
    tcp = dpkt.tcp.TCP(
        sport=packet.source[1],
        dport=packet.destination[1],
        seq=packet.seq,
        ack=packet.ack if packet.flags & ACK else 0,
        off=5 + len(options) // 4,
        flags=packet.flags,
        win=packet.window,
        urp=packet.urgent,
        opts=options,
        data=packet.payload,
    )
    source, destination = (ipaddress.ip_address(end[0]) for end in (packet.source, packet.destination))
    if source.version == 6:
        whole = bytes(
            dpkt.ip6.IP6(
                src=source.packed,
                dst=destination.packed,
                nxt=dpkt.ip.IP_PROTO_TCP,
                hlim=64,
                plen=len(tcp),
                data=tcp,
            )
        )
        return _fragments_v6(whole, packet.ip_id, mtu)
    ip = dpkt.ip.IP(
        src=source.packed, dst=destination.packed, p=dpkt.ip.IP_PROTO_TCP, ttl=64, id=packet.ip_id, data=tcp
    )
    ip.len = len(ip)
    ip.df = int(mtu is None)
    return _fragments_v4(bytes(ip), mtu)


def _fragments_v4(whole: bytes, mtu: int | None) -> list[bytes]:
    """Fragment an IPv4 datagram (RFC 791, section 3.2)."""
    if mtu is None or len(whole) <= mtu:
        return [whole]
    payload = whole[20:]
    step = (mtu - 20) // 8 * 8
    fragments = []
    for offset in range(0, len(payload), step):
        piece = payload[offset : offset + step]
        more = offset + step < len(payload)
        header = bytearray(whole[:20])
        header[2:4] = struct.pack(">H", 20 + len(piece))
        header[6:8] = struct.pack(">H", (0x2000 if more else 0) | offset // 8)
        header[10:12] = bytes(2)
        header[10:12] = struct.pack(">H", dpkt.in_cksum(bytes(header)))
        fragments.append(bytes(header) + piece)
    return fragments


def _fragments_v6(whole: bytes, identification: int, mtu: int | None) -> list[bytes]:
    """Fragment an IPv6 datagram (RFC 8200, section 4.5)."""
    if mtu is None or len(whole) <= mtu:
        return [whole]
    payload = whole[40:]
    step = (mtu - 48) // 8 * 8
    fragments = []
    for offset in range(0, len(payload), step):
        piece = payload[offset : offset + step]
        more = offset + step < len(payload)
        extension = struct.pack(">BBHI", whole[6], 0, offset | more, identification)
        header = whole[:4] + struct.pack(">HB", 8 + len(piece), 44) + whole[7:40]
        fragments.append(header + extension + piece)
    return fragments


def _hardware_address(ip: str) -> bytes:
    """Return the locally administered address that a host has here: its last four IP octets in it."""
    return b"\x02\x00" + ipaddress.ip_address(ip).packed[-4:]


def _link_header(packet: Packet, link: Link) -> bytes:
    version = ipaddress.ip_address(packet.source[0]).version
    ether_type = struct.pack(">H", 0x0800 if version == 4 else 0x86DD)
    source, destination = _hardware_address(packet.source[0]), _hardware_address(packet.destination[0])
    match link:
        case "ethernet":
            return destination + source + ether_type
        case "vlan":
            return destination + source + struct.pack(">HH", 0x8100, VLAN_ID) + ether_type
        case "sll":
            return struct.pack(">HHH6s2x", 0, 1, 6, source) + ether_type
        case "null":
            return struct.pack("<I", 2 if version == 4 else 30)  # AF_INET6 as macOS has it
        case "raw":
            return b""
