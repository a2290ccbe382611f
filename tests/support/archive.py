"""Archives made up: rotated captures with sessions across their borders, and with what else lies in archives.

``python -m tests.support.archive FOLDER FILES`` writes one.
"""

from __future__ import annotations

import gzip
import random
import shutil
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.conversation import Packet
from tests.support.network import Network, login, read_all, refused
from tests.support.wire import Frame, encode, pcap, pcapng

_OTHERS = 4
"""Packets of other protocols for each of a session."""
_VXLAN = struct.pack(">HHHHII", 4789, 4789, 0, 0, 0x08000000, 109 << 8)


def write_archive(folder: Path, files: int, seed: int = 937) -> list[Path]:
    """Write so many captures, in the order of time but for some; give their paths.

    The first are of every kind: pcap, pcapng, compressed, big-endian; some are copies of others, one is truncated, one
    of another format, one no capture at all, one empty of packets.
    """
    chance = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    frames = sorted(mixed_frames(chance, sessions=files), key=lambda frame: frame.time)
    size = -(-len(frames) // files)
    paths = []
    for number in range(files):
        some = frames[number * size : (number + 1) * size]
        octets = pcapng(some, nanoseconds=True) if number % 3 == 1 else pcap(some, big_endian=number % 3 == 2)
        match number % 20:
            case 3:
                octets = gzip.compress(octets, 1, mtime=0)
            case 5:
                octets = octets[: len(octets) * 2 // 3]
            case 7:
                octets = b"snoop\0\0\0" + octets[8:]
            case 9:
                octets = b"From the archive's keeper: nothing here is a capture.\n"
            case 11:
                octets = pcap([])
            case 13:  # some records out of order
                chance.shuffle(some)
                octets = pcap(some)
        path = folder / f"{number:04}.cap"
        path.write_bytes(octets)
        if number % 20 == 15:
            shutil.copyfile(paths[-3], path)
        paths.append(path)
    return paths


def mixed_frames(chance: random.Random, sessions: int) -> Iterator[Frame]:
    """Yield the frames of sessions, in tunnels and fragments too, with four others after each."""
    network = Network()
    for number in range(sessions):
        client, port = f"192.0.2.{10 + number % 40}", 110 if number % 9 == 8 else 109
        turns = [refused(password=f"rain-{number}")] if number % 4 == 3 else [login(messages=3), *read_all(3)]
        end = ("quit", "client", "reset", "open")[number % 7 % 4]
        network.session(*turns, client=client, port=port, after=chance.random() * 3, end=end)  # type: ignore[arg-type]
        if number % 5 == 0:
            network.take(network.call(client, after=0.5).handshake())
        if number % 6 == 0:  # never answered
            network.packets.append(network.call(client, "192.0.2.200", after=0.1).handshake().packets[0])
    for packet in network.packets:
        yield from _on_the_wire(chance, packet)
        yield from (_other(chance, packet.time) for _ in range(_OTHERS))


def _on_the_wire(chance: random.Random, packet: Packet) -> list[Frame]:
    """Put a packet on the wire, as it is or in fragments; its client says whether it has a tag or goes by a tunnel."""
    host = int(max(packet.source, packet.destination)[0].rpartition(".")[2]) % 5
    mtu = 60 if chance.random() < 0.1 else None
    if host == 1:
        return encode([packet], link="vlan", mtu=mtu)
    frames = encode([packet], mtu=mtu)
    return frames if host != 2 else [_tunnelled(frame) for frame in frames]


def _tunnelled(frame: Frame) -> Frame:
    """Put a frame into VXLAN (RFC 7348)."""
    datagram = bytearray(_VXLAN) + frame.octets
    struct.pack_into(">H", datagram, 4, len(datagram))
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
    octets = bytes(12) + b"\x08\x00" + header + datagram
    return Frame(frame.time, octets, len(octets))


def _other(chance: random.Random, time: int) -> Frame:
    """Make a packet of no interest: HTTPS, DNS, ARP, or one with a tag."""
    kind, body = chance.randrange(4), chance.randbytes(chance.randrange(20, 200))
    if kind == 3:
        octets = bytes(12) + b"\x08\x06" + body
    else:
        tag = b"\x81\x00\x00\x07" if kind == 2 else b""
        protocol, port = (17, 53) if kind == 1 else (6, 443)
        header = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(body), 0, 0, 64, protocol, 0) + bytes(8)
        body = struct.pack(">HHIIBBHHH", port, 50000, 0, 0, 0x50, 16, 0, 0, 0) + body
        octets = bytes(12) + tag + b"\x08\x00" + header + body
    return Frame(time + chance.randrange(1000), octets, len(octets))


if __name__ == "__main__":
    write_archive(Path(sys.argv[1]), int(sys.argv[2]))
