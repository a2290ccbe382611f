"""Tunnels that carry no TCP or are broken; test_encapsulations has those that work."""

from __future__ import annotations

from struct import pack

import pytest

from pop2dissect.decode import Decoder
from tests.decode.build import OUTER, PACKET, ethernet, ipv4, record, udp, warnings
from tests.decode.encapsulations import PPP_IP, gre, in_ipv4, in_udp


@pytest.mark.parametrize(
    "octets",
    [
        gre(0, 0x88CC, PACKET),
        gre(0x2081, 0x880B, pack(">HHI", 0, 1, 1)),  # an acknowledgement of PPTP
        in_udp(53, PACKET),
        in_ipv4(17, b"\0" * 7),
    ],
)
def test_other_traffic_is_no_problem(octets: bytes) -> None:
    assert warnings(octets) == []


@pytest.mark.parametrize(
    ("octets", "header"),
    [
        (gre(0, 0, b"")[:-1], "GRE header"),
        (gre(0xB000, 0x0800, b"\0" * 11), "GRE header"),
        (gre(0x4000, 0x0800, b"\0" * 7), "GRE header"),
        (gre(0x4000, 0x0800, b"\0" * 4 + b"\x08\0\0\4\1\2\3"), "GRE header"),
        (gre(0x2001, 0x880B, b"\0" * 3), "GRE header"),
        (gre(0x3081, 0x880B, b"\0\1" + b"\0" * 9), "GRE header"),
        (gre(0x1000, 0x88BE, b"\0" * 11), "ERSPAN header"),
        (gre(0x1000, 0x22EB, b"\0" * 15), "ERSPAN header"),
        (gre(0x1000, 0x22EB, b"\0" * 15 + b"\1" + b"\0" * 7), "ERSPAN header"),
        (in_ipv4(97, b"\x30"), "EtherIP header"),
        (in_udp(4789, b"\x08"), "VXLAN header"),
        (in_udp(6081, b"\0"), "Geneve header"),
        (in_udp(6081, b"\1\0\x65\x58\0\0\1\0"), "Geneve header"),
    ],
)
def test_broken_headers(octets: bytes, header: str) -> None:
    assert warnings(octets) == [f"1 packet could not be decoded (frame 1): the {header} is longer than the packet"]


def test_the_length_of_udp_leaves_off_what_follows() -> None:
    vxlan = b"\x08\0\0\0\0\0\1\0" + ethernet(ipv4(PACKET[20:], total=0))
    whole = ethernet(ipv4(udp(vxlan, 4789) + b"trailer", *OUTER, protocol=17))
    shortened = ethernet(ipv4(udp(vxlan + b"trailer", 4789, 8 + len(vxlan)), *OUTER, protocol=17))
    senseless = ethernet(ipv4(udp(vxlan, 4789, 7), *OUTER, protocol=17))
    for octets in (whole, shortened, senseless):
        segment = Decoder(None).decode(record(octets))
        assert segment is not None
        assert segment.length == 19


def test_pptp_without_sequence_or_acknowledgement() -> None:
    octets = gre(0x2001, 0x880B, pack(">HH", len(PPP_IP), 1) + PPP_IP)
    assert Decoder(None).decode(record(octets)) is not None
