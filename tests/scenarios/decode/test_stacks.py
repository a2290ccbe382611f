"""Layers in layers, two and three deep, in any order that the formats allow: tshark finds the same segment."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise, product
from pathlib import Path
from struct import pack

import pytest

from pop2dissect.decode import Decoder
from tests.decode.build import MAC, MACS, OUTER, OUTER6, PACKET, PACKET6, ethernet, ipv4, ipv6, record, snap, udp
from tests.decode.encapsulations import BOTTOM, LABEL, VLAN, isl, mac_802_11, macsec
from tests.decode.tshark import opinion, opinions, write_pcapng

IPV4, IPV6, FRAME, ISL = "IPv4", "IPv6", "Ethernet", "ISL, which nothing tags"
Wrap = Callable[[bytes], bytes]


def tag(ethertype: int, octets: bytes) -> Wrap:
    """Put a tag behind the addresses of a frame, before its EtherType."""
    return lambda frame: frame[:12] + pack(">H", ethertype) + octets + frame[12:]


def outer(protocol: int, octets: bytes = b"") -> Wrap:
    return lambda inner: ipv4(octets + inner, *OUTER, protocol=protocol)


def outer6(protocol: int, octets: bytes = b"") -> Wrap:
    return lambda inner: ipv6(octets + inner, *OUTER6, following=protocol)


def datagram(port: int, octets: bytes) -> Wrap:
    return lambda inner: ipv4(udp(octets + inner, port), *OUTER, protocol=17)


def gtp(inner: bytes) -> bytes:
    return datagram(2152, b"\x30\xff" + pack(">HI", len(inner), 7))(inner)


def pppoe(protocol: bytes) -> Wrap:
    return lambda inner: ethernet(b"\x11\0\0\7" + pack(">H", 2 + len(inner)) + protocol + inner, 0x8864)


LAYERS: dict[str, tuple[str, str, Wrap]] = {
    # what is carried, what it is carried in
    "Ethernet": (IPV4, FRAME, ethernet),
    "Ethernet, IPv6": (IPV6, FRAME, lambda inner: ethernet(inner, 0x86DD)),
    "LLC": (IPV4, FRAME, lambda inner: ethernet(snap(inner), len(snap(inner)))),
    "MPLS": (IPV4, FRAME, lambda inner: ethernet(LABEL + BOTTOM + inner, 0x8847)),
    "PPPoE": (IPV4, FRAME, pppoe(b"\0\x21")),
    "PPPoE, IPv6": (IPV6, FRAME, pppoe(b"\0\x57")),
    "802.1Q": (FRAME, FRAME, tag(0x8100, VLAN)),
    "802.1ad": (FRAME, FRAME, tag(0x88A8, VLAN)),
    "802.1ah": (FRAME, FRAME, lambda inner: ethernet(b"\0\0\1\1" + inner, 0x88E7)),
    "R-tag": (FRAME, FRAME, tag(0xF1C1, b"\0\0\0\1")),
    "Cisco metadata": (FRAME, FRAME, tag(0x8909, b"\1\1\0\1\0\7")),
    "Arista": (FRAME, FRAME, tag(0xD28B, b"\0\1\0\x10" + bytes(8))),
    "MACsec": (FRAME, FRAME, lambda inner: macsec(b"\0\0", inner)),
    "MACsec, channel": (FRAME, FRAME, lambda inner: macsec(b"\x20\0", inner, MAC + b"\0\1")),
    "ISL": (FRAME, ISL, isl),
    "batman-adv": (FRAME, FRAME, lambda inner: ethernet(b"\x40\x0f\x32\1" + MAC + inner, 0x4305)),
    "batman-adv, 4": (FRAME, FRAME, lambda inner: ethernet(b"\x42\x0f\x32\1" + MACS + b"\1\0" + inner, 0x4305)),
    "IP in IP": (IPV4, IPV4, outer(4)),
    "IP in IPv6": (IPV4, IPV6, outer6(4)),
    "6in4": (IPV6, IPV4, outer(41)),
    "IPv6 in IPv6": (IPV6, IPV6, outer6(41)),
    "AH": (IPV4, IPV4, outer(51, b"\4\4" + bytes(22))),
    "GRE": (IPV4, IPV4, outer(47, b"\0\0\x08\0")),
    "GRE, IPv6": (IPV6, IPV4, outer(47, b"\x20\0\x86\xdd\0\0\0\7")),
    "GRE in IPv6": (IPV4, IPV6, outer6(47, b"\0\0\x08\0")),
    "GRE, Ethernet": (FRAME, IPV4, outer(47, b"\0\0\x65\x58")),
    "WCCP": (IPV4, IPV4, outer(47, b"\0\0\x88\x3e\0\0\0\0")),
    "ERSPAN": (FRAME, IPV4, outer(47, b"\x10\0\x88\xbe\0\0\0\1" + b"\x10\1\0\1\0\0\0\1")),
    "EtherIP": (FRAME, IPV4, outer(97, b"\x30\0")),
    "MPLS in IP": (IPV4, IPV4, outer(137, BOTTOM)),
    "MPLS in UDP": (IPV4, IPV4, datagram(6635, BOTTOM)),
    "VXLAN": (FRAME, IPV4, datagram(4789, b"\x08\0\0\0\0\0\1\0")),
    "Geneve": (FRAME, IPV4, datagram(6081, b"\0\0\x65\x58\0\0\1\0")),
    "GTP-U": (IPV4, IPV4, gtp),
    "GTP-U, IPv6": (IPV6, IPV4, gtp),
    "LISP": (IPV4, IPV4, datagram(4341, b"\x80\1\2\3\0\0\0\1")),
    "LISP, IPv6": (IPV6, IPV4, datagram(4341, b"\x80\1\2\3\0\0\0\1")),
    "L2TP": (IPV4, IPV4, datagram(1701, b"\0\2\0\1\0\2\xff\3\0\x21")),
    "Teredo": (IPV6, IPV4, datagram(3544, b"")),
    "TZSP": (FRAME, IPV4, datagram(37008, b"\1\0\0\1\1")),
    "TZSP, 802.11": (IPV4, IPV4, lambda i: datagram(37008, b"\1\0\0\x12\1")(mac_802_11(b"\x08\1") + snap(i))),
}
LINKS: dict[str, tuple[tuple[int, bytes], ...]] = {
    ISL: ((1, b""),),
    FRAME: ((1, b""), (192, b"\0\0\x08\0\1\0\0\0")),
    IPV4: ((101, b""), (9, b"\xff\3\0\x21"), (9, b"\x0f\0\x08\0"), (0, b"\2\0\0\0")),
    IPV6: ((101, b""), (9, b"\xff\3\0\x57"), (104, b"\x0f\0\x86\xdd")),
}
UNSEEN = frozenset(
    ("LLC", tag) for tag in ("802.1ad", "802.1ah", "R-tag", "Cisco metadata", "Arista", "MACsec", "MACsec, channel")
)
"""Wireshark 4.0 takes the length of LLC behind these tags for an unknown EtherType."""


def stacks(depth: int) -> list[tuple[str, ...]]:
    """Return all sequences of layers, the innermost first, of which each carries the one before it."""
    return [
        names
        for names in product(LAYERS, repeat=depth)
        if LAYERS[names[0]][0] != FRAME
        and all(LAYERS[below][0] == LAYERS[above][1] for above, below in pairwise(names))
    ]


def build(names: tuple[str, ...]) -> tuple[bytes, str]:
    carried = LAYERS[names[0]][0]
    octets = PACKET if carried == IPV4 else PACKET6
    for name in names:
        _, carried, wrap = LAYERS[name]
        octets = wrap(octets)
    return octets, carried


@pytest.mark.parametrize("depth", [2, 3])
def test_tshark_finds_the_same_in_every_stack(depth: int, tshark: str, tmp_path: Path) -> None:
    chance = random.Random(937)
    chosen = stacks(depth)
    if depth > 2:
        chosen = chance.sample(chosen, 600)
    records = []
    for number, names in enumerate(chosen, 1):
        octets, carried = build(names)
        link_type, head = chance.choice(LINKS[carried])
        records.append(record(head + octets, link_type, frame=number, time=number))
    path = tmp_path / "stacks.pcapng"
    write_pcapng(path, records)
    theirs = opinions(tshark, path)
    decoder = Decoder(frozenset({109}), verify_checksums=True)
    found = {one.frame: decoder.decode(one) for one in records}
    lost = [names for names, segment in zip(chosen, found.values(), strict=True) if segment is None]
    assert (lost, decoder.warnings()) == ([], [])
    ours = {frame: opinion(segment) for frame, segment in found.items() if segment is not None}
    unlike = [chosen[frame - 1] for frame, what in theirs.items() if what != ours[frame]]
    assert unlike == []
    blind = [names for number, names in enumerate(chosen, 1) if number not in theirs]
    assert [names for names in blind if not UNSEEN.intersection(pairwise(names))] == []
