"""802.11 frames that carry no TCP or cannot be decoded; test_encapsulations has those that work."""

from __future__ import annotations

from struct import pack

import pytest

from pop2dissect.decode import Decoder
from tests.decode.build import MACS, PACKET, PAYLOAD, record, snap, tcp
from tests.decode.encapsulations import amsdu, mac_802_11

DATA = mac_802_11(b"\x08\1") + snap(PACKET)


def warnings(octets: bytes, link_type: int = 105) -> list[str]:
    decoder = Decoder(None)
    assert decoder.decode(record(octets, link_type)) is None
    return decoder.warnings()


@pytest.mark.parametrize(
    "octets",
    [
        mac_802_11(b"\x80\0", b"\0" * 40),  # beacon
        b"\xd4\0\0\0" + b"\2\0\0\0\0\1",  # acknowledgement
        mac_802_11(b"\x48\1"),  # no data
        mac_802_11(b"\xc8\1", b"\0\0"),  # no data, QoS
        mac_802_11(b"\x09\1") + snap(PACKET),  # of another version
    ],
)
def test_other_traffic_is_no_problem(octets: bytes) -> None:
    assert warnings(octets) == []


def test_encrypted_data_is_said() -> None:
    (warning,) = warnings(mac_802_11(b"\x08\x41", b"\0" * 60))
    assert "802.11 data is encrypted" in warning


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"\x08", "the 802.11 header is longer than the packet"),
        (DATA[:23], "the 802.11 header is longer than the packet"),
        (mac_802_11(b"\x08\5") + snap(PACKET), "fragments of 802.11 frames are not supported"),
        (DATA[:22] + b"\x11\0" + DATA[24:], "fragments of 802.11 frames are not supported"),
        (mac_802_11(b"\x88\1", b"\x80\0") + MACS, "the A-MSDU subframe header is longer than the packet"),
        (
            mac_802_11(b"\x88\1", b"\x80\0") + amsdu() + b"\0" * (-len(amsdu()) % 4) + amsdu(),
            "several packets in one 802.11 frame (A-MSDU) are not supported",
        ),
    ],
)
def test_what_cannot_be_decoded(octets: bytes, reason: str) -> None:
    assert warnings(octets) == [f"1 packet could not be decoded (frame 1): {reason}"]


def test_a_checksum_behind_a_subframe_is_no_further_one() -> None:
    octets = mac_802_11(b"\x88\1", b"\x80\0") + amsdu() + b"\0" * (-len(amsdu()) % 4) + b"\xfc\xfc\xfc\xfc"
    segment = Decoder(None).decode(record(octets, 105))
    assert segment is not None
    assert segment.length == len(PAYLOAD)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (pack("<BBHI", 0, 0, 8, 0)[:7], "the radiotap header is longer than the packet"),
        (pack("<BBHI", 0, 0, 9000, 0) + DATA, "the radiotap header is longer than the packet"),
        (pack("<BBHI", 1, 0, 8, 0) + DATA, "the radiotap header is of no known version"),
        (pack("<BBHI", 0, 0, 7, 0) + DATA, "the radiotap header is of no known version"),
    ],
)
def test_broken_radiotap_headers(header: bytes, reason: str) -> None:
    assert warnings(header, 127) == [f"1 packet could not be decoded (frame 1): {reason}"]


@pytest.mark.parametrize(
    "header",
    [
        pack("<BBHI", 0, 0, 8, 2),  # flags that are not there
        pack("<BBHI", 0, 0, 8, 0x80000002),  # nor what should precede them
        pack("<BBHI", 0, 0, 12, 3) + b"\xff" * 4,
        pack("<BBHIB", 0, 0, 9, 2, 0x10),  # flags, but no padding
    ],
)
def test_radiotap_flags_are_read_with_care(header: bytes) -> None:
    segment = Decoder(None).decode(record(header + DATA, 127))
    assert segment is not None
    assert segment.length == len(PAYLOAD)


@pytest.mark.parametrize(
    ("link_type", "octets", "header"),
    [
        (119, b"\0" * 7, "Prism header"),
        (119, pack("<II", 0x44, 144) + DATA, "Prism header"),
        (119, pack(">II", 0x80211001, 9000) + DATA, "AVS header"),
        (163, b"\0" * 7, "AVS header"),
        (163, pack(">II", 0x80211001, 64), "AVS header"),
    ],
)
def test_other_broken_headers(link_type: int, octets: bytes, header: str) -> None:
    assert warnings(octets, link_type) == [
        f"1 packet could not be decoded (frame 1): the {header} is longer than the packet"
    ]


def test_prism_lengths_of_either_byte_order() -> None:
    for order in "<>":
        octets = pack(order + "II", 0x44, 144) + b"\0" * 136 + DATA
        assert Decoder(None).decode(record(octets, 119)) is not None
    assert len(tcp()) == 20 + len(PAYLOAD)
