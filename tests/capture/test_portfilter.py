"""The fast path is the same as the full one: no packet on a wanted port is ever missing."""

from __future__ import annotations

import struct
import tempfile

import dpkt  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pop2dissect.capture import Record
from pop2dissect.capture.linktypes import LAYOUTS
from pop2dissect.capture.portfilter import TUNNEL_UDP_PORTS, PortFilter
from pop2dissect.decode import Decoder
from tests.capture.files import (
    PORT,
    PORTS,
    Plain,
    enhanced,
    ethernet,
    interface,
    ipv4,
    ipv6,
    pcap,
    pcap_header,
    pcap_record,
    pcapng,
    read,
    section,
    segment,
    tcp,
    udp,
)

WANTED = tcp(40000, PORT, b"FOLD\r\n")
OTHER = tcp(40000, 80, b"GET /\r\n")


def link(link_type: int, version: int, packet: bytes) -> bytes:
    """Put an IP packet on the wire as a link type does."""
    ethertype = 0x0800 if version == 4 else 0x86DD
    family = 2 if version == 4 else 10
    return {
        1: ethernet(ethertype, packet),
        0: struct.pack("<I", family) + packet,
        108: struct.pack(">I", family) + packet,
        113: struct.pack(">HHH8sH", 0, 1, 6, bytes(8), ethertype) + packet,
        276: struct.pack(">HHIHBB8s", ethertype, 0, 2, 1, 0, 6, bytes(8)) + packet,
    }.get(link_type, packet)


KEPT_IPV4 = {
    "to the port": ipv4(6, WANTED),
    "from the port": ipv4(6, tcp(PORT, 40000)),
    "with a type of service": ipv4(6, WANTED, tos=0xFF),
    "options": ipv4(6, OTHER, options=bytes(4)),
    "first fragment": ipv4(6, OTHER, fragment=0x2000),
    "later fragment": ipv4(6, OTHER, fragment=0x0001),
    "later fragment of 2**12": ipv4(6, OTHER, fragment=0x1000),
    "IP in IP": ipv4(4, ipv4(6, WANTED)),
    "IPv6 in IP": ipv4(41, ipv6(6, WANTED)),
    "GRE": ipv4(47, b"\0\0\x08\0" + ipv4(6, WANTED)),
    "AH": ipv4(51, bytes(24) + WANTED),
    "unknown protocol": ipv4(254, WANTED),
    "short": ipv4(6, OTHER)[:23],
    "VXLAN": ipv4(17, udp(1111, 4789, b"\x08" + bytes(7) + segment())),
    "VXLAN back": ipv4(17, udp(8472, 1111, b"\x08" + bytes(7) + segment())),
    "other version": b"\x55" + ipv4(6, OTHER)[1:],
}
SKIPPED_IPV4 = {
    "other ports": ipv4(6, OTHER),
    "not to be fragmented, or the reserved bit": ipv4(6, OTHER, fragment=0xC000),
    "UDP on the port": ipv4(17, udp(PORT, PORT, b"\0" * 8)),
    "ICMP": ipv4(1, b"\x08\0" + bytes(30)),
    "ICMP with what would be the port": ipv4(1, struct.pack(">HH", PORT, PORT) + bytes(4)),
}
KEPT_IPV6 = {
    "to the port": ipv6(6, WANTED),
    "from the port": ipv6(6, tcp(PORT, 40000)),
    "hop-by-hop options": ipv6(0, b"\x06\0" + bytes(6) + WANTED),
    "fragment": ipv6(44, b"\x06\0\0\0" + bytes(4) + WANTED),
    "short": ipv6(6, OTHER)[:43],
    "GRE": ipv6(47, b"\0\0\x08\0" + ipv4(6, WANTED)),
    "Geneve": ipv6(17, udp(1, 6081, bytes(8) + segment())),
}
SKIPPED_IPV6 = {
    "other ports": ipv6(6, OTHER),
    "UDP on the port": ipv6(17, udp(PORT, PORT)),
    "ICMPv6": ipv6(58, bytes(20)),
}
CASES = [
    (version, packet, skipped)
    for version, skipped, packets in (
        (4, False, KEPT_IPV4),
        (4, True, SKIPPED_IPV4),
        (6, False, KEPT_IPV6),
        (6, True, SKIPPED_IPV6),
    )
    for packet in packets.values()
]


def read_made(octets: bytes, ports: frozenset[int] | None = None) -> list[Plain]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(octets)
        file.flush()
        return read(file.name, ports)[0]


@pytest.mark.parametrize("link_type", LAYOUTS)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("make", [pcap, pcapng])
def test_what_is_skipped_and_what_is_kept(link_type: int, order: str, make: object) -> None:
    frames = [link(link_type, version, packet) for version, packet, _ in CASES]
    assert callable(make)
    records = read_made(make(frames, order, network=link_type), PORTS)
    numbers = [record[0] for record in records]
    assert numbers == [n for n, case in enumerate(CASES, 1) if not case[2]]


@pytest.mark.parametrize("link_type", [0, 108])
def test_address_family_in_either_byte_order(link_type: int) -> None:
    for family in (2, 10, 24, 28, 30):
        packet = ipv4(6, OTHER) if family == 2 else ipv6(6, OTHER)
        frames = [struct.pack(order + "I", family) + packet for order in "<>"]
        assert read_made(pcap(frames, network=link_type), PORTS) == []


def test_frames_that_never_hold_ip_and_frames_that_may() -> None:
    skipped = [ethernet(kind, bytes(46)) for kind in (0x0806, 0x8035, 0x8809, 0x888E, 0x88CC, 0x88F7)]
    kept = [
        ethernet(0x8100, b"\0\1\x08\0" + ipv4(6, WANTED)),
        ethernet(0x8847, b"\0\1\1\x40" + ipv4(6, WANTED)),
        ethernet(0x8864, b"\x11\0\0\1\0\x62\0\x21" + ipv4(6, WANTED)),
        ethernet(60, b"\xaa\xaa\3\0\0\0\x08\0" + ipv4(6, WANTED)),
        ethernet(0x1234, bytes(46)),
        b"short",
        b"",
    ]
    assert [record[3] for record in read_made(pcap(skipped + kept), PORTS)] == kept


def test_unknown_link_type_is_never_skipped() -> None:
    frames = [ethernet(0x0800, ipv4(6, OTHER))] * 3
    assert len(read_made(pcap(frames, network=147), PORTS)) == 3
    assert not PortFilter(PORTS, 147).skips(frames[0], 0, len(frames[0]))


def test_no_ports_at_all_are_a_filter_too() -> None:
    assert read_made(pcap([segment()]), frozenset()) == []


@pytest.mark.parametrize("captured", range(39))
def test_short_captures_are_kept_whatever_follows(captured: int) -> None:
    """What lies behind a short frame, here a frame of other ports, must not be taken for its fields."""
    frame = segment(destination=80)
    octets = pcap_header() + pcap_record(frame[:captured]) + pcap_record(frame)
    numbers = [record[0] for record in read_made(octets, PORTS)]
    assert numbers == ([1] if captured < 38 else [])


def test_tunnels_of_the_decoder_are_kept() -> None:
    """A UDP tunnel that the decoder enters must be known to the filter."""
    from pop2dissect.decode.packet import UDP_PORT
    from pop2dissect.decode.tunnel import LAYERS

    ports = {key & 0xFFFF for key in LAYERS if key & ~0xFFFF == UDP_PORT}
    assert ports
    assert ports <= TUNNEL_UDP_PORTS


def wanted_by_dpkt(frame: bytes) -> bool:
    """Whether an Ethernet frame is unfragmented TCP on the port, as another library sees it."""
    try:
        packet = dpkt.ethernet.Ethernet(frame).data
    except (dpkt.UnpackError, IndexError, struct.error, ValueError):
        return False
    while isinstance(packet, dpkt.ip.IP | dpkt.ip6.IP6):
        packet = packet.data
    return isinstance(packet, dpkt.tcp.TCP) and PORT in (packet.sport, packet.dport)


base_frames = st.sampled_from(
    [
        *(link(1, version, packet) for version, packet, _ in CASES),
        ethernet(0x8100, b"\0\1\x08\0" + ipv4(6, WANTED)),
    ]
)


@st.composite
def mutated_frames(draw: st.DrawFn) -> bytes:
    frame = bytearray(draw(base_frames))
    for _ in range(draw(st.integers(0, 3))):
        frame[draw(st.integers(0, min(len(frame), 80) - 1))] = draw(
            st.sampled_from([0, 1, 6, 4, 17, 0x45, 0x60, 0x40, 0x08, 0x86, 0xDD, PORT, 0x80, 0xFF])
        )
    return bytes(frame[: draw(st.one_of(st.just(len(frame)), st.integers(0, len(frame))))])


@settings(max_examples=200)
@given(st.lists(mutated_frames(), max_size=8), st.sampled_from("<>"), st.sampled_from([pcap, pcapng]))
def test_mutated_frames_are_never_missed(frames: list[bytes], order: str, make: object) -> None:
    assert callable(make)
    octets = make(frames, order)
    kept = {record[0] for record in read_made(octets, PORTS)}
    assert {n for n, frame in enumerate(frames, 1) if wanted_by_dpkt(frame)} <= kept
    assert {n for n, frame in enumerate(frames, 1) if wanted_by_decoder(frame)} <= kept


def wanted_by_decoder(frame: bytes) -> bool:
    """Whether our own decoder finds a segment of the port in a frame: it must not be missed either."""
    return Decoder(PORTS).decode(Record(1, 0, 1, frame, 0, len(frame), len(frame))) is not None


def test_interfaces_of_several_link_types() -> None:
    frames = [(0, segment()), (1, ipv4(6, OTHER)), (1, ipv4(6, WANTED)), (0, segment(destination=80))]
    octets = section() + interface(1) + interface(101) + b"".join(enhanced(f, n, i) for n, (i, f) in enumerate(frames))
    assert [record[0] for record in read_made(octets, PORTS)] == [1, 3]
