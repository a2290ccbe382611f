"""Link layers where they carry no TCP or are broken; test_encapsulations has those that work."""

from __future__ import annotations

from struct import pack

import pytest

from tests.decode.build import MAC, MACS, PACKET, ethernet, snap, warnings

BOTTOM = bytes.fromhex("000121ff")
COOKED_NETLINK = pack(">HHH", 0, 824, 6) + MAC + b"\0\0\x08\0" + PACKET
COOKED_2_RADIOTAP = b"\x08\0\0\0" + pack(">IHBB", 2, 803, 0, 6) + MAC + b"\0\0" + PACKET
COOKED_CAN = pack(">HHH", 0, 280, 6) + MAC + b"\0\0\0\x0c" + PACKET
FDDI_MANAGEMENT = b"\x41" + MACS + snap(PACKET)
TOKEN_RING_MAC = b"\x10\0" + MACS + snap(PACKET)
FRAME_RELAY_NO_UI = b"\x18\x41\x13\xcc" + PACKET
FRAME_RELAY_CLNP = b"\x18\x41\3\x81" + PACKET


@pytest.mark.parametrize(
    ("link_type", "octets"),
    [
        (1, ethernet(b"\xaa\xaa\3\0\0\x0c" + b"\x20\0" + PACKET, 8 + len(PACKET))),  # CDP
        (1, ethernet(b"\xff\xff" + PACKET, 2 + len(PACKET))),  # Novell
        (113, COOKED_NETLINK),
        (10, FDDI_MANAGEMENT),
        (6, TOKEN_RING_MAC),
        (107, FRAME_RELAY_CLNP),
        (104, b"\x8f\0\x80\x35" + PACKET),
    ],
)
def test_other_traffic_is_no_problem(link_type: int, octets: bytes) -> None:
    assert warnings(octets, link_type) == []


@pytest.mark.parametrize(
    ("link_type", "octets", "header"),
    [
        (1, MACS, "Ethernet header"),
        (1, ethernet(b"\0\1\x08", 0x8100), "VLAN tag"),
        (1, ethernet(b"\0\0", 0x88E7), "backbone service tag"),
        (1, ethernet(b"\0\1\x00\xff" * 3, 0x8847), "MPLS label stack"),
        (1, ethernet(BOTTOM, 0x8847), "header behind the MPLS labels"),
        (0, b"\2\0\0", "loopback header"),
        (6, b"\x10\x40" + MACS[:-1], "Token Ring header"),
        (6, b"\x10\x40" + MAC + b"\x82" + MAC[1:] + b"\6", "Token Ring header"),
        (6, b"\x10\x40" + MAC + b"\x82" + MAC[1:] + b"\6\0", "Token Ring header"),
        (10, b"\x54" + MAC, "FDDI header"),
        (104, b"\x0f\0\x08", "Cisco HDLC header"),
        (205, b"", "Cisco HDLC header"),
        (107, b"\x18\x41\3", "Frame Relay header"),
        (107, b"\x18\x41\3\x80\0", "SNAP header"),
        (113, b"\0" * 15, "Linux cooked header"),
        (276, b"\0" * 19, "Linux cooked header"),
        (117, b"\x3d\2\0", "packet filter log header"),
        (117, b"\x3d\2\0\0", "packet filter log header"),
        (192, b"\0\0\x08\0\1", "per-packet information header"),
        (192, b"\0\0\x10\0\1\0\0\0\0", "per-packet information header"),
        (258, b"\0" * 11, "packet tap header"),
        (258, b"\xff\xff\xff\xff\1\0\0\0\1\0\0\0", "packet tap header"),
    ],
)
def test_broken_headers(link_type: int, octets: bytes, header: str) -> None:
    assert warnings(octets, link_type) == [
        f"1 packet could not be decoded (frame 1): the {header} is longer than the packet"
    ]


def test_a_length_field_leaves_off_the_padding() -> None:
    frame = ethernet(b"\6\6\3" + PACKET[:30], 33) + PACKET[30:]
    assert warnings(frame, 1) == ["1 packet could not be decoded (frame 1): the TCP header is longer than the packet"]
