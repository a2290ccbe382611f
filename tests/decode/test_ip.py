from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pop2dissect.decode import Decoder, Segment
from tests.decode.build import (
    CLIENT6,
    OUTER6,
    PACKET,
    PACKET6,
    PAYLOAD,
    SERVER6,
    address,
    ethernet,
    ipv4,
    ipv6,
    record,
    tcp,
)
from tests.decode.tshark import write_pcapng

POP2 = frozenset({109})
PAD = b"\1\4\0\0\0\0"
TCP6 = tcp(source=CLIENT6, destination=SERVER6)


def decode(packet: bytes, original: int | None = None) -> tuple[Segment | None, list[str]]:
    decoder = Decoder(POP2, verify_checksums=True)
    segment = decoder.decode(record(packet, 101, original=original))
    return segment, decoder.warnings()


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (PACKET[:19], "the IPv4 header is longer than the packet"),
        (ipv4(tcp(), words=15)[:50], "the IPv4 header is longer than the packet"),
        (ipv4(tcp(), words=4), "the header length field of an IPv4 header is less than 20 octets"),
        (ipv4(tcp(), total=19), "the total length field of an IPv4 header is less than the header"),
        (ipv4(tcp(), total=30), "the TCP header is longer than the packet"),
        (PACKET6[:39], "the IPv6 header is longer than the packet"),
        (ipv6(b"\6\0" + PAD[:5], following=0), "the IPv6 extension header is longer than the packet"),
        (ipv6(b"\6\5" + PAD + TCP6[:8], following=60), "the IPv6 extension header is longer than the packet"),
        (ipv6(b"\6\0\0\0", following=44), "the IPv6 fragment header is longer than the packet"),
        (ipv6(b"\6\0\0\0", following=51), "the authentication header is longer than the packet"),
        (ipv6(b"\6\x20" + b"\0" * 22, following=51), "the authentication header is longer than the packet"),
        (b"", "the IP header is longer than the packet"),
    ],
)
def test_malformed_headers(packet: bytes, reason: str) -> None:
    assert decode(packet) == (None, [f"1 packet could not be decoded (frame 1): {reason}"])


@pytest.mark.parametrize(("ethertype", "packet"), [(0x0800, PACKET6), (0x86DD, PACKET)])
def test_the_version_must_be_that_of_the_protocol(ethertype: int, packet: bytes) -> None:
    decoder = Decoder(POP2)
    assert decoder.decode(record(ethernet(packet, ethertype))) is None
    (problem,) = decoder.problems
    assert problem.startswith("the version field of an IPv")


@pytest.mark.parametrize("version", [0, 1, 5, 15])
def test_other_versions_are_not_ip(version: int) -> None:
    reason = "what should be IP has neither version 4 nor version 6"
    assert decode(bytes((version << 4,)) + b"\0" * 60) == (
        None,
        [f"1 packet could not be decoded (frame 1): {reason}"],
    )


@pytest.mark.parametrize(("field", "excess"), [("total length", 1), ("payload length", 9000)])
def test_a_length_beyond_the_packet_is_doubted_and_clamped(field: str, excess: int) -> None:
    """As Wireshark does, which calls it bogus and takes the length of the packet."""
    if field == "total length":
        packet = ipv4(tcp(), total=len(PACKET) + excess)
    else:
        packet = ipv6(TCP6, length=len(TCP6) + excess)
    segment, (warning,) = decode(packet)
    assert segment is not None
    assert segment.length == segment.captured == len(PAYLOAD)
    assert "was decoded with a doubt (frame 1)" in warning
    assert field in warning


def test_such_a_length_between_other_ports_is_no_problem() -> None:
    assert decode(ipv4(tcp(ports=(1, 2)), total=9000)) == (None, [])


def test_a_length_within_what_was_cut_off_is_right() -> None:
    segment, warnings = decode(ipv4(tcp(), total=9000), original=9000)
    assert segment is not None
    assert (segment.captured, segment.length) == (len(PAYLOAD), 9000 - 40)
    assert warnings == []


ROUTE = bytes((10, 0, 0, 1, 10, 0, 0, 2))
FINAL = bytes((10, 0, 0, 2))
NEXT = address("198.51.100.9")


@pytest.mark.parametrize(
    ("options", "destination"),
    [
        (b"\x83\x0b\4" + ROUTE + b"\0", FINAL),
        (b"\x89\x0b\x08" + ROUTE + b"\0", FINAL),
        (b"\1\x07\3\4\x83\x0b\4" + ROUTE + b"\0", FINAL),
        (b"\x83\x0b\x0c" + ROUTE + b"\0", NEXT),  # at its end
        (b"\x83\x0b\3" + ROUTE + b"\0", NEXT),  # the pointer is wrong
        (b"\x83\x1b\4" + ROUTE + b"\0", NEXT),  # longer than the options
        (b"\x07\1\4" + b"\x83\x0b\4" + ROUTE + b"\0\0", NEXT),  # no option is so short
        (b"\0\x83\x0b\4" + ROUTE, NEXT),  # behind the end of the options
        (b"\1\1\1\1", NEXT),
        (b"\1\1\x83\x0b", NEXT),
    ],
)
def test_source_routes_of_ipv4(options: bytes, destination: bytes) -> None:
    segment = Decoder(POP2).decode(record(ipv4(tcp(), options=options), 101))
    assert segment is not None
    assert segment.key[4:8] == destination


HOP, LAST = address("2001:db8::aaaa"), address("2001:db8::bbbb")


@pytest.mark.parametrize(
    ("header", "destination"),
    [
        (b"\6\4\0\2\0\0\0\0" + HOP + LAST, LAST),
        (b"\6\4\0\1\0\0\0\0" + HOP + LAST, LAST),
        (b"\6\4\0\0\0\0\0\0" + HOP + LAST, address(SERVER6)),
        (b"\6\4\0\3\0\0\0\0" + HOP + LAST, address(SERVER6)),  # more than there are
        (b"\6\2\2\1\0\0\0\0" + LAST, LAST),
        (b"\6\4\4\1\1\0\0\0" + LAST + HOP, LAST),
        (b"\6\4\4\0\1\0\0\0" + LAST + HOP, address(SERVER6)),
        (b"\6\4\3\1\0\0\0\0" + HOP + LAST, address(SERVER6)),  # compressed, for sensors (RFC 6554)
    ],
)
def test_routing_headers_of_ipv6(header: bytes, destination: bytes) -> None:
    segment = Decoder(POP2).decode(record(ipv6(header + TCP6, following=43), 101))
    assert segment is not None
    assert segment.key[16:32] == destination


def test_routed_packets_have_the_checksum_of_the_final_destination() -> None:
    routed = tcp(source=CLIENT6, destination="2001:db8::bbbb")
    packet = ipv6(b"\6\2\0\1\0\0\0\0" + LAST + routed, following=43)
    assert decode(packet)[1] == []
    packet = ipv4(tcp(destination="10.0.0.2"), options=b"\x83\x0b\4" + ROUTE + b"\0")
    assert decode(packet)[1] == []


def test_wireshark_takes_the_same_destination(tshark: str, tmp_path: Path) -> None:
    """Its checksum is right only with the address that we put into the key."""
    path = tmp_path / "routes.pcapng"
    packets = [
        ipv4(tcp(destination="10.0.0.2"), options=b"\x83\x0b\4" + ROUTE + b"\0"),
        ipv6(b"\6\2\0\1\0\0\0\0" + LAST + tcp(source=CLIENT6, destination="2001:db8::bbbb"), following=43),
        ipv6(b"\6\2\4\1\0\0\0\0" + LAST + tcp(source=CLIENT6, destination="2001:db8::bbbb"), following=43),
    ]
    write_pcapng(path, [record(packet, 101) for packet in packets])
    command = [tshark, "-n", "-r", str(path), "-o", "tcp.check_checksum:TRUE", "-T", "fields"]
    command += ["-e", "tcp.checksum.status"]
    status = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert status == ["1", "1", "1"]
    assert [decode(packet)[1] for packet in packets] == [[], [], []]


def test_encrypted_payload_is_said_to_be() -> None:
    (said,) = decode(ipv6(b"\0" * 60, *OUTER6, following=50))[1]
    assert "(frame 1): ESP, which is encrypted, is not supported" in said
