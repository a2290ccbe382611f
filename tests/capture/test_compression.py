from __future__ import annotations

import bz2
import gzip
import io
import lzma
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lz4.frame
import pytest
import zstandard

from pop2dissect.capture import CaptureReader
from pop2dissect.capture.compression import Unpacked, compression_of
from pop2dissect.errors import CaptureError, MissingLibraryError
from tests.capture.files import CAPTURES, PORTS, pcap, pcap_header, pcap_record, pcapng, read, segment, write

Compress = Callable[[bytes], bytes]


def gzip_compress(octets: bytes) -> bytes:
    return gzip.compress(octets, mtime=0)


FORMATS: dict[str, Compress] = {
    "gzip": gzip_compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
    "lz4": lambda octets: bytes(lz4.frame.compress(octets, content_checksum=True)),
}
every_format = pytest.mark.parametrize("name", FORMATS)
FRAMES = [segment(payload=bytes([n]) * (7 * n)) for n in range(200)]


@every_format
@pytest.mark.parametrize("make", [pcap, pcapng])
def test_unpacks_what_the_plain_file_holds(tmp_path: Path, name: str, make: Callable[..., bytes]) -> None:
    octets = make([*FRAMES, segment(destination=80)])
    plain, info = read(write(tmp_path, octets, "plain"))
    compressed = FORMATS[name](octets)
    path = write(tmp_path, compressed, "name-does-not-matter")
    records, compressed_info = read(path)
    assert records == plain
    assert compressed_info.format == f"{info.format}, {name}"
    assert (compressed_info.size, compressed_info.packets) == (len(compressed), 201)
    assert read(path, PORTS) == (plain[:-1], compressed_info)


@every_format
def test_record_has_octets_of_its_own(tmp_path: Path, name: str) -> None:
    with CaptureReader([write(tmp_path, FORMATS[name](pcap(FRAMES[:3])))]) as reader:
        for record, frame in zip(reader, FRAMES, strict=False):
            assert (record.data, record.start) == (frame, 0)


@every_format
def test_members_one_after_the_other_and_padding(tmp_path: Path, name: str) -> None:
    octets = pcap(FRAMES)
    third = len(octets) // 3
    parts = [FORMATS[name](part) for part in (octets[:third], octets[third : 2 * third], octets[2 * third :])]
    padded = parts[0] + parts[1] + bytes(512) + parts[2] + bytes(100_000)
    records, info = read(write(tmp_path, padded))
    assert [record[3] for record in records] == FRAMES
    assert info.warnings == []


@every_format
@pytest.mark.parametrize("kept", [0.5, 0.9, 0.999])
def test_cut_data_gives_what_precedes(tmp_path: Path, name: str, kept: float) -> None:
    octets = b"".join(bytes([n * 7 & 255 for n in range(m, m + 97)]) for m in range(999))
    frames = [segment(payload=octets[n : n + 60]) for n in range(0, len(octets), 60)]
    compressed = FORMATS[name](pcap(frames))
    try:
        records, info = read(write(tmp_path, compressed[: int(len(compressed) * kept)]))
    except CaptureError as error:
        # These come in blocks of some 100 KB, of which nothing is known before all is there.
        assert name in ("bzip2", "zstd")
        assert f"the {name} data ends before its end mark" in str(error)
        return
    assert [record[3] for record in records] == frames[: len(records)]
    assert info.truncated
    assert f"the {name} data ends before its end mark: reading stops before" in info.warnings[0]
    assert len(info.warnings) == 1


@every_format
def test_damaged_data_gives_what_precedes(tmp_path: Path, name: str) -> None:
    compressed = bytearray(FORMATS[name](pcap(FRAMES)))
    for position in range(len(compressed) // 2, len(compressed) // 2 + 40):
        compressed[position] ^= 0xFF
    try:
        records, info = read(write(tmp_path, bytes(compressed)))
    except CaptureError as error:
        assert f"the {name} data is damaged" in str(error)
        return
    # Without a checksum over what is unpacked so far, damage may first show in what it unpacks to.
    assert info.truncated
    assert info.packets == len(records) < len(FRAMES)


def test_gzip_gives_every_packet_before_the_damage(tmp_path: Path) -> None:
    compressed = gzip_compress(pcap(FRAMES))
    records, info = read(write(tmp_path, compressed[:-8] + bytes(8)))
    assert [record[3] for record in records] == FRAMES
    assert info.truncated
    assert "the gzip data is damaged (Error -3" in info.warnings[0]


def test_other_data_after_the_end_is_told(tmp_path: Path) -> None:
    records, info = read(write(tmp_path, gzip_compress(pcap(FRAMES)) + b"something else"))
    assert len(records) == len(FRAMES)
    assert "the gzip data is damaged" in info.warnings[0]


@every_format
def test_no_capture_inside(tmp_path: Path, name: str) -> None:
    with pytest.raises(CaptureError, match="neither pcap nor pcapng: it begins with 68 65 6c 6c"):
        read(write(tmp_path, FORMATS[name](b"hello")))
    with pytest.raises(CaptureError, match="there is nothing inside of its compression"):
        read(write(tmp_path, FORMATS[name](b"")))
    with pytest.raises(CaptureError, match=f"the {name} data ends before its end mark"):
        read(write(tmp_path, FORMATS[name](pcap(FRAMES))[:8]))


@pytest.mark.parametrize(("name", "library"), [("zstd", "zstandard"), ("lz4", "lz4")])
def test_missing_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, library: str) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.setitem(sys.modules, f"{library}.frame", None)
    path = write(tmp_path, FORMATS[name](pcap(FRAMES)))
    with pytest.raises(MissingLibraryError, match=f"pip install .*'{library}>=") as raised:
        read(path)
    assert str(path) in str(raised.value)
    with (
        pytest.raises(MissingLibraryError, match="none of the 2 captures"),
        CaptureReader([path, write(tmp_path, path.read_bytes(), "other")]),
    ):
        pass
    other = write(tmp_path, pcap(FRAMES), "plain")
    with CaptureReader([path, other]) as reader:
        assert len(list(reader)) == len(FRAMES)
    assert library in reader.captures[0].warnings[0]


def test_only_first_octets_tell_the_format() -> None:
    assert compression_of(b"\x1f\x8b\x08") == "gzip"
    assert compression_of(b"\x1f") is None
    assert compression_of(b"") is None


@every_format
@pytest.mark.parametrize("room", [1, 1000])
def test_output_fits_the_room_there_is(name: str, room: int) -> None:
    octets = bytes(20_000) + b"end"
    source = Unpacked(io.BytesIO(FORMATS[name](octets)), name)
    buffer = bytearray(room)
    out = b""
    while count := source.readinto(memoryview(buffer)):
        out += buffer[:count]
    assert out == octets


BOMB = """
import resource, sys
from pop2dissect.capture import CaptureReader
def memory():
    return int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
import zlib, bz2, lzma, zstandard, lz4.frame
limit = memory() + (192 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
with CaptureReader(sys.argv[1:]) as reader:
    print(sum(record.captured for record in reader), reader.captures[0].warnings)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
@every_format
def test_bomb_is_unpacked_in_bounded_memory(tmp_path: Path, name: str) -> None:
    packets = 1200
    record = pcap_record(bytes(262_144))
    octets = io.BytesIO()
    opened: dict[str, Callable[[], Any]] = {
        "gzip": lambda: gzip.GzipFile(fileobj=octets, mode="wb", compresslevel=1),
        "bzip2": lambda: bz2.BZ2File(octets, "wb", compresslevel=1),
        "xz": lambda: lzma.open(octets, "wb", preset=0),  # noqa: SIM115
        "zstd": lambda: zstandard.ZstdCompressor().stream_writer(octets, closefd=False),
        "lz4": lambda: lz4.frame.LZ4FrameFile(octets, "wb"),
    }
    count = packets if name in ("gzip", "zstd", "lz4") else packets // 6
    with opened[name]() as file:
        file.write(pcap_header())
        for _ in range(count):
            file.write(record)
    path = write(tmp_path, octets.getvalue())
    run = subprocess.run([sys.executable, "-c", BOMB, path], capture_output=True, text=True, check=True)
    assert run.stdout == f"{262_144 * count} []\n"


def test_recorded_gzip() -> None:
    records, info = read(CAPTURES / "format_gzip.pcap.gz", PORTS)
    assert (len(records), info.format, info.truncated) == (165, "pcap, gzip", False)
