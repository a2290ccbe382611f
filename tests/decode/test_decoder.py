from __future__ import annotations

import mmap
import tempfile
from itertools import pairwise

import pytest

from pop2dissect.capture.record import FRAME_BITS, Record
from pop2dissect.decode import Decoder, Segment, reverse_key
from pop2dissect.limits import Limits
from tests.decode.build import (
    CLIENT,
    CLIENT6,
    MACS,
    OUTER,
    PACKET,
    PACKET6,
    PAYLOAD,
    SERVER,
    SERVER6,
    address,
    cut,
    ethernet,
    ipv4,
    ipv6,
    record,
    tcp,
)

POP2 = frozenset({109})


def decode(octets: bytes, link_type: int = 1, original: int | None = None) -> tuple[Segment | None, list[str]]:
    decoder = Decoder(POP2)
    segment = decoder.decode(record(octets, link_type, original=original))
    return segment, decoder.warnings()


def undecoded(reason: str) -> tuple[None, list[str]]:
    return None, [f"1 packet could not be decoded (frame 1): {reason}"]


def test_every_field() -> None:
    octets = ethernet(
        ipv4(tcp(b"QUIT\r\n", ports=(5, 109), seq=1, ack=2, flags=0xFF, window=4, urgent=6, options=b"\1" * 8))
    )
    one = record(octets, frame=17, time=1_000_000_001)
    assert Decoder(POP2).decode(one) == Segment(
        frame=17,
        time=1_000_000_001,
        key=address(CLIENT) + address(SERVER) + b"\0\5\0\x6d",
        seq=1,
        ack=2,
        flags=0xFF,
        window=4,
        urgent=6,
        data=one.data,
        start=one.start + 14 + 20 + 28,
        captured=6,
        length=6,
        fragments=(),
    )


def test_the_key_reverses() -> None:
    there, _ = decode(ethernet(PACKET6, 0x86DD))
    back = Decoder(POP2).decode(
        record(ethernet(ipv6(tcp(b"", SERVER6, CLIENT6, ports=(109, 40109)), SERVER6, CLIENT6), 0x86DD))
    )
    assert there is not None
    assert back is not None
    assert reverse_key(there.key) == back.key


def test_a_memory_map_is_read_in_place() -> None:
    octets = ethernet(PACKET)
    with tempfile.TemporaryFile() as file:
        file.write(octets)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for link_type, start in ((1, 0), (228, 14)):
                one = Record(1, 0, link_type, data, start, len(octets) - start, len(octets) - start)
                segment = Decoder(POP2).decode(one)
                assert segment is not None
                assert segment.data is data
                assert data[segment.start : segment.start + segment.captured] == PAYLOAD
                assert type(segment.key) is bytes


@pytest.mark.parametrize("packet", [ipv4(tcp(b"")), ipv4(tcp(b"a"))])
def test_padding_is_no_payload(packet: bytes) -> None:
    segment, warnings = decode(ethernet(packet).ljust(60, b"\0"))
    assert segment is not None
    assert segment.length == segment.captured == len(packet) - 40
    assert warnings == []


def test_a_cut_leaves_the_length_on_the_wire() -> None:
    octets = ethernet(PACKET)
    segment, warnings = decode(octets[:60], original=len(octets))
    assert segment is not None
    assert (segment.captured, segment.length) == (6, len(PAYLOAD))
    assert warnings == []


def test_options_that_were_cut_are_no_matter() -> None:
    octets = ethernet(ipv4(tcp(options=b"\1" * 40)))
    segment, warnings = decode(octets[:58], original=len(octets))
    assert segment is not None
    assert (segment.captured, segment.length) == (0, len(PAYLOAD))
    assert segment.start == record(octets[:58]).start + 58
    assert warnings == []


def test_an_original_length_less_than_what_was_captured_is_not_believed() -> None:
    segment, warnings = decode(ethernet(PACKET), original=0)
    assert segment is not None
    assert segment.captured == segment.length == len(PAYLOAD)
    assert warnings == []


@pytest.mark.parametrize(
    ("segment", "reason"),
    [
        (tcp(offset=4), "the data offset field of a TCP header is less than 20 octets"),
        (tcp(offset=15), "the TCP header is longer than the packet"),
        (tcp()[:12], "the TCP header is longer than the packet"),
        (tcp()[:3], "the TCP header is longer than the packet"),
    ],
)
def test_malformed_tcp_headers(segment: bytes, reason: str) -> None:
    assert decode(ethernet(ipv4(segment))) == undecoded(reason)
    assert decode(ethernet(ipv6(segment), 0x86DD)) == undecoded(reason)


def test_a_malformed_header_between_other_ports_is_no_problem() -> None:
    assert decode(ethernet(ipv4(tcp(ports=(80, 81), offset=4)))) == (None, [])


def test_headers_that_were_cut() -> None:
    whole = record(ethernet(PACKET))
    for captured, header in ((13, "Ethernet"), (33, "IPv4"), (37, "TCP"), (53, "TCP")):
        decoder = Decoder(POP2)
        assert decoder.decode(cut(whole, captured)) is None
        assert decoder.warnings() == [
            f"1 packet could not be decoded (frame 1): the snap length cut the {header} header"
        ]
    other = record(ethernet(ipv4(tcp(ports=(1, 2)))))
    decoder = Decoder(POP2)
    assert decoder.decode(cut(other, 38)) is None
    assert decoder.warnings() == [], "the ports could be read, and are not wanted"


UNSUPPORTED = "is not supported; --engine tshark may know it"


def test_unsupported_link_types_are_named() -> None:
    decoder = Decoder(POP2)
    for frame in range(1, 1235):
        assert decoder.decode(record(PACKET, 147, frame=frame)) is None
    assert decoder.warnings() == [f"1,234 packets could not be decoded (first frame 1): link type 147 {UNSUPPORTED}"]
    assert decode(b"\0\0\x08\0\x93\0\0\0", 192) == undecoded(f"link type 147 {UNSUPPORTED}")
    assert decode(PACKET, 0x10800) == undecoded(f"link type 67584 {UNSUPPORTED}")


@pytest.mark.parametrize(
    "octets",
    [
        ethernet(b"\0\1\x08\0\6\4\0\1" + b"\0" * 20, 0x0806),
        ethernet(b"\x42\x42\3" + b"\0" * 35, 38),
        ethernet(b"\0" * 3, 3),
        ethernet(ipv4(b"\x08\0\0\0", protocol=1)),
        ethernet(ipv6(b"", following=59), 0x86DD),
        ethernet(ipv4(b"\0\0\0", protocol=17)),
    ],
)
def test_other_traffic_is_no_problem(octets: bytes) -> None:
    assert decode(octets) == (None, [])


def test_tunnels_in_tunnels_have_an_end() -> None:
    def nested(depth: int) -> bytes:
        packet = PACKET
        for _ in range(depth):
            packet = ipv4(packet, *OUTER, protocol=4)
        return packet

    segment, _ = decode(nested(10), 101)
    assert segment is not None
    assert decode(nested(40), 101) == undecoded("it has more than 32 headers before TCP")
    assert Decoder(POP2, limits=Limits(layers=100)).decode(record(nested(40), 101)) is not None


def test_hostile_stacks_of_tags_end_soon() -> None:
    tags = MACS + b"\x81\0" + b"\0\1\x81\0" * 60_000
    assert decode(tags) == undecoded("it has more than 32 headers before TCP")


def test_checksums_are_verified_on_request() -> None:
    good = (ethernet(PACKET), ethernet(PACKET6, 0x86DD), ethernet(ipv4(tcp(b"odd"))))
    bad_tcp = ethernet(ipv4(tcp(wrong_checksum=True)))
    bad_ip = ethernet(ipv4(tcp(), wrong_checksum=True))
    decoder = Decoder(POP2, verify_checksums=True)
    for frame, octets in enumerate((*good, bad_tcp, bad_ip, bad_ip), 1):
        one = record(octets, frame=frame)
        segment = decoder.decode(one)
        assert segment is not None
        assert segment._replace(doubts=()) == Decoder(POP2).decode(one)
        assert bool(segment.doubts) == (frame > 3)
    assert [(problem.count, problem.frames) for problem in decoder.problems.values()] == [
        (1, [4]),
        (2, [5, 6]),
    ]
    assert decoder.warnings()[1] == (
        "2 packets were decoded with a doubt (first frame 5): the IPv4 header checksum is wrong: "
        "its receiver drops it, unless it is as checksum offload leaves it"
    )


def test_checksums_of_cut_packets_cannot_be_verified() -> None:
    decoder = Decoder(POP2, verify_checksums=True)
    assert decoder.decode(cut(record(ethernet(PACKET)), 60)) is not None
    assert decoder.warnings() == []


def test_problems_keep_the_first_frames() -> None:
    decoder = Decoder(POP2)
    capture = 1 << FRAME_BITS
    for frame in range(capture + 7, capture + 12):
        decoder.decode(record(b"", frame=frame))
    (problem,) = decoder.problems.values()
    assert (problem.count, problem.frames) == (5, [capture + 7, capture + 8, capture + 9])
    assert decoder.warnings() == [
        "5 packets could not be decoded (first frame 2:7): the Ethernet header is longer than the packet"
    ]


def test_decoders_share_nothing() -> None:
    decoders = [Decoder(POP2) for _ in range(3)]
    decoders[0].decode(record(b""))
    for one, other in pairwise(decoders):
        assert one.problems is not other.problems
    assert decoders[1].warnings() == []


def test_plain_packets_between_other_addresses() -> None:
    segment, _ = decode(ethernet(ipv6(tcp(source=CLIENT6, destination=SERVER6)), 0x86DD))
    assert segment is not None
    assert segment.key == address(CLIENT6) + address(SERVER6) + b"\x9c\xad\0\x6d"
