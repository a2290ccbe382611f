"""What ends a walk over the layers is said by kind, with its first frame, unless it is known to hold no TCP."""

from __future__ import annotations

from struct import pack

import pytest

from pop2dissect.decode import Decoder
from pop2dissect.decode.problems import MAX_REASONS
from tests.decode.build import MAC, OUTER, PACKET, ethernet, ipv4, ipv6, record
from tests.decode.encapsulations import BOTTOM, PLAIN, gre, in_ipv4, in_udp, macsec

ENDINGS: dict[str, tuple[int, bytes]] = {
    "link type 147": (147, PACKET),
    "EtherType 0x1234": (1, ethernet(PACKET, 0x1234)),
    "EtherType 0x13cc": (107, b"\x18\x41\x13\xcc" + PACKET),
    "TRILL": (1, ethernet(b"\0\0\0\1\0\2" + PLAIN, 0x22F3)),
    "Cisco FabricPath": (1, ethernet(PACKET, 0x8903)),
    "a number that is neither a length nor an EtherType": (1, ethernet(PACKET, 0x05F0)),
    "LLC service access point 0x70": (1, ethernet(b"\x70\x70\3" + PACKET, 3 + len(PACKET))),
    "SNAP of the organisation 00-00-0c": (1, ethernet(b"\xaa\xaa\3\0\0\x0c\x08\0" + PACKET, 8 + len(PACKET))),
    "what follows the MPLS labels": (1, ethernet(BOTTOM + b"\xf0" + b"\0" * 40, 0x8847)),
    "an Arista header of subtype 0xcafe": (1, ethernet(b"\xca\xfe\0\1" + bytes(8) + PACKET, 0xD28B)),
    "EtherType 0x88b5, for experiments,": (1, ethernet(bytes(60), 0x88B5)),
    "ISL of other frames than Ethernet's": (1, b"\1\0\x0c\0\0\x10" + MAC + bytes(60)),
    "batman-adv data that is fragmented": (1, ethernet(b"\x41\x0f" + bytes(60), 0x4305)),
    "batman-adv of version 14": (1, ethernet(b"\x03\x0e" + bytes(60), 0x4305)),
    "address family 7": (0, b"\7\0\0\0" + PACKET),
    "Linux cooked protocol 12": (113, pack(">HHH", 0, 280, 6) + MAC + b"\0\0\0\x0c" + PACKET),
    "Frame Relay protocol 0xb1": (107, b"\x18\x41\3\xb1" + PACKET),
    "an ERF record of type 5": (197, bytes(8) + b"\5\4" + bytes(6) + PACKET),
    "IP protocol 200": (1, in_ipv4(200, PACKET)),
    "L2TP version 3": (1, in_ipv4(115, PACKET)),
    "ESP, which is encrypted,": (1, in_ipv4(50, PACKET)),
    "IP payload compression": (1, ethernet(ipv6(PACKET, following=108), 0x86DD)),
    "GRE of version 2": (1, gre(2, 0x0800, PACKET)),
    "compressed PPP": (9, b"\xff\3\0\xfd" + PACKET),
    "PPP protocol 0x002b": (9, b"\xff\3\0\x2b" + PACKET),
    "what is on a port of VXLAN without being VXLAN": (1, in_udp(4789, b"\0" * 8 + PLAIN)),
    "what is on the port of Geneve without being Geneve": (1, in_udp(6081, b"\x80\0\x65\x58\0\0\1\0" + PLAIN)),
    "what is on the port of GTP-U without being that": (1, in_udp(2152, b"hello, world")),
    "what is on the port of TZSP without being that": (1, in_udp(37008, b"hello, world")),
    "protocol 3 in TZSP": (1, in_udp(37008, b"\1\0\0\x03\1" + PLAIN)),
    "protocol 7 in VXLAN's extension": (1, in_udp(4790, b"\x0c\0\0\7\0\0\1\0" + PLAIN)),
    "UDP port 5247 (CAPWAP)": (1, in_udp(5247, b"\0\x20" + PLAIN)),
}


@pytest.mark.parametrize("kind", ENDINGS)
def test_what_is_not_supported_is_named_with_its_first_frame(kind: str) -> None:
    link_type, octets = ENDINGS[kind]
    decoder = Decoder(frozenset({109}))
    for frame in (7, 9):
        assert decoder.decode(record(octets, link_type, frame=frame)) is None
    assert decoder.warnings() == [
        f"2 packets could not be decoded (first frame 7): {kind} is not supported; --engine tshark may know it"
    ]


def test_encrypted_macsec_is_said_to_be() -> None:
    decoder = Decoder(None)
    assert decoder.decode(record(macsec(b"\x0c\0", PLAIN))) is None
    assert decoder.warnings() == ["1 packet could not be decoded (frame 1): MACsec data is encrypted"]


@pytest.mark.parametrize(
    ("link_type", "octets"),
    [
        (1, ethernet(bytes(46), 0x0806)),
        (1, ethernet(bytes(46), 0x88CC)),
        (1, ethernet(bytes(46), 0x9000)),
        (1, ethernet(b"\x42\x42\3" + bytes(43), 46)),
        (1, ethernet(ipv4(bytes(8), protocol=1))),
        (1, ethernet(ipv4(bytes(8), *OUTER, protocol=89))),
        (1, in_udp(53, bytes(30))),
        (1, in_udp(2152, b"\x32\1\0\4" + bytes(8))),  # an echo request of GTP-U
        (1, in_udp(37008, b"\1\4\0\1" + bytes(8))),  # TZSP that keeps alive
        (1, ethernet(b"\0\x0f" + bytes(30), 0x4305)),  # an originator message of batman-adv
        (1, gre(0, 0, b"")),  # a keepalive
        (9, b"\xff\3\xc0\x21\1\1\0\4"),
    ],
)
def test_what_never_holds_tcp_is_not_spoken_of(link_type: int, octets: bytes) -> None:
    decoder = Decoder(None)
    assert decoder.decode(record(octets, link_type)) is None
    assert decoder.warnings() == []


def test_however_many_kinds_there_are_their_list_is_bounded() -> None:
    decoder = Decoder(None)
    for number in range(1000):
        decoder.decode(record(ethernet(PACKET, 0xA100 + number), frame=number + 1))
    said = decoder.warnings()
    assert len(said) == MAX_REASONS + 1
    assert said[-1] == (
        f"900 packets could not be decoded (first frame 101): reasons further to the {MAX_REASONS} above"
    )
