"""Hostile captures end in bounded memory, which the operating system enforces.

The sizes are small here, so that the suite is quick; ``POP2DISSECT_BOUNDS=50`` makes them that many times as
large (docs/reassembly.md has the figures). Captures come through a pipe, so that no map of a file helps.
"""

from __future__ import annotations

import gzip
import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.capture.files import enhanced, interface, pcap_header, pcap_record, section, segment

resource = pytest.importorskip("resource")

SCALE = int(os.environ.get("POP2DISSECT_BOUNDS", "1"))
MEMORY = 400 << 20
"""Octets of memory of its own that the program may have (RLIMIT_DATA): code, heap and stacks, not maps of files."""
HANGS = 600 * SCALE
"""Seconds after which it is taken to hang; how long it should take is for benchmarks/growth.py to say."""

# Not ru_maxrss: that is inherited from the process of the tests.
_PROGRAM = """
import resource, sys
resource.setrlimit(resource.RLIMIT_DATA, ({memory}, {memory}))
from pop2dissect.cli import main
status = main(sys.argv[1:])
with open("/proc/self/status") as facts:
    print(next(line.split()[1] for line in facts if line.startswith("VmHWM")), file=sys.stderr)
sys.exit(status)
"""


def dissect(pieces: Iterator[bytes], *options: str) -> tuple[dict[str, object], int]:
    """Run the program on a capture through a pipe; give its document and its peak memory in KiB."""
    program = _PROGRAM.format(memory=MEMORY)
    command = [sys.executable, "-c", program, "--json", "--quiet", *options, "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdin is not None
        with suppress(BrokenPipeError):
            for piece in pieces:
                run.stdin.write(piece)
        with suppress(BrokenPipeError):
            run.stdin.close()
        run.stdin = None
        out, err = run.communicate(timeout=HANGS)
    assert run.returncode == 0, err.decode()[-2000:]
    return json.loads(out), int(err.split()[-1])


def tcp(number: int, seq: int, flags: int, payload: bytes = b"", source: int = 40000) -> bytes:
    """A record with a segment from ``10.x.y.z`` to port 109."""
    frame = bytearray(segment(source, payload=payload))
    frame[27:30] = (number & 0xFFFFFF).to_bytes(3)
    struct.pack_into(">I", frame, 38, seq & 0xFFFFFFFF)
    frame[47] = flags
    return pcap_record(bytes(frame), number // 10000, number % 10000)


def joined(records: Iterator[bytes], count: int = 1000) -> Iterator[bytes]:
    batch = [pcap_header()]
    for record in records:
        batch.append(record)
        if len(batch) == count:
            yield b"".join(batch)
            batch = []
    yield b"".join(batch)


def flood(count: int) -> Iterator[bytes]:
    return joined(tcp(number, number * 7919, 2) for number in range(count))


def missing_segment(count: int) -> Iterator[bytes]:
    """One segment is missing, and behind it come so many of the largest size."""
    payload = b"x" * 65000
    return joined((tcp(1, 1 + (number and number + 1) * len(payload), 16, payload) for number in range(count)), 20)


def tiny_segments(count: int) -> Iterator[bytes]:
    """Two octets each, every second segment before the first, so that none follows another."""
    return joined(tcp(1, (number ^ 1) * 2 + 1, 16, b"ab") for number in range(count))


@pytest.mark.parametrize(
    ("make", "count", "option", "told"),
    [
        (flood, 10_000, ("--limit", "half_open=2500"), "limit half_open"),
        (missing_segment, 400, ("--limit", "stream_octets=10000000"), "limit stream_octets"),
        (tiny_segments, 20_000, ("--limit", "stream_segments=10000"), "limit stream_segments"),
    ],
)
def test_floods_end_in_bounded_memory(
    make: Callable[[int], Iterator[bytes]], count: int, option: tuple[str, str], told: str
) -> None:
    document, _ = dissect(make(count * SCALE), *option)
    assert told in json.dumps(document)
    (capture,) = document["captures"]  # type: ignore[misc]
    assert capture["packets"] == count * SCALE


def test_memory_does_not_grow_with_a_flood() -> None:
    options = ("--limit", "half_open=2500", "--limit", "probe_pairs=2500")
    _, small = dissect(flood(10_000), *options)
    document, large = dissect(flood(30_000), *options)
    assert large < small * 1.1
    assert len(document["probes"]) == 2500  # type: ignore[arg-type]
    assert any("limit probe_pairs" in str(warning) for warning in document["warnings"])  # type: ignore[attr-defined]


def zeros(octets: int) -> Iterator[bytes]:
    """A gzip file of a capture that unpacks to so many octets of other traffic than POP2's."""
    record = pcap_record(segment(1, 2, bytes(60000)))
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield packer.compress(pcap_header())
    for _ in range(octets // len(record)):
        yield packer.compress(record)
    yield packer.flush()


def test_a_gzip_bomb_is_unpacked_piece_by_piece() -> None:
    octets = (200 << 20) * SCALE
    packed = b"".join(zeros(octets))
    assert len(packed) * 400 < octets
    document, peak = dissect(iter([packed]))
    (capture,) = document["captures"]  # type: ignore[misc]
    assert capture["packets"] == octets // 60070
    assert peak < 150 << 10


def test_a_bomb_of_nothing_but_zeros_is_no_capture(tmp_path: Path) -> None:
    path = tmp_path / "zeros.pcap.gz"
    path.write_bytes(gzip.compress(pcap_header() + bytes(4 << 20), 9))
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(memory=MEMORY), "--json", "--quiet", path],
        capture_output=True,
        timeout=HANGS,
    )
    (capture,) = json.loads(run.stdout)["captures"]
    assert (capture["packets"], capture["truncated"]) == (0, True)


@pytest.mark.parametrize("kind", [6, 5, 0x0A0D0D0A, 1, 3, 77])
def test_a_block_of_four_gigabytes(kind: int) -> None:
    frame = segment(payload=b"QUIT\r\n")
    block = struct.pack("<II", kind, 0xFFFFFFFC) + b"\x4d\x3c\x2b\x1a" + bytes(100)
    document, peak = dissect(iter([section() + interface() + enhanced(frame), block]))
    (capture,) = document["captures"]  # type: ignore[misc]
    assert (capture["packets"], capture["truncated"]) == (1, True)
    assert capture["warnings"]
    assert peak < 150 << 10
