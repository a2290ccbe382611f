"""Everything that holds for every way in which TCP can lie in a frame."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.capture.record import Record
from pop2dissect.decode import Decoder, Segment
from pop2dissect.decode.decoder import LAYERS
from pop2dissect.decode.packet import LINK_TYPE
from tests.decode.build import CLIENT, CLIENT6, PAYLOAD, SERVER, SERVER6, address, cut, record
from tests.decode.encapsulations import ENCAPSULATIONS
from tests.decode.tshark import Opinion, opinion, opinions, write_pcapng

POP2 = frozenset({109})
RECORDS = {name: record(octets, link_type) for name, (link_type, octets) in ENCAPSULATIONS.items()}

UNKNOWN_TO_TSHARK = {
    "GTP-U, sequence": "names the IPv6 header in it IPv4 from 4.6 on, so that the addresses cannot be told",
    "tags of 9200": "decodes this EtherType only if told to",
    "MPLS, pseudowire with control word": "takes the control word for the address of the frame",
    "MPLS, pseudowire": "guesses frames without a control word only from the first octet",
    "netfilter log, big-endian": "takes the byte order of the file for that of the attributes",
    "ipnet": "does not decode it from a capture of this link type",
    "ipnet, IPv6": "does not decode it from a capture of this link type",
    "netANALYZER": "does not decode it without the frame check sequence",
    "netANALYZER, transparent": "does not decode it without the frame check sequence",
    "TTag": "decodes this EtherType only if told to",
    "LISP, next protocol": "takes what follows for IP",
    "MPLS only": "does not know this link type",
    "null, IPv6 of Linux": "does not know this address family",
    "null, IPv6 of Windows": "does not know this address family",
    "Cisco HDLC with direction": "does not know this link type",
    "pppd": "does not know this link type",
    "pppd, no control": "does not know this link type",
    "SLIP": "does not know this link type",
    "SLIP, sent compressed": "does not know this link type",
    "IPv6 payload length 0": "takes it for an empty packet",
    "IPv6 mobility": "lets nothing follow this header",
    "IPv6 host identity": "lets nothing follow this header",
}
"""Where Wireshark 4.0 finds no TCP; later versions may."""


def payload(segment: Segment) -> bytes:
    return segment.data[segment.start : segment.start + segment.captured]


@pytest.mark.parametrize("name", ENCAPSULATIONS)
def test_the_packet_is_found(name: str) -> None:
    decoder = Decoder(POP2, verify_checksums=True)
    whole = RECORDS[name]
    segment = decoder.decode(whole)
    assert segment is not None
    assert decoder.warnings() == []
    expected = b"x" if "padded" in name else PAYLOAD
    assert payload(segment) == expected
    assert segment.length == segment.captured == len(expected)
    assert segment.data is whole.data, "the payload is to be read in place"
    assert segment.key in {
        address(CLIENT) + address(SERVER) + b"\x9c\xad\0\x6d",
        address(CLIENT6) + address(SERVER6) + b"\x9c\xad\0\x6d",
    }
    assert segment[3:8] == (0x01020304, 0xA0B0C0D0, 0x18, 8192, 7)
    assert (segment.frame, segment.time, segment.fragments) == (1, 0, ())


@pytest.mark.parametrize("name", ENCAPSULATIONS)
def test_only_wanted_ports_are_decoded(name: str) -> None:
    whole = RECORDS[name]
    assert Decoder(frozenset({40109})).decode(whole) == Decoder(None).decode(whole) != None  # noqa: E711
    assert Decoder(frozenset({110})).decode(whole) is None
    assert Decoder(frozenset()).decode(whole) is None


def test_every_link_type_is_tested() -> None:
    tested = {link_type for link_type, _ in ENCAPSULATIONS.values()}
    assert tested == {name - LINK_TYPE for name in LAYERS if name >= LINK_TYPE}


@pytest.mark.parametrize("name", ENCAPSULATIONS)
def test_a_cut_frame_gives_what_is_left_of_it_and_nothing_else(name: str) -> None:
    """At every octet: the segment without the end of its payload, or a problem, or nothing."""
    whole = RECORDS[name]
    segment = Decoder(POP2).decode(whole)
    assert segment is not None
    for captured in range(whole.captured):
        decoder = Decoder(POP2)
        short = decoder.decode(cut(whole, captured))
        left = max(0, min(whole.start + captured - segment.start, segment.captured))
        if short is not None:
            assert payload(short) == payload(segment)[:left]
            assert short.key == segment.key
            assert short.length == segment.length
            assert short.start + short.captured <= whole.start + captured
            assert decoder.warnings() == []
        else:
            assert left == 0
            assert all("the snap length cut" in warning for warning in decoder.warnings())


@pytest.mark.parametrize("name", ENCAPSULATIONS)
def test_a_short_frame_is_no_crash(name: str) -> None:
    """Frames that were really so short on the wire, which IP's lengths contradict."""
    whole = RECORDS[name]
    for captured in range(whole.captured):
        decoder = Decoder(POP2)
        short = decoder.decode(cut(whole, captured)._replace(original=captured))
        if short is not None:
            assert short.captured == short.length
            assert short.start + short.captured <= whole.start + captured


def decode_alone(one: Record) -> tuple[Segment | None, list[str]]:
    decoder = Decoder(None)
    segment = decoder.decode(one)
    decoder.finish()
    return segment and segment._replace(data=payload(segment), start=0), decoder.warnings()


@given(st.data())
def test_octets_of_other_packets_are_never_read(data: st.DataObject) -> None:
    """Whatever is wrong with a frame, what lies around it in the file makes no difference."""
    link_type, octets = data.draw(st.sampled_from(list(ENCAPSULATIONS.values())))
    frame = bytearray(octets)
    places = st.integers(0, len(frame) - 1)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=4)):
        frame[place] = value
    length = data.draw(st.integers(0, len(frame)))
    original = data.draw(st.sampled_from((length, len(frame), 9000, 0)))
    surroundings = (b"", b"\0" * 300, b"\xff" * 300, octets * 2)
    results = {
        repr(decode_alone(record(bytes(frame[:length]), link_type, original=original, before=before, behind=behind)))
        for before in surroundings
        for behind in surroundings
    }
    assert len(results) == 1


@given(
    st.sampled_from([name - LINK_TYPE for name in LAYERS if name >= LINK_TYPE] + [3, 0xFFFF, 0xFFFFFFFF]),
    st.binary(max_size=200),
    st.integers(0, 300),
)
def test_any_octets_are_a_segment_or_none(link_type: int, octets: bytes, original: int) -> None:
    one = record(octets, link_type, original=original, behind=b"")
    decoder = Decoder(None, verify_checksums=True)
    segment = decoder.decode(one)
    decoder.finish()
    for warning in decoder.warnings():
        assert warning
    if segment is not None:
        assert one.start <= segment.start <= segment.start + segment.captured <= one.start + one.captured
        assert 0 <= segment.captured <= segment.length


@given(st.data())
def test_the_plain_path_is_the_walk(data: st.DataObject) -> None:
    """The short cut gives the same segment and the same problems as the walk, for any packet."""
    names = [name for name, (link_type, _) in ENCAPSULATIONS.items() if link_type == 1]
    frame = bytearray(ENCAPSULATIONS[data.draw(st.sampled_from(["ethernet", "ethernet, IPv6", *names]))][1])
    places = st.integers(12, min(len(frame) - 1, 80))
    values = st.one_of(st.integers(0, 255), st.sampled_from([0, 1, 6, 0x20, 0x45, 0x46, 0x50, 0x60, 0x64]))
    for place, value in data.draw(st.lists(st.tuples(places, values), max_size=3)):
        frame[place] = value
    octets = bytes(frame[: data.draw(st.one_of(st.just(len(frame)), st.integers(0, len(frame))))])
    original = data.draw(st.one_of(st.just(len(octets)), st.just(len(frame)), st.integers(0, 200)))
    one = record(octets + b"\0" * data.draw(st.integers(0, 9)), original=original)
    ports = data.draw(st.sampled_from((None, POP2, frozenset({110}), frozenset({40109}))))
    plain, walk = Decoder(ports), Decoder(ports)
    assert plain.decode(one) == walk._walk(one)
    plain.finish()
    walk.finish()
    assert plain.problems == walk.problems


def test_wireshark_agrees(tshark: str, tmp_path: Path) -> None:
    path = tmp_path / "encapsulations.pcapng"
    records = [one._replace(frame=number, time=number) for number, one in enumerate(RECORDS.values(), 1)]
    write_pcapng(path, records)
    theirs = opinions(tshark, path, "-d", "udp.port==8472,vxlan")
    decoder = Decoder(POP2)
    ours: dict[int, Opinion] = {}
    for name, one in zip(ENCAPSULATIONS, records, strict=True):
        segment = decoder.decode(one)
        assert segment is not None
        if one.frame in theirs or name not in UNKNOWN_TO_TSHARK:
            ours[one.frame] = opinion(segment)
    assert ours == theirs
