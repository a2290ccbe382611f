from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from pop2dissect.capture import (
    CaptureInfo,
    CaptureReader,
    capture_index,
    frame_number,
    reader,
    source,
)
from pop2dissect.capture.digest import sha256_of
from pop2dissect.capture.source import OpenCapture, Survey
from pop2dissect.errors import CaptureError
from tests.capture.files import (
    CAPTURES,
    PORTS,
    block,
    interface,
    pcap,
    pcap_header,
    pcap_record,
    pcapng,
    read,
    section,
    segment,
    write,
)
from tests.support.conversation import Conversation
from tests.support.wire import save

FRAMES = [segment(payload=bytes([n])) for n in range(3)]


def at(*seconds: int) -> bytes:
    """A capture with packets at these seconds."""
    return pcap_header() + b"".join(pcap_record(segment(payload=b"%d" % s), s) for s in seconds)


def order(paths: Sequence[Path | str]) -> list[tuple[int, int, int]]:
    """Return second, capture and frame of each record, in the order of reading."""
    with CaptureReader(paths) as merged:
        return [(r.time // 10**9, capture_index(r.frame), frame_number(r.frame)) for r in merged]


def test_one_capture_has_plain_frame_numbers(tmp_path: Path) -> None:
    path = write(tmp_path, pcap(FRAMES))
    with CaptureReader([path]) as records:
        assert [record.frame for record in records] == [1, 2, 3]
        assert list(records) == []


def test_several_are_merged_in_the_order_of_time_keeping_each_ones_own(tmp_path: Path) -> None:
    paths = [
        write(tmp_path, at(5, 6, 9), "a"),
        write(tmp_path, at(1, 6, 2), "b"),
        write(tmp_path, at(), "c"),
        write(tmp_path, at(5, 10), "d"),
    ]
    assert order(paths) == [
        (1, 1, 1),
        (5, 0, 1),
        (5, 3, 1),
        (6, 0, 2),
        (6, 1, 2),
        (2, 1, 3),
        (9, 0, 3),
        (10, 3, 2),
    ]


def test_packets_without_time_come_first(tmp_path: Path) -> None:
    simple = section() + interface() + block(3, b"\x36\0\0\0" + segment(destination=80))
    assert order([write(tmp_path, at(1), "a"), write(tmp_path, simple, "b")]) == [(0, 1, 1), (1, 0, 1)]


def test_a_thousand_files_with_few_descriptors(tmp_path: Path) -> None:
    for n in range(1000):
        write(tmp_path, at(n, n + 1, n + 2), f"rotated{n:03}.pcap")
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))\n"
        "from pop2dissect.capture import CaptureReader\n"
        "with CaptureReader(sys.argv[1:]) as reader: records = list(reader)\n"
        "print(len(records), records == sorted(records, key=lambda r: (r.time, r.frame)))\n"
        "print(sum(info.packets for info in reader.captures), [i for i in reader.captures if i.warnings])\n"
    )
    run = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert run.stdout == "3000 True\n3000 []\n"


def test_records_refer_to_maps_only_of_few_captures(tmp_path: Path) -> None:
    paths = [write(tmp_path, pcap(FRAMES), name) for name in "ab"]
    with CaptureReader(paths) as few:
        assert not any(isinstance(record.data, bytes) for record in few)
    with CaptureReader(paths, max_mapped=1) as many:
        assert all(isinstance(record.data, bytes) for record in many)


def test_directory_stands_for_its_captures_in_order_of_names(tmp_path: Path) -> None:
    write(tmp_path, at(1), "b.cap")
    write(tmp_path, at(1), "a")
    write(tmp_path, pcapng(FRAMES), "c.txt")
    write(tmp_path, b"hello, world", "d.pcap")
    write(tmp_path, b"", "e.pcap")
    (tmp_path / "folder").mkdir()
    write(tmp_path / "folder", at(1), "not direct")
    with CaptureReader([tmp_path]) as directory:
        assert [Path(info.path).name for info in directory.captures] == ["a", "b.cap", "c.txt"]
        assert len(list(directory)) == 5


def test_unreadable_file_of_a_directory_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, at(1), "a")
    forbidden = write(tmp_path, at(1), "b")
    forbid(monkeypatch, forbidden)
    with CaptureReader([tmp_path]) as directory:
        assert len(list(directory)) == 1
    assert directory.captures[1].warnings == [f"{forbidden} cannot be read: reading it is not permitted"]


def forbid(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Let opening a file fail as for lack of permission, which root never meets."""
    really_open = Path.open

    def refuse(self: Path, *arguments: object, **options: object) -> object:
        if self == path:
            raise PermissionError(13, "Permission denied")
        return really_open(self, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)


def test_pattern_where_no_file_has_that_name(tmp_path: Path) -> None:
    for name in ("x2.pcap", "x1.pcap", "y.pcap"):
        write(tmp_path, at(1), name)
    (tmp_path / "x3.pcap").mkdir()
    with CaptureReader([str(tmp_path / "x*.pcap")]) as matched:
        assert [Path(info.path).name for info in matched.captures] == ["x1.pcap", "x2.pcap"]
    write(tmp_path, at(1), "x[12].pcap")
    with CaptureReader([str(tmp_path / "x[12].pcap")]) as literal:
        assert [Path(info.path).name for info in literal.captures] == ["x[12].pcap"]


def test_each_file_is_read_once_however_often_it_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, at(1))
    (tmp_path / "link").symlink_to(path)
    assert len(order([path, tmp_path / "link", tmp_path, str(tmp_path / "*")])) == 1
    assert len(order([os.fsencode(path)])) == 1  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("name", "octets", "told"),
    [
        ("missing", None, "there is no such file"),
        ("missing*", None, "none that matches it as a pattern"),
        ("empty", b"", "the file is empty"),
        ("text", b"hello", "it is neither pcap nor pcapng: it begins with 68 65 6c 6c"),
        ("tiny", b"\xd4\xc3", "it is neither pcap nor pcapng: it begins with d4 c3"),
        ("sun", b"snoop\0\0\0\0\0\0\2", "it is a snoop capture, which --engine tshark can read"),
        ("cut", pcap_header()[:20], "the file ends inside its file header, after 20 octets"),
        ("null\0", None, "opening it fails"),
        ("escape\x1b[31m\udcff", None, r"escape\\x1b\[31m\\udcff cannot be read"),
    ],
)
def test_what_cannot_be_read_at_all(tmp_path: Path, name: str, octets: bytes | None, told: str) -> None:
    path = str(tmp_path / name)
    if octets is not None:
        write(tmp_path, octets, name)
    with pytest.raises(CaptureError, match=told) as raised:
        CaptureReader([path])
    assert "cannot be read: " in str(raised.value)
    good = write(tmp_path, at(1), "good")
    with CaptureReader([path, good]) as several:
        assert len(list(several)) == 1
    assert several.captures[0].warnings == [str(raised.value)]
    assert (several.captures[0].packets, several.captures[1].packets) == (0, 1)


def test_not_permitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, at(1))
    forbid(monkeypatch, path)
    with pytest.raises(CaptureError, match="reading it is not permitted"):
        CaptureReader([path])


def test_directory_without_captures_or_not_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CaptureError, match="the directory has no capture files in it"):
        CaptureReader([tmp_path])

    def refuse(self: Path) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(CaptureError, match=r"the directory cannot be listed \(Permission denied\)"):
        CaptureReader([tmp_path])


def test_none_of_several_and_none_given(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"none of the 2 captures can be read; the first: .*one cannot"):
        CaptureReader([tmp_path / "one", tmp_path / "two"])
    with pytest.raises(CaptureError, match="no capture is given"):
        CaptureReader([])


def test_file_that_vanishes_before_its_turn_is_told(tmp_path: Path) -> None:
    paths = [write(tmp_path, at(1), "a"), write(tmp_path, at(2), "b")]
    with CaptureReader(paths) as several:
        paths[1].unlink()
        assert len(list(several)) == 1
    assert several.captures[1].truncated
    assert "there is no such file" in several.captures[1].warnings[0]


@pytest.mark.parametrize("several", [False, True])
def test_facts_when_reading_is_given_up(tmp_path: Path, several: bool) -> None:
    paths = [write(tmp_path, at(1, 2, 3), "a"), write(tmp_path, at(4), "b")][: 1 + several]
    with CaptureReader(paths) as records:
        next(iter(records))
    assert records.captures[0].packets >= 1
    assert list(records) == []
    records.close()


def test_progress(tmp_path: Path) -> None:
    paths = [write(tmp_path, at(*range(50_000)), "a"), write(tmp_path, at(99_999), "b")]
    sizes = [path.stat().st_size for path in paths]
    with CaptureReader(paths) as records:
        next(iter(records))
        assert 0 < records.octets_read < sizes[0]
        assert len(list(records)) == 50_000
        assert records.octets_read == sum(sizes)


def test_file_that_shrinks_or_grows_while_it_is_read(tmp_path: Path) -> None:
    octets = at(*range(20_000))
    path = write(tmp_path, octets)
    with CaptureReader([path], max_mapped=0) as records:
        next(iter(records))
        os.truncate(path, len(octets) // 2 - 24)
        count = 1 + len(list(records))
    assert count < 20_000
    assert records.captures[0].truncated

    record = len(pcap_record(segment(payload=b"1"), 1))
    path.write_bytes(pcap_header() + pcap_record(segment(payload=b"1"), 1) * 20_000)
    with CaptureReader([path], max_mapped=0) as records:
        next(iter(records))
        os.truncate(path, 24 + record * 10_000)
        list(records)
    assert "became shorter than" in records.captures[0].warnings[0]
    assert records.captures[0].packets == 10_000

    path.write_bytes(octets)
    with CaptureReader([path]) as records:
        next(iter(records))
        with path.open("ab") as file:
            file.write(octets[24:])
        assert 1 + sum(len(r.data[r.start : r.start + 1]) for r in records) == 20_000
    assert not records.captures[0].truncated


def test_file_that_cannot_be_mapped_gives_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(19, "No such device")

    monkeypatch.setattr("pop2dissect.capture.source.mmap.mmap", refuse)
    with CaptureReader([write(tmp_path, pcap(FRAMES))]) as records:
        assert [record.data for record in records] == FRAMES


def test_sha256_is_of_the_stored_octets() -> None:
    path = CAPTURES / "format_gzip.pcap.gz"
    assert sha256_of(path) == hashlib.sha256(path.read_bytes()).hexdigest()


class TestStandardInput:
    def test_buffered_input(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(at(2, 4))))
        other = write(tmp_path, at(1, 3, 5))
        with CaptureReader([other, "-"]) as merged:
            assert [record.time // 10**9 for record in merged] == [1, 2, 3, 4, 5]
        assert [info.size for info in merged.captures] == [len(at(1, 3, 5)), len(at(2, 4))]
        assert not sys.stdin.buffer.closed

    @pytest.mark.parametrize("octets", [b"", b"hello"])
    def test_no_capture(self, monkeypatch: pytest.MonkeyPatch, octets: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets)))
        with pytest.raises(CaptureError, match="standard input cannot be read: it"):
            CaptureReader(["-"])

    def test_closed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", None)
        with pytest.raises(CaptureError, match="standard input cannot be read: it is closed"):
            CaptureReader(["-"])

    @pytest.mark.parametrize("make", [pcap, pcapng])
    def test_records_of_a_live_pipe_come_at_once(self, make: object) -> None:
        assert callable(make)
        octets = make(FRAMES)
        code = (
            "from pop2dissect.capture import CaptureReader\n"
            "with CaptureReader(['-']) as reader:\n"
            "    for record in reader: print(record.frame, flush=True)\n"
            "print(reader.captures[0].size)\n"
        )
        parts = [make(FRAMES[:n]) for n in range(4)]
        with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            assert child.stdin is not None and child.stdout is not None
            child.stdin.write(parts[0])
            for n in range(3):
                child.stdin.write(octets[len(parts[n]) : len(parts[n + 1])])
                child.stdin.flush()
                assert child.stdout.readline() == b"%d\n" % (n + 1)
            child.stdin.close()
            assert child.stdout.readline() == b"%d\n" % len(octets)

    def test_named_pipe(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        with subprocess.Popen(["sh", "-c", f"cat > '{pipe}'"], stdin=subprocess.PIPE) as child:
            assert child.stdin is not None
            child.stdin.write(pcap(FRAMES))
            child.stdin.close()
            records, info = read(pipe)
        assert (len(records), info.size) == (3, len(pcap(FRAMES)))


def test_several_captures_with_ports(tmp_path: Path) -> None:
    other = pcap([segment(destination=80)] * 3)
    paths = [write(tmp_path, at(1, 2), "a"), write(tmp_path, other, "b"), write(tmp_path, at(), "c")]
    with CaptureReader(paths, ports=PORTS) as records:
        assert [capture_index(record.frame) for record in records] == [0, 0]
    assert [info.packets for info in records.captures] == [2, 3, 0]


def test_limit_of_maps_leaves_room_for_other_files() -> None:
    assert reader.MAX_MAPPED < 256 // 2


CUT_WHILE_READ = """
import os, sys
from pop2dissect.capture import reader
from pop2dissect.pipeline import Dissection
left, reader.COPIED_OCTETS = map(int, sys.argv[1:3])
paths = sys.argv[3:]
with Dissection(paths) as dissection:
    users = []
    for session in dissection:
        users.append(session.user)
        if len(users) == 3:
            os.truncate(paths[0], left)
print(len(users), dissection.captures[0].truncated, dissection.captures[-1].packets)
print(*dissection.warnings, *dissection.captures[0].warnings, sep="\\n")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a mapped file cannot be cut there")
def test_a_file_that_is_cut_while_it_is_read_ends_in_a_sentence(tmp_path: Path) -> None:
    """Not in a bus error: what precedes is kept, and the other captures are read on."""
    packets = []
    for number in range(400):
        talk = Conversation((f"192.0.2.{number % 250}", 40000), seed=number, start=10**18 + number * 10**9)
        talk.handshake().server(b"+ POP2 x\r\n").client(b"HELO u%d secret\r\n" % number).server(b"#0 messages\r\n")
        packets += talk.client(b"QUIT\r\n").server(b"+ bye\r\n").close().packets
    save(tmp_path / "long.pcap", packets)
    save(tmp_path / "other.pcap", packets[-100:])
    whole = (tmp_path / "long.pcap").read_bytes()
    assert len(whole) > 300_000
    for left, copied, others in ((40_000, 1 << 24, [tmp_path / "other.pcap"]), (0, 1 << 24, []), (290_000, 0, [])):
        path = write(tmp_path, whole, "cut.pcap")
        command = [sys.executable, "-c", CUT_WHILE_READ, str(left), str(copied), path, *others]
        run = subprocess.run(command, capture_output=True, text=True)
        assert (run.returncode, run.stderr) == (0, "")
        counts, *said = run.stdout.splitlines()
        users, truncated, packets_read = counts.split()
        assert 3 <= int(users) < 400
        assert truncated == "True"
        assert any("the file became shorter than" in sentence for sentence in said)
        assert int(packets_read) == 100 or not others


def test_a_file_that_cannot_be_read_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = write(tmp_path, at(1), "bad.pcap"), write(tmp_path, at(2), "good.pcap")
    real = source._Raw._fill

    def fail(raw: source._Raw, buffer: memoryview) -> int:
        if raw._file.name == str(bad):
            raise OSError(5, "Input/output error")
        return real(raw, buffer)

    monkeypatch.setattr(source._Raw, "_fill", fail)
    with CaptureReader([bad, good]) as reader:
        assert len(list(reader)) == 1
    assert reader.captures[0].warnings == [f"{bad} cannot be read: reading fails (Input/output error)"]
    with pytest.raises(CaptureError, match="reading fails"):
        CaptureReader([bad])


def test_a_file_that_grows_has_size_and_hash_of_one_moment(tmp_path: Path) -> None:
    path = write(tmp_path, at(1, 2, 3))
    before = sha256_of(path)
    with CaptureReader([path]) as reader:
        with path.open("ab") as file:
            file.write(pcap_record(FRAMES[0]) * 9)
        assert len(list(reader)) == 3
        assert sha256_of(path, size=reader.captures[0].size) == before != sha256_of(path)


def test_a_first_look_sees_what_reading_sees(tmp_path: Path) -> None:
    """What tells the variant may come behind what the look takes in at once."""
    records = [pcap_record(bytes(5000), second, 900_000_000 if second == 8 else 5) for second in range(1, 12)]
    path = write(tmp_path, pcap_header() + b"".join(records))
    info = CaptureInfo(str(path))
    with closing(OpenCapture(info)) as capture:
        first = next(capture.records)
    assert "not marked" in info.format
    assert Survey.of(str(path)) == (path.stat().st_size, info.format, first.time)
