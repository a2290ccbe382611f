"""Whatever the octets: a result or a CaptureError; and all that precedes the damage."""

from __future__ import annotations

import tempfile
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.capture import CaptureInfo
from pop2dissect.errors import CaptureError
from tests.capture.files import (
    PORTS,
    Plain,
    block,
    enhanced,
    interface,
    pcap,
    pcap_header,
    pcap_record,
    pcapng,
    read,
    section,
    segment,
)
from tests.capture.test_compression import FORMATS
from tests.support.chosen import some

FRAMES = [
    segment(payload=b"HELO user secret\r\n"),
    segment(destination=80),
    b"",
    segment(109, 40000, b"#3 messages"),
    segment(53, 109)[:30],
]
MADE = {
    "pcap": pcap(FRAMES),
    "pcap big-endian": pcap(FRAMES, ">"),
    "pcap modified": pcap_header(magic=0xA1B2CD34)
    + b"".join(pcap_record(frame, 1, n, extra=bytes(8)) for n, frame in enumerate(FRAMES)),
    "pcap 2.3": pcap_header(version=(2, 3)) + b"".join(pcap_record(frame, 1) for frame in FRAMES),
    "pcapng": pcapng(FRAMES),
    "pcapng big-endian": pcapng(FRAMES, ">"),
    "pcapng of all blocks": section()
    + interface(snap_length=64, options=b"\x09\0\1\0\x09\0\0\0")
    + block(3, (54).to_bytes(4, "little") + FRAMES[1])
    + block(5, bytes(12) + b"\x05\0\x08\0" + b"\7" + bytes(7))
    + enhanced(FRAMES[0], options=b"\x04\0\x08\0" + bytes(8))
    + block(2, bytes(12) + (54).to_bytes(4, "little") * 2 + FRAMES[1])
    + block(77, b"unknown"),
}


@cache
def whole(name: str) -> tuple[list[Plain], CaptureInfo]:
    return attempt(MADE[name])


def attempt(octets: bytes, ports: frozenset[int] | None = None) -> tuple[list[Plain], CaptureInfo]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(octets)
        file.flush()
        records, info = read(file.name, ports)
    info.path = ""
    return records, info


@pytest.mark.parametrize("name", MADE)
def test_cut_at_every_octet(name: str) -> None:
    octets = MADE[name]
    records, _ = whole(name)
    count = 0
    for length in range(len(octets)):
        try:
            got, info = attempt(octets[:length])
        except CaptureError:
            assert length < 28
            continue
        assert got == records[: len(got)]
        assert len(got) >= count
        assert info.packets == len(got)
        assert info.truncated == bool(info.warnings and "dropped" not in info.warnings[0])
        count = len(got)
        if info.truncated:
            (warning,) = (w for w in info.warnings if "dropped" not in w)
            assert warning.startswith("the file ends inside")
    assert count == len(records) or len(records) == count + 1


@pytest.mark.parametrize("name", FORMATS)
def test_compressed_and_cut_at_every_octet(name: str) -> None:
    octets = FORMATS[name](MADE["pcap"])
    records, _ = whole("pcap")
    for length in range(len(octets)):
        try:
            got, info = attempt(octets[:length])
        except CaptureError:
            continue
        assert got == records[: len(got)]
        assert info.truncated
        assert f"the {name} data ends before its end mark" in info.warnings[0]


def same_with_ports(octets: bytes) -> None:
    """Assert that reading with and without ports end the same way, and that nothing unknown is raised."""
    try:
        everything, info = attempt(octets)
    except CaptureError as error:
        with pytest.raises(CaptureError) as raised:
            attempt(octets, PORTS)
        assert str(raised.value).partition(": ")[2] == str(error).partition(": ")[2]
        return
    wanted, same_info = attempt(octets, PORTS)
    assert same_info == info
    assert set(wanted) <= set(everything)
    assert all(first[0] < second[0] for first, second in pairwise(everything))


@pytest.mark.parametrize("name", MADE)
def test_flipped_bits_of_every_octet_of_the_headers(name: str) -> None:
    length = min(len(MADE[name]), 200)
    for bit in some(range(8 * length), 2 * length):
        octets = bytearray(MADE[name])
        octets[bit // 8] ^= 1 << bit % 8
        same_with_ports(bytes(octets))


@given(st.sampled_from(sorted(MADE)), st.data())
def test_octets_changed(name: str, data: st.DataObject) -> None:
    octets = bytearray(MADE[name])
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    same_with_ports(bytes(octets))


@given(
    st.sampled_from([b"", pcap_header(), pcap_header(">"), section(), section(">") + interface(1, ">")]),
    st.binary(max_size=200),
)
def test_any_octets(beginning: bytes, octets: bytes) -> None:
    same_with_ports(beginning + octets)


@given(st.sampled_from(sorted(FORMATS)), st.data())
def test_compressed_octets_changed(name: str, data: st.DataObject) -> None:
    octets = bytearray(FORMATS[name](MADE["pcap"]))
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
    same_with_ports(bytes(octets))


def test_cut_record_is_told_with_frame_and_offset(tmp_path: Path) -> None:
    _, info = attempt(MADE["pcap"][:-10])
    at = len(MADE["pcap"]) - 30 - 16
    assert info.warnings == [
        f"the file ends inside the record of frame 5, which begins at octet {at}: only 36 octets of it are there"
    ]


def test_read_error_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pop2dissect.capture import source

    class Failing:
        def __init__(self, octets: bytes) -> None:
            self.octets = octets

        def readinto(self, buffer: memoryview) -> int:
            if not self.octets:
                raise OSError(5, "Input/output error")
            count = min(len(buffer), len(self.octets))
            buffer[:count], self.octets = self.octets[:count], self.octets[count:]
            return count

        def close(self) -> None:
            pass

    monkeypatch.setattr(source, "_open", lambda path: Failing(MADE["pcap"][:200]))
    monkeypatch.setattr(source, "_regular_size", lambda file: None)
    records, info = read("disk")
    assert [record[0] for record in records] == [1, 2, 3]
    assert info.truncated
    assert info.warnings[0].startswith("reading fails (Input/output error): reading stops before the record of")
    assert info.packets == 3
