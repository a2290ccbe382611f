"""Serial lines where they carry no TCP or are broken; test_encapsulations has those that work."""

from __future__ import annotations

import pytest

from tests.decode.build import PACKET, ethernet, warnings


@pytest.mark.parametrize(
    ("link_type", "octets"),
    [
        (9, b"\xff\3\xc0\x21\1\1\0\4"),  # link control
        (1, ethernet(b"\x11\x09\0\0\0\x04\1\1\0\0" + b"\0" * 40, 0x8864)),  # discovery
    ],
)
def test_other_traffic_is_no_problem(link_type: int, octets: bytes) -> None:
    assert warnings(octets, link_type) == []


@pytest.mark.parametrize("protocol", [b"\0\x2d", b"\0\x2f", b"\x2d"])
def test_compressed_tcp_is_named(protocol: bytes) -> None:
    assert warnings(b"\xff\3" + protocol + b"\0" * 40, 9) == [
        "1 packet could not be decoded (frame 1): compressed TCP headers (RFC 1144) are not supported"
    ]


@pytest.mark.parametrize(
    ("link_type", "octets", "header"),
    [
        (9, b"", "PPP header"),
        (9, b"\xff\3", "PPP header"),
        (9, b"\xff\3\0", "PPP header"),
        (9, b"\0", "PPP header"),
        (50, b"", "PPP header"),
        (166, b"\0", "PPP header"),
        (204, b"", "PPP header"),
        (204, b"\0", "PPP header"),
        (51, b"\x11\0\0\7\0", "PPPoE header"),
        (51, b"\x11\0\0\7\0\0\0\x21" + PACKET, "PPP header"),
        (8, b"\0" * 15, "SLIP header"),
    ],
)
def test_broken_headers(link_type: int, octets: bytes, header: str) -> None:
    assert warnings(octets, link_type) == [
        f"1 packet could not be decoded (frame 1): the {header} is longer than the packet"
    ]
