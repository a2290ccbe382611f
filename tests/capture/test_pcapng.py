from __future__ import annotations

import struct
from pathlib import Path

import pytest

from pop2dissect.errors import CaptureError
from tests.capture.files import (
    END_OF_OPTIONS,
    PORTS,
    block,
    enhanced,
    interface,
    option,
    pcapng,
    read,
    section,
    segment,
    write,
)

NS = 10**9
FRAME = segment(payload=b"READ 1\r\n")


def made(folder: Path, *blocks: bytes) -> Path:
    return write(folder, b"".join(blocks), "made.pcapng")


@pytest.mark.parametrize("order", ["<", ">"])
def test_enhanced_packets(tmp_path: Path, order: str) -> None:
    frames = [FRAME, b"", FRAME[:41], segment(destination=80)]
    records, info = read(write(tmp_path, pcapng(frames, order)))
    assert records == [(n + 1, NS + n * 10**6, 1, f, len(f)) for n, f in enumerate(frames)]
    assert (info.format, info.link_types, info.snap_length, info.packets) == ("pcapng", [1], None, 4)
    assert (info.first_time, info.last_time, info.warnings) == (NS, NS + 3 * 10**6, [])
    assert read(tmp_path / "made.pcap", PORTS) == (records[:3], info)


def test_sections_of_either_order_with_interfaces_of_their_own(tmp_path: Path) -> None:
    path = made(
        tmp_path,
        section("<"),
        interface(1, snap_length=96),
        interface(101, snap_length=64),
        enhanced(FRAME, 1, 1),
        enhanced(FRAME, 2, 0),
        section(">"),
        interface(113, ">"),
        enhanced(FRAME, 3, 0, ">"),
        section("<", version=(1, 2), options=option(1, b"a comment") + END_OF_OPTIONS),
        interface(1),
        enhanced(FRAME, 4),
    )
    records, info = read(path)
    assert [(record[0], record[1], record[2]) for record in records] == [
        (1, 1000, 101),
        (2, 2000, 1),
        (3, 3000, 113),
        (4, 4000, 1),
    ]
    assert (info.link_types, info.snap_length, info.truncated) == ([1, 101, 113], 96, False)


@pytest.mark.parametrize(
    ("resolution", "stamp", "time"),
    [
        (0, 7, 7 * NS),
        (3, 7, 7_000_000),
        (6, 7, 7000),
        (9, 2**63 + 1, 2**63 + 1),
        (12, 1_999, 1),
        (0x80, 7, 7 * NS),
        (0x8A, 1025, NS + NS // 1024),
        (0xBF, 2**63, NS),
    ],
)
def test_resolution_and_offset_are_exact(tmp_path: Path, resolution: int, stamp: int, time: int) -> None:
    for offset in (0, 10**9, -5):
        options = option(9, bytes([resolution])) + option(14, struct.pack("<q", offset)) + END_OF_OPTIONS
        records, info = read(made(tmp_path, section(), interface(options=options), enhanced(FRAME, stamp)))
        assert records[0][1] == info.first_time == info.last_time == time + offset * NS


def test_simple_packets_have_no_time(tmp_path: Path) -> None:
    path = made(
        tmp_path,
        section(),
        interface(snap_length=60),
        block(3, struct.pack("<I", 1500) + FRAME[:60]),
        enhanced(FRAME, 5_000_000),
        block(3, struct.pack("<I", 54) + segment(destination=80)[:54]),
    )
    records, info = read(path)
    assert [(record[1], len(record[3]), record[4]) for record in records] == [
        (0, 60, 1500),
        (5 * NS, len(FRAME), len(FRAME)),
        (0, 54, 54),
    ]
    assert info.first_time == info.last_time == 5 * NS
    wanted, same_info = read(path, PORTS)
    assert (wanted, same_info) == (records[:2], info)


def test_obsolete_packet_blocks(tmp_path: Path) -> None:
    def old(drops: int) -> bytes:
        return block(2, struct.pack("<HHIIII", 0, drops, 1, 0, len(FRAME), 1500) + FRAME)

    records, info = read(made(tmp_path, section(), interface(), old(0xFFFF), old(3), old(4)))
    assert [record[1:] for record in records] == [(2**32 * 1000, 1, FRAME, 1500)] * 3
    assert info.first_time == 2**32 * 1000
    assert [w for w in info.warnings if w.startswith("7 packets were dropped between packets")]


def test_records_of_a_pipe_have_octets_of_their_own(tmp_path: Path) -> None:
    import gzip

    octets = section() + interface() + block(3, struct.pack("<I", len(FRAME)) + FRAME) + enhanced(FRAME)
    path = write(tmp_path, gzip.compress(octets))
    assert [record[3] for record in read(path)[0]] == [FRAME, FRAME]


def test_drops_are_told(tmp_path: Path) -> None:
    def statistics(interface_id: int, *options: bytes) -> bytes:
        return block(5, struct.pack("<III", interface_id, 0, 0) + b"".join(options))

    path = made(
        tmp_path,
        section(),
        interface(),
        enhanced(FRAME, options=option(1, b"hello") + option(4, struct.pack("<Q", 2)) + END_OF_OPTIONS),
        enhanced(FRAME, options=option(4, struct.pack("<Q", 3))),
        statistics(0, option(5, struct.pack("<Q", 10)), option(7, struct.pack("<Q", 0))),
        statistics(0, option(4, struct.pack("<Q", 99)), option(5, struct.pack("<Q", 11)), END_OF_OPTIONS),
        section(),
        interface(),
        statistics(0, option(7, struct.pack("<Q", 6))),
    )
    _, info = read(path)
    assert [warning.partition(" while")[0] for warning in info.warnings] == [
        "11 packets were dropped by the interface",
        "6 packets were dropped by the operating system",
        "5 packets were dropped between packets",
    ]
    assert not info.truncated


def test_packet_with_damaged_options_is_still_a_packet(tmp_path: Path) -> None:
    blocks = enhanced(FRAME, options=struct.pack("<HHI", 4, 900, 0)), enhanced(FRAME)
    records, info = read(made(tmp_path, section(), interface(), *blocks))
    assert (len(records), info.warnings) == (2, [])


def test_other_blocks_are_passed_over_but_keep_frame_numbers_as_in_wireshark(tmp_path: Path) -> None:
    path = made(
        tmp_path,
        section(),
        interface(),
        block(4, bytes(4)),
        enhanced(FRAME),
        block(0x0BAD, struct.pack("<I", 32473) + b"a custom block"),
        block(77, bytes(600_000)),
        block(0x80000001, b""),
        enhanced(FRAME),
    )
    records, info = read(path)
    assert [record[0] for record in records] == [1, 3]
    assert info.packets == 2


@pytest.mark.parametrize("trailer", [89, 92])
def test_length_without_the_padding_is_understood(tmp_path: Path, trailer: int) -> None:
    body = struct.pack("<IIIII", 0, 0, 1000, 57, 57) + FRAME[:57]
    blocks = block(6, body, length=89, trailer=trailer), enhanced(FRAME)
    records, info = read(made(tmp_path, section(), interface(), *blocks))
    assert [len(record[3]) for record in records] == [57, len(FRAME)]
    assert info.warnings == []


def test_packet_too_large_in_a_window_that_has_grown(tmp_path: Path) -> None:
    comment = b"".join(option(1, bytes(60_000)) for _ in range(12))
    path = made(tmp_path, section(options=comment), interface(), enhanced(FRAME), enhanced(bytes(262_148)))
    records, info = read(path)
    assert (len(records), info.truncated) == (1, True)
    assert "claims 262148 captured octets, more than the 262144" in info.warnings[0]


def test_interfaces_that_take_turns_and_larger_packets_of_one(tmp_path: Path) -> None:
    frames = [(0, FRAME, 9), (1, bytes(300_000), 5), (1, FRAME, 7), (0, segment(destination=80), 2)]
    path = made(
        tmp_path,
        section(),
        interface(1),
        interface(189),
        *(enhanced(frame, stamp, number) for number, frame, stamp in frames),
    )
    records, info = read(path)
    assert [record[3] for record in records] == [frame for _, frame, _ in frames]
    assert (info.first_time, info.last_time) == (2000, 9000)
    assert read(path, PORTS) == (records[:3], info)


def test_earliest_and_latest_time_of_packets_out_of_order(tmp_path: Path) -> None:
    stamps = [2**32 + 5, 2**32 + 9, 2**32 + 3, 2**32 - 1, 2**33, 2**33 - 7, 2**32 - 2]
    _, info = read(made(tmp_path, section(), interface(), *(enhanced(FRAME, stamp) for stamp in stamps)), PORTS)
    assert (info.first_time, info.last_time) == ((2**32 - 2) * 1000, 2**33 * 1000)


def test_more_interfaces_than_any_machine_has(tmp_path: Path) -> None:
    path = made(tmp_path, section(), interface() * 65_537, enhanced(FRAME))
    _, info = read(path)
    assert info.truncated
    assert "is one of more than 65536 interfaces" in info.warnings[0]


def test_statistics_of_no_interface_are_passed_over(tmp_path: Path) -> None:
    statistics = block(5, struct.pack("<III", 9, 0, 0) + option(5, struct.pack("<Q", 10)))
    assert read(made(tmp_path, section(), interface(), statistics))[1].warnings == []


HUGE = struct.pack("<II", 6, 0xFFFFFFFC) + bytes(100)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (block(6, bytes(24), trailer=8), "gives its length as 36 and as 8"),
        (struct.pack("<III", 77, 8, 8), "claims a length of 8 octets, which is too small"),
        (struct.pack("<III", 77, 0, 0), "claims a length of 0 octets, which is too small"),
        (block(1, b""), "claims a length of 12 octets, which is too small"),
        (enhanced(FRAME, interface_id=3), "is of interface 3, which its section has not described"),
        (enhanced(FRAME, captured=100), "claims 100 captured octets but has room for"),
        (enhanced(bytes(262_148)), "claims 262148 captured octets, more than the 262144"),
        (block(3, struct.pack("<I", 100) + bytes(60)), "claims 100 captured octets but has room for 60"),
        (HUGE, "claims a length of 4294967292 octets, more than 16777216 (limit block_octets)"),
        (struct.pack("<II", 77, 0xFFFFFFFC) + bytes(100), "the file ends inside the block after frame 1"),
        (block(0x0A0D0D0A, bytes(16)), "has no byte-order magic"),
        (section(version=(2, 0)), "is of the unknown version 2.0"),
        (interface(options=struct.pack("<HHI", 9, 200, 6)), "is longer than the block"),
        (b"junk", "claims a length of 6 octets, which is too small"),
        (section() + enhanced(FRAME), "is of interface 0, which its section has not described"),
        (section() + block(3, struct.pack("<I", 0)), "is of interface 0"),
    ],
)
@pytest.mark.parametrize("ports", [None, PORTS])
def test_damage_ends_reading_and_is_told(
    tmp_path: Path, damage: bytes, told: str, ports: frozenset[int] | None
) -> None:
    good = section() + interface() + enhanced(FRAME)
    records, info = read(made(tmp_path, good, damage, enhanced(FRAME)), ports)
    assert (len(records), info.packets, info.truncated) == (1, 1, True)
    assert told in info.warnings[0]
    inside = 0 if told.startswith("is of interface 0") else len(good)
    assert (f"octet {inside}" in info.warnings[0]) or inside == 0


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (section()[:20], "ends inside its section header, after 20 octets"),
        (block(0x0A0D0D0A, bytes(16)), "no byte-order magic"),
    ],
)
def test_no_section_header(tmp_path: Path, octets: bytes, told: str) -> None:
    with pytest.raises(CaptureError, match=told):
        read(write(tmp_path, octets))
