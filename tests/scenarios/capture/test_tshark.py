"""The same packets, numbers, times and lengths as Wireshark and its tools."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.capture.files import CAPTURES, PORT, PORTS, enhanced, interface, pcap, pcapng, read, section, segment, write
from tests.support.programs import need

EVERY = sorted(CAPTURES.glob("*.pcap*"))
PLAIN = [path for path in EVERY if path.read_bytes()[:4] == b"\xd4\xc3\xb2\xa1" and "truncated" not in path.name]


def by_tshark(tshark: str, path: Path) -> list[tuple[int, int, int, int]]:
    """Return number, time in ns, captured and original length of each frame that tshark reads."""
    fields = ("frame.number", "frame.time_epoch", "frame.cap_len", "frame.len")
    command = [tshark, "-r", str(path), "-T", "fields", *(part for field in fields for part in ("-e", field))]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    frames = []
    for line in lines:
        number, time, captured, original = line.split("\t")
        frames.append((int(number), int(time.replace(".", "") or 0), int(captured), int(original)))
    return frames


def by_us(path: Path) -> list[tuple[int, int, int, int]]:
    return [(number, time, len(octets), original) for number, time, _, octets, original in read(path)[0]]


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those that are plain pcap, one behind the other in one file, so that tshark need not start for each."""
    path = tmp_path_factory.mktemp("joined") / "joined.pcapng"
    subprocess.run([need("mergecap"), "-a", "-w", path, *PLAIN], check=True, capture_output=True)
    return path


def test_recorded_captures(joined: Path, tshark: str) -> None:
    ours = [frame for path in PLAIN for _, *frame in by_us(path)]
    assert ours == [frame for _, *frame in by_tshark(tshark, joined)]


@pytest.mark.parametrize("path", sorted({*EVERY} - {*PLAIN}), ids=lambda path: path.name)
def test_recorded_captures_of_other_formats(path: Path, tshark: str) -> None:
    assert by_us(path) == by_tshark(tshark, path)


def test_every_packet_of_the_port_passes_the_filter(joined: Path, tshark: str) -> None:
    shown = f"tcp.port == {PORT} and not icmp and not icmpv6"
    command = [tshark, "-r", joined, "-Y", shown, "-T", "fields", "-e", "frame.number"]
    wanted = {int(number) for number in subprocess.run(command, capture_output=True, check=True).stdout.split()}
    passed, before = set(), 0
    for path in PLAIN:
        everything, info = read(path)
        some, same_info = read(path, PORTS)
        assert same_info == info
        assert set(some) <= set(everything)
        passed |= {before + number for number, *_ in some}
        before += info.packets
    assert len(wanted) > 20_000
    assert wanted <= passed


@pytest.mark.parametrize("kind", ["pcap", "nsecpcap", "modpcap", "pcapng"])
def test_formats_that_editcap_writes(tmp_path: Path, tshark: str, kind: str) -> None:
    source = CAPTURES / "format_nanosecond.pcap"
    path = tmp_path / "written"
    subprocess.run([need("editcap"), "-F", kind, source, path], check=True, capture_output=True)
    assert by_us(path) == by_tshark(tshark, path)


def test_what_mergecap_makes_of_several_link_types(tmp_path: Path, tshark: str) -> None:
    parts = [CAPTURES / name for name in ("cooked_any_sll.pcap", "derived_linktype_raw.pcap", "snaplen96.pcap")]
    path = tmp_path / "merged.pcapng"
    subprocess.run([need("mergecap"), "-F", "pcapng", "-w", path, *parts], check=True, capture_output=True)
    assert by_us(path) == by_tshark(tshark, path)
    assert read(path)[1].link_types == [113, 101, 1] or len(read(path)[1].link_types) == 3


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_count_of_cut_captures(tmp_path: Path, make: object) -> None:
    assert callable(make)
    tshark = need("tshark")
    octets = make([segment(payload=b"QUIT\r\n")] * 3)
    for missing in (150, 109, 68, 27, 3):  # in headers, in data, in the length at the end of a block
        length = len(octets) - missing
        path = write(tmp_path, octets[:length])
        assert by_us(path) == by_tshark(tshark, path)


def test_packet_count_and_times_of_capinfos() -> None:
    capinfos = need("capinfos")
    command = [capinfos, "-T", "-M", "-r", "-c", "-S", "-a", "-e", *map(str, EVERY)]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    assert [line.partition("\t")[0] for line in lines] == [str(path) for path in EVERY]
    for path, line in zip(EVERY, lines, strict=True):
        _, packets, first, last = line.split("\t")
        info = read(path)[1]
        assert info.packets == int(packets)
        assert (in_seconds(info.first_time, first), in_seconds(info.last_time, last)) == (first, last)


def in_seconds(time: int | None, like: str) -> str:
    """Write a time with as many decimals as another."""
    assert time is not None
    seconds, nanoseconds = divmod(time, 10**9)
    return f"{seconds}.{nanoseconds:09}"[: len(like)]


def test_interfaces_with_resolutions_of_their_own(tmp_path: Path, tshark: str) -> None:
    # Finer than nanoseconds tshark 4.0 reckons wrongly: fraction times 10**9 overflows its 64 bits.
    octets = (
        section()
        + interface(options=b"\x09\0\1\0\x08\0\0\0\0\0\0\0")
        + interface(options=b"\x09\0\1\0\x8a\0\0\0\x0e\0\x08\0\x64" + bytes(11))
        + enhanced(segment(), 1_234_567_890_123, 0)
        + enhanced(segment(), 1025, 1)
        + enhanced(segment(), 7, 0)
    )
    path = write(tmp_path, octets)
    assert by_us(path) == by_tshark(tshark, path)
