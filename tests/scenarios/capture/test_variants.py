"""Rare and damaged variants of both formats: as many packets as Wireshark's tools count, or a reason why not."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from pop2dissect.errors import CaptureError
from tests.capture.files import (
    END_OF_OPTIONS,
    block,
    enhanced,
    interface,
    option,
    pcap,
    pcap_header,
    pcap_record,
    read,
    section,
    segment,
    write,
)
from tests.support.programs import need

FRAMES = [segment(payload=b"x" * length) for length in (0, 10, 20, 33)]
PACKET = enhanced(FRAMES[1], 1_000_000)
OTHER = enhanced(FRAMES[2], 5, 0, ">")
COMMENTED = enhanced(FRAMES[0], options=option(1, b"x"))
SIZE = struct.pack("<I", 500)
MODIFIED = struct.pack("<IHBB", 2, 0x0800, 0, 0)


def records(extra: bytes = b"", order: str = "<") -> bytes:
    return b"".join(pcap_record(frame, 1, 2, order, extra=extra) for frame in FRAMES)


PCAP = {
    "pcap": (pcap_header() + records(), 1_000_002_000),
    "pcap (modified)": (pcap_header(magic=0xA1B2CD34) + records(MODIFIED), 1_000_002_000),
    "pcap (modified, 1999-04)": (pcap_header() + records(MODIFIED), 1_000_002_000),
    "pcap (modified, 1999-09)": (pcap_header(magic=0xA1B2CD34) + records(MODIFIED + bytes(4)), 1_000_002_000),
    "pcap (Nokia)": (pcap_header() + records(bytes(4)), 1_000_002_000),
    "pcap (Ixia hardware)": (pcap_header(magic=0x1C0001AC) + SIZE + records(), 1_000_000_002),
    "pcap (Ixia software)": (pcap_header(magic=0x1C0001AB) + SIZE + records(), 1_000_002_000),
    "pcap (AIX)": (pcap_header(">", version=(2, 2), network=6) + records(order=">"), 1_000_000_002),
}


@pytest.mark.parametrize("name", PCAP)
def test_variants_of_pcap(tmp_path: Path, name: str) -> None:
    octets, time = PCAP[name]
    path = write(tmp_path, octets)
    found, info = read(path)
    assert [(at, link_type, frame) for _, at, link_type, frame, _ in found] == [(time, 1, frame) for frame in FRAMES]
    assert (info.format, info.warnings, info.link_types) == (name, [], [1])


def test_a_capture_cut_longer_than_its_header_says_stays_what_it_is(tmp_path: Path) -> None:
    octets = pcap_header(snap_length=20) + records()
    assert read(write(tmp_path, octets))[1].format == "pcap"


def test_the_oldest_order_of_lengths(tmp_path: Path) -> None:
    frames = b"".join(pcap_record(frame, 1, 2, original=len(frame), captured=99) for frame in FRAMES)
    for version in ((543, 0), (2, 2)):
        found, info = read(write(tmp_path, pcap_header(version=version) + frames))
        assert [(frame, original) for *_, frame, original in found] == [(frame, 99) for frame in FRAMES]
        assert info.warnings == []


MADE = {
    **{name: octets for name, (octets, _) in PCAP.items()},
    "two sections": section()
    + interface()
    + PACKET
    + section(">")
    + interface(1, ">")
    + enhanced(FRAMES[2], 5, 0, ">"),
    "an option of an interface too long": section() + interface(options=b"\x09\0\xff\0\1\0\0\0") + PACKET,
    "an option of statistics too long": section() + interface() + block(5, bytes(12) + b"\5\0\xff\0") + PACKET,
    "options without an end": section()
    + interface(options=option(9, b"\6"))
    + enhanced(FRAMES[0], options=b"\1\0\1\0x\0\0\0"),
    "octets after the end of options": section() + interface(options=END_OF_OPTIONS + b"\xff" * 4) + PACKET,
    "nothing captured": section() + interface() + enhanced(b"", 1, original=60) + PACKET,
    "simple packets": section() + interface(snap_length=40) + block(3, b"\x40\0\0\0" + FRAMES[1][:40]) + PACKET,
    "a power of two": section() + interface(options=option(9, b"\x8a")) + PACKET,
    "an offset": section() + interface(options=option(14, struct.pack("<q", -3600))) + PACKET,
    "no interface": section() + PACKET,
    "unknown blocks": section() + block(0x1234, b"abcd") + interface() + block(4, bytes(4)) + PACKET,
    "garbage behind": section() + interface() + PACKET + b"garbage!",
    "zeros behind": section() + interface() + PACKET + bytes(64),
    "pcap, garbage behind": pcap(FRAMES) + b"garbage",
    "pcap, zeros behind": pcap(FRAMES) + bytes(15),
    "pcap, more garbage behind": pcap(FRAMES) + b"g" * 40,
    "pcap, FCS": pcap_header(network=0x24000001) + b"".join(pcap_record(frame + b"FCS!", 1) for frame in FRAMES),
    "pcap, an empty packet": pcap_header() + pcap_record(b"", 1, 2) + pcap_record(FRAMES[1], 1, 3),
    "pcap, no snap length": pcap_header(snap_length=0) + records(),
    "pcap, no packets": pcap_header(),
    "pcapng, no packets": section(),
}


@pytest.mark.parametrize("name", MADE)
def test_as_many_packets_as_wireshark_counts(tmp_path: Path, name: str) -> None:
    tshark = need("tshark")
    path = write(tmp_path, MADE[name])
    run = subprocess.run([tshark, "-r", path, "-T", "fields", "-e", "frame.len"], capture_output=True, check=False)
    lengths = [int(line) for line in run.stdout.split()]
    found, info = read(path)
    assert [original for *_, original in found] == lengths
    assert bool(info.warnings) == (run.returncode != 0)


def test_an_unknown_version_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"version 3\.7 of the pcap format is not known"):
        read(write(tmp_path, pcap_header(version=(3, 7)) + records()))
