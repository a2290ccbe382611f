"""dpkt as an independent oracle: for plain layers it builds the packets and reads the same fields."""

from __future__ import annotations

import dpkt  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.decode import Decoder, Segment
from tests.decode.build import record

PORT = st.integers(0, 0xFFFF)
WORD = st.integers(0, 0xFFFFFFFF)
HEADERS = st.builds(
    dpkt.tcp.TCP,
    sport=PORT,
    dport=PORT,
    seq=WORD,
    ack=WORD,
    flags=st.integers(0, 255),
    win=PORT,
    urp=PORT,
    data=st.binary(max_size=40),
)
ADDRESS4 = st.binary(min_size=4, max_size=4)
ADDRESS6 = st.binary(min_size=16, max_size=16)
IPV4 = st.builds(lambda tcp, src, dst: dpkt.ip.IP(src=src, dst=dst, p=6, data=tcp), HEADERS, ADDRESS4, ADDRESS4)
IPV6 = st.builds(
    lambda tcp, src, dst: dpkt.ip6.IP6(src=src, dst=dst, nxt=6, plen=len(tcp), data=tcp),
    HEADERS,
    ADDRESS6,
    ADDRESS6,
)


def expected(packet: dpkt.Packet, segment: Segment) -> Segment:
    """Read a packet's octets with dpkt, for what dpkt keeps of it."""
    tcp = packet.data
    assert isinstance(tcp, dpkt.tcp.TCP)
    ports = tcp.sport.to_bytes(2, "big") + tcp.dport.to_bytes(2, "big")
    assert segment.data[segment.start : segment.start + segment.captured] == bytes(tcp.data)
    return segment._replace(
        key=packet.src + packet.dst + ports,
        seq=tcp.seq,
        ack=tcp.ack,
        flags=tcp.flags & 0xFF,
        window=tcp.win,
        urgent=tcp.urp,
        length=len(tcp.data),
        captured=len(tcp.data),
    )


@given(st.one_of(IPV4, IPV6))
def test_ethernet(packet: dpkt.Packet) -> None:
    ethertype = 0x0800 if isinstance(packet, dpkt.ip.IP) else 0x86DD
    octets = bytes(dpkt.ethernet.Ethernet(type=ethertype, data=packet)).ljust(60, b"\0")
    decoder = Decoder(None, verify_checksums=ethertype == 0x0800)  # dpkt leaves IPv6's checksums out
    segment = decoder.decode(record(octets))
    assert segment is not None
    assert segment == expected(dpkt.ethernet.Ethernet(octets).data, segment)
    assert decoder.warnings() == []


@given(st.one_of(IPV4, IPV6))
def test_cooked(packet: dpkt.Packet) -> None:
    ethertype = 0x0800 if isinstance(packet, dpkt.ip.IP) else 0x86DD
    octets = bytes(dpkt.sll.SLL(hlen=6, ethtype=ethertype, data=packet))
    segment = Decoder(None).decode(record(octets, 113))
    assert segment is not None
    assert segment == expected(dpkt.sll.SLL(octets).data, segment)


@given(IPV4)
def test_raw_and_gre(packet: dpkt.Packet) -> None:
    outer = dpkt.ip.IP(src=b"\1\1\1\1", dst=b"\2\2\2\2", p=47, data=dpkt.gre.GRE(p=0x0800, data=packet))
    for octets in (bytes(packet), bytes(outer)):
        segment = Decoder(None).decode(record(octets, 101))
        assert segment is not None
        assert segment == expected(dpkt.ip.IP(bytes(packet)), segment)
