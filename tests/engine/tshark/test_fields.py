"""Lines as tshark writes them become segments, however many headers a packet has."""

from __future__ import annotations

import pytest

from pop2dissect.decode import Problems, Segment
from pop2dissect.engine.tshark.fields import FIELDS, RowReader

CLIENT, SERVER = bytes((192, 0, 2, 1)), bytes((198, 51, 100, 9))
PORTS = b"\x9c\xad\0\x6d"

ONE = {
    "frame.number": "7",
    "frame.time_epoch": "1795420618.668859001",
    "frame.protocols": "eth:ethertype:ip:tcp",
    "ip.src": "192.0.2.1",
    "ip.dst": "198.51.100.9",
    "tcp.srcport": "40109",
    "tcp.dstport": "109",
    "tcp.seq_raw": "4294967295",
    "tcp.ack_raw": "12",
    "tcp.flags": "0x0f18",
    "tcp.window_size_value": "63",
    "tcp.urgent_pointer": "0",
    "tcp.len": "4",
    "ip.checksum.status": "2",
    "tcp.checksum.status": "2",
    "tcp.payload": "52455452",
}


def _field(name: str) -> str:
    """Return the field that a keyword argument stands for: its dots are underscores."""
    return next(field for field in FIELDS if field.replace(".", "_") == name)


def read(problems: Problems | None = None, base: int = 0, **changes: str) -> list[Segment]:
    values = ONE | {_field(name): value for name, value in changes.items()}
    line = "\t".join(values.get(field, "") for field in FIELDS) + "\n"
    kept = Problems() if problems is None else problems
    return list(RowReader(frozenset({109}), kept, base).segments(line.encode()))


def test_one_segment() -> None:
    (segment,) = read()
    assert segment == Segment(
        frame=7,
        time=1795420618668859001,
        key=CLIENT + SERVER + PORTS,
        seq=4294967295,
        ack=12,
        flags=0x18,
        window=63,
        urgent=0,
        data=b"RETR",
        start=0,
        captured=4,
        length=4,
        fragments=(),
    )


def test_a_payload_that_the_snap_length_cut() -> None:
    (segment,) = read(tcp_payload="5245")
    assert (segment.captured, segment.length) == (2, 4)
    (segment,) = read(tcp_payload="")
    assert (segment.captured, segment.length) == (0, 4)


def test_octets_may_be_parted_by_colons() -> None:
    assert read(tcp_payload="52:45:54:52")[0].data == b"RETR"


def test_frames_are_references_of_their_capture() -> None:
    (segment,) = read(base=3 << 40, ip_fragment="7,5")
    assert segment.frame == 3 << 40 | 7
    assert segment.fragments == (3 << 40 | 5, 3 << 40 | 7)


def test_times_before_1970() -> None:
    assert read(frame_time_epoch="-1.5")[0].time == -1_500_000_000


def test_another_port() -> None:
    assert not read(tcp_dstport="110")


def test_a_tunnel_has_the_inner_addresses() -> None:
    (segment,) = read(
        frame_protocols="eth:ethertype:ip:gre:ip:tcp", ip_src="10.0.0.1,192.0.2.1", ip_dst="10.0.0.2,198.51.100.9"
    )
    assert segment.key == CLIENT + SERVER + PORTS
    (segment,) = read(frame_protocols="eth:ethertype:ipv6:ip:tcp", ipv6_src="fd00::1", ipv6_dst="fd00::2")
    assert segment.key == CLIENT + SERVER + PORTS


def test_an_ip_header_may_not_be_named() -> None:
    """From Wireshark 4.4 on that is so after MPLS labels, whose addresses are given all the same."""
    (segment,) = read(frame_protocols="eth:ethertype:mpls:tcp")
    assert segment.key == CLIENT + SERVER + PORTS
    (segment,) = read(
        frame_protocols="eth:ethertype:ip:gre:mpls:tcp", ip_src="10.0.0.1,192.0.2.1", ip_dst="10.0.0.2,198.51.100.9"
    )
    assert segment.key == CLIENT + SERVER + PORTS


def test_a_header_whose_addresses_are_missing_is_not_the_last() -> None:
    (segment,) = read(frame_protocols="raw:ip:ip:tcp")
    assert segment.key == CLIENT + SERVER + PORTS


TWO = {
    "frame_protocols": "radiotap:wlan_radio:wlan_aggregate:llc:ip:tcp:llc:ip:tcp",
    "ip_src": "192.0.2.1,10.0.0.1",
    "ip_dst": "198.51.100.9,10.0.0.2",
    "tcp_srcport": "40109,109",
    "tcp_dstport": "109,1025",
    "tcp_seq_raw": "1,2",
    "tcp_ack_raw": "3,4",
    "tcp_flags": "0x0018,0x0010",
    "tcp_window_size_value": "5,6",
    "tcp_urgent_pointer": "0,0",
    "tcp_len": "4,0",
}


def test_two_segments_in_a_packet() -> None:
    first, second = read(**TWO)
    assert (first.key, first.data, first.ack) == (CLIENT + SERVER + PORTS, b"RETR", 3)
    assert second.key == bytes((10, 0, 0, 1, 10, 0, 0, 2, 0, 109, 4, 1))
    assert (second.data, second.flags, second.window) == (b"", 0x10, 6)


@pytest.mark.parametrize(
    "changes",
    [
        TWO | {"tcp_len": "4,4"},  # whose is the one payload?
        TWO | {"tcp_len": "4"},
        {"tcp_seq_raw": ""},
    ],
)
def test_what_cannot_be_told_is_said(changes: dict[str, str]) -> None:
    problems = Problems()
    assert not read(problems, **changes)
    assert [str(problem) for problem in problems.values()] == [
        "1 packet could not be decoded (frame 7): tshark does not decode its TCP header"
    ]


def test_no_addresses() -> None:
    problems = Problems()
    assert not read(problems, ip_src="", ip_dst="")
    assert "tshark gives no IP addresses" in problems


def test_a_header_by_the_name_of_another_is_not_guessed() -> None:
    """Wireshark 4.6 names an IPv6 header in GTP so: the addresses of the tunnel are not those of the connection."""
    problems = Problems()
    assert not read(
        problems,
        frame_protocols="eth:ethertype:ip:udp:gtp:ip:tcp",
        ip_src="10.0.0.1",
        ip_dst="10.0.0.2",
        ipv6_src="2001:db8::1",
        ipv6_dst="2001:db8::2",
    )
    assert "tshark gives no IP addresses" in problems


def test_quoted_headers_are_no_segments() -> None:
    problems = Problems()
    assert not read(problems, frame_protocols="eth:ethertype:ip:icmp:ip:tcp")
    assert not problems


def test_wrong_checksums_are_doubts() -> None:
    problems = Problems()
    (segment,) = read(problems, ip_checksum_status="0", tcp_checksum_status="0")
    assert len(segment.doubts) == 2
    assert list(problems) == list(segment.doubts)


def test_a_line_of_something_else() -> None:
    assert not list(RowReader(None, Problems()).segments(b"Running as user root\n"))
