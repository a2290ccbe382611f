from __future__ import annotations

import mmap
from pathlib import Path

import pytest

from pop2dissect.capture import CaptureReader
from pop2dissect.errors import CaptureError
from tests.capture.files import PORTS, pcap, pcap_header, pcap_record, plain, read, segment, write

NS = 10**9
FRAME = segment(payload=b"HELO user secret\r\n")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("magic", "unit", "extra", "name"),
    [
        (0xA1B2C3D4, 1000, b"", "pcap"),
        (0xA1B23C4D, 1, b"", "pcap (nanoseconds)"),
        (0xA1B2CD34, 1000, bytes(8), "pcap (modified)"),
    ],
)
def test_every_variant(tmp_path: Path, order: str, magic: int, unit: int, extra: bytes, name: str) -> None:
    frames = [FRAME, b"", FRAME[:40], segment(destination=80)]
    octets = pcap_header(order, magic, snap_length=65535) + b"".join(
        pcap_record(frame, 100 + n, n, order, original=1500, extra=extra) for n, frame in enumerate(frames)
    )
    records, info = read(write(tmp_path, octets))
    assert records == [(n + 1, (100 + n) * NS + n * unit, 1, frame, 1500) for n, frame in enumerate(frames)]
    assert (info.format, info.link_types, info.snap_length, info.packets) == (name, [1], 65535, 4)
    assert (info.first_time, info.last_time) == (100 * NS, 103 * NS + 3 * unit)
    assert (info.size, info.truncated, info.warnings) == (len(octets), False, [])
    wanted, same_info = read(tmp_path / "made.pcap", PORTS)
    assert wanted == records[:3]
    assert same_info == info


def test_records_refer_to_a_map_that_outlives_the_reader(tmp_path: Path) -> None:
    path = write(tmp_path, pcap([FRAME, FRAME]))
    with CaptureReader([path]) as reader:
        records = list(reader)
    assert all(isinstance(record.data, mmap.mmap) and record.data is records[0].data for record in records)
    assert [plain(record)[3] for record in records] == [FRAME, FRAME]


def test_seconds_are_unsigned_and_fractions_may_be_too_large(tmp_path: Path) -> None:
    octets = pcap_header() + pcap_record(FRAME, 0xFFFFFFFF, 0) + pcap_record(FRAME, 5, 0xFFFFFFFF)
    records, info = read(write(tmp_path, octets))
    assert [record[1] for record in records] == [0xFFFFFFFF * NS, 5 * NS + 0xFFFFFFFF * 1000]
    assert info.first_time == 5 * NS + 0xFFFFFFFF * 1000


def test_earliest_and_latest_time_of_packets_out_of_order(tmp_path: Path) -> None:
    times = [(7, 5), (7, 9), (7, 3), (6, 999999), (8, 2), (8, 1), (5, 2_500_000)]
    octets = pcap_header() + b"".join(pcap_record(FRAME, *time) for time in times)
    _, info = read(write(tmp_path, octets), PORTS)
    assert (info.first_time, info.last_time) == (6 * NS + 999_999_000, 8 * NS + 2000)


def test_link_type_without_the_bits_above_it(tmp_path: Path) -> None:
    records, info = read(write(tmp_path, pcap_header(network=0x24000071) + pcap_record(FRAME)))
    assert info.link_types == [113]
    assert records[0][2] == 113


def test_original_length_is_at_least_the_captured(tmp_path: Path) -> None:
    records, _ = read(write(tmp_path, pcap_header() + pcap_record(FRAME, original=3)))
    assert records[0][4] == len(FRAME)


def test_no_packets_and_no_snap_length(tmp_path: Path) -> None:
    records, info = read(write(tmp_path, pcap_header(snap_length=0)))
    assert records == []
    assert (info.packets, info.first_time, info.last_time, info.snap_length) == (0, None, None, None)


def test_stated_time_zone_is_told(tmp_path: Path) -> None:
    _, info = read(write(tmp_path, pcap_header(zone=-3600)))
    assert "-3600 s" in info.warnings[0]
    assert not info.truncated


@pytest.mark.parametrize("version", [(2, 2), (2, 3)])
def test_lengths_the_other_way_round_in_old_versions(tmp_path: Path, version: tuple[int, int]) -> None:
    frames = [FRAME, FRAME, FRAME[:40]]
    octets = pcap_header(version=version) + b"".join(
        pcap_record(frame, captured=original, original=len(frame))
        for frame, original in zip(frames, (len(FRAME), len(FRAME), 1500), strict=True)
    )
    records, info = read(write(tmp_path, octets))
    assert [record[3] for record in records] == frames
    assert records[2][4] == 1500
    assert not info.truncated


@pytest.mark.parametrize("frames", [[FRAME, FRAME], [FRAME, FRAME[:40]]])
def test_version_2_3_with_lengths_as_today(tmp_path: Path, frames: list[bytes]) -> None:
    octets = pcap_header(version=(2, 3)) + b"".join(pcap_record(f, original=len(FRAME)) for f in frames)
    assert [record[3] for record in read(write(tmp_path, octets))[0]] == frames


def test_unknown_version(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="version 3"):
        read(write(tmp_path, pcap_header(version=(3, 1))))


@pytest.mark.parametrize("ports", [None, PORTS])
def test_largest_packet_and_one_octet_more(tmp_path: Path, ports: frozenset[int] | None) -> None:
    largest = FRAME + bytes(262144 - len(FRAME))
    octets = pcap_header() + pcap_record(FRAME) + pcap_record(largest) + pcap_record(FRAME)
    assert [len(record[3]) for record in read(write(tmp_path, octets), ports)[0]] == [
        len(FRAME),
        262144,
        len(FRAME),
    ]
    at = len(octets)
    octets += pcap_record(largest + b"x") + pcap_record(FRAME)
    records, info = read(write(tmp_path, octets), ports)
    assert (len(records), info.packets, info.truncated) == (3, 3, True)
    assert f"frame 4, at octet {at}, claims 262145 captured octets" in info.warnings[0]


def test_record_too_large_right_at_the_beginning_of_the_window(tmp_path: Path) -> None:
    _, info = read(write(tmp_path, pcap_header() + pcap_record(bytes(262145)) + pcap_record(FRAME)))
    assert info.packets == 0
    assert "frame 1, at octet 24" in info.warnings[0]


def test_link_types_with_larger_packets(tmp_path: Path) -> None:
    octets = pcap_header(network=189) + pcap_record(bytes(600_000)) + pcap_record(FRAME)
    assert [len(record[3]) for record in read(write(tmp_path, octets))[0]] == [600_000, len(FRAME)]


def test_map_gives_back_what_was_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pop2dissect.capture import window

    monkeypatch.setattr(window, "RELEASE_OCTETS", 1000)
    frames = [segment(payload=bytes([n]) * 60_000) for n in range(20)]
    path = write(tmp_path, pcap(frames))
    with CaptureReader([path]) as reader:
        records = list(reader)
    assert [plain(record)[3] for record in records] == frames


def test_capture_many_windows_long(tmp_path: Path) -> None:
    frames = [segment(1024 + n % 60000, 80, bytes(n % 1400)) for n in range(3000)]
    frames[::100] = [segment(payload=bytes(n)) for n in range(30)]
    path = write(tmp_path, pcap(frames))
    everything, info = read(path)
    assert [record[3] for record in everything] == frames
    wanted, same_info = read(path, PORTS)
    assert wanted == everything[::100]
    assert same_info == info


def overflowing(fractions: list[tuple[int, int]]) -> bytes:
    return pcap_header() + b"".join(
        pcap_record(segment(payload=bytes(number % 50)), seconds, fraction)
        for number, (seconds, fraction) in enumerate(fractions)
    )


@pytest.mark.parametrize("first", [0, 2, 500])
def test_fractions_of_more_than_a_second_are_added_to_the_seconds(tmp_path: Path, first: int) -> None:
    """As tcpdump and tshark do; and they are no reason to take the records for those of another variant."""
    fractions = [(100, 1000 * n) for n in range(first)] + [(100, 1_010_000 + 10_000 * n) for n in range(28)]
    records, info = read(write(tmp_path, overflowing(fractions)))
    assert [record[1] for record in records] == [s * NS + f * 1000 for s, f in fractions]
    assert (info.format, info.time_digits, info.packets, info.truncated) == ("pcap", 6, first + 28, False)
    assert (info.first_time, info.last_time) == (records[0][1], records[-1][1])
    assert info.warnings == [
        "time stamps whose fraction is a second or more, which was added to the seconds: "
        f"28, the first of frame {first + 1}"
    ]
    assert read(tmp_path / "made.pcap", PORTS)[1] == info


def test_nanoseconds_under_the_magic_number_of_microseconds(tmp_path: Path) -> None:
    times = [(100 + n // 4, n % 4 * 250_000_000 + n) for n in range(40)]
    records, info = read(write(tmp_path, overflowing(times)))
    assert [record[1] for record in records] == [s * NS + f for s, f in times]
    assert (info.format, info.time_digits) == ("pcap (nanoseconds, not marked)", 9)
    assert "read as such" in info.warnings[0]


@pytest.mark.parametrize("frames", range(1, 6))
@pytest.mark.parametrize("broken_off", [0, 3, 20])
def test_no_variant_is_chosen_that_has_fewer_packets(tmp_path: Path, frames: int, broken_off: int) -> None:
    """Whatever the time stamps, as long as the records are where the usual variant has them."""
    for fraction in (999_999, 1_000_000, 1_425_409_600, 0xFFFFFFFF):
        octets = overflowing([(1_700_000_000, fraction)] * frames)
        records, info = read(write(tmp_path, octets[: len(octets) - broken_off]))
        assert (len(records), info.format) == (frames - bool(broken_off), "pcap")


@pytest.mark.parametrize("zeros", [16, 32, 40, 70_000, 1_000_000])
@pytest.mark.parametrize("seconds", [0, 7])
@pytest.mark.parametrize("ports", [None, PORTS])
def test_a_tail_of_zeros_is_damage(tmp_path: Path, zeros: int, seconds: int, ports: frozenset[int] | None) -> None:
    octets = pcap_header() + b"".join(pcap_record(segment(), seconds) for _ in range(3))
    records, info = read(write(tmp_path, octets + bytes(zeros)), ports)
    assert (len(records), info.packets, info.truncated) == (3, 3, True)
    assert info.first_time == info.last_time == seconds * NS
    assert info.warnings == [
        f"nothing but zeros from octet {len(octets)} on, where the record of frame 4 should be: reading stops there"
    ]


def test_an_empty_packet_of_1970_is_a_packet_where_others_follow(tmp_path: Path) -> None:
    octets = pcap_header() + pcap_record(b"") + pcap_record(segment(), 9) + pcap_record(b"") * 5 + pcap_record(b"", 1)
    records, info = read(write(tmp_path, octets))
    assert (len(records), info.packets, info.warnings) == (8, 8, [])
    assert (info.first_time, info.last_time) == (0, 9 * NS)
