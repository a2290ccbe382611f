"""Recorded traffic: the decoder and Wireshark see the same segments."""

from __future__ import annotations

import pytest

from pop2dissect.decode import Decoder
from tests.decode.build import read_pcap
from tests.decode.tshark import opinion, opinions
from tests.support.truth import capture_path


@pytest.mark.parametrize(
    "name",
    [
        "cooked_any_sll",
        "derived_linktype_raw",
        "derived_truncated_file",
        "format_bigendian",
        "format_nanosecond",
        "incident_small",
        "ip_fragments",
        "ipv6_socat",
        "mixed_traffic",
        "port_scans",
        "tcp_oddities",
        "vlan_tagged",
    ],
)
def test_wireshark_agrees(name: str, tshark: str) -> None:
    path = capture_path(name)
    decoder = Decoder(None)
    ours = {segment.frame: opinion(segment) for segment in map(decoder.decode, read_pcap(path)) if segment is not None}
    decoder.finish()
    assert decoder.warnings() == []
    assert ours == opinions(tshark, path)


def test_a_snap_length_leaves_the_lengths_on_the_wire(tshark: str) -> None:
    path = capture_path("snaplen96")
    decoder = Decoder(None)
    segments = [segment for segment in map(decoder.decode, read_pcap(path)) if segment is not None]
    theirs = opinions(tshark, path)
    assert [segment.length for segment in segments] == [theirs[s.frame].length for s in segments]
    assert sum(segment.captured < segment.length for segment in segments) > 10
    assert decoder.warnings() == []


def test_fragments_name_all_their_frames() -> None:
    decoder = Decoder(None)
    records = list(read_pcap(capture_path("ip_fragments")))
    segments = [segment for segment in map(decoder.decode, records) if segment is not None]
    put_together = [segment for segment in segments if segment.fragments]
    assert len(put_together) > 100
    frames = [frame for segment in segments for frame in segment.fragments or (segment.frame,)]
    ethertypes = {record.frame: record.data[record.start + 12 : record.start + 14] for record in records}
    assert sorted(frames) == [frame for frame, ethertype in ethertypes.items() if ethertype == b"\x08\0"]
    assert all(segment.frame == segment.fragments[-1] for segment in put_together)


def test_wrong_checksums_are_counted_and_the_segments_kept() -> None:
    records = list(read_pcap(capture_path("derived_bad_checksums_offload")))
    trusting, verifying = Decoder(None), Decoder(None, verify_checksums=True)
    segments = list(map(trusting.decode, records))
    doubted = list(map(verifying.decode, records))
    assert segments == [segment and segment._replace(doubts=()) for segment in doubted]
    assert trusting.warnings() == []
    (problem,) = verifying.problems.values()
    assert "TCP checksum" in problem.reason
    servers = sum(segment.key.endswith(b"\0m") for segment in segments if segment)
    assert problem.count == len(segments) - servers
