"""Any file at all gives a result or the one error; memory and order are as promised."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

import pop2dissect
from pop2dissect import CaptureError
from tests.support.chosen import some
from tests.support.truth import capture_path


def result_of(path: Path) -> int | None:
    """Return the number of sessions; None where the capture could not be read at all."""
    try:
        return len(pop2dissect.read(path).sessions)
    except CaptureError:
        return None


def test_reading_and_iterating_give_the_same_sessions() -> None:
    path = capture_path("many_sessions")
    read = pop2dissect.read(path)
    assert [session.id for session in read.sessions] == list(range(1, len(read.sessions) + 1))
    assert [session.first_frame for session in read.sessions] == sorted(
        session.first_frame for session in read.sessions
    )
    assert {session.id for session in pop2dissect.iter_sessions(path)} == {session.id for session in read.sessions}
    assert read.session(3).id == 3
    with pytest.raises(KeyError):
        read.session(1000)


@pytest.mark.parametrize("name", ["fetchmail6_hangs_after_retr", "format_pcapng"])
def test_a_capture_cut_at_any_offset_gives_what_precedes_the_cut(name: str, tmp_path: Path) -> None:
    octets = capture_path(name).read_bytes()[:6000]
    path = tmp_path / "cut.pcap"
    packets = 0
    for end in some(range(len(octets)), 400):
        path.write_bytes(octets[:end])
        try:
            capture = pop2dissect.read(path)
        except CaptureError:
            assert packets == 0
        else:
            assert capture.captures[0].packets >= packets
            packets = capture.captures[0].packets
    assert packets


def test_single_flipped_bits_give_a_result_or_the_one_error(tmp_path: Path) -> None:
    octets = bytearray(capture_path("fetchmail6_hangs_after_retr").read_bytes())
    path = tmp_path / "flipped.pcap"
    for bit in some(range(len(octets) * 8), 600):
        octets[bit // 8] ^= 1 << bit % 8
        path.write_bytes(octets)
        result_of(path)
        octets[bit // 8] ^= 1 << bit % 8


def test_random_octets_give_a_result_or_the_one_error(tmp_path: Path) -> None:
    chance = random.Random(937)
    path = tmp_path / "random"
    heads = [
        b"",
        b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00",
        b"\x0a\x0d\x0d\x0a",
        b"\x1f\x8b\x08",
        b"\x28\xb5\x2f\xfd",
        b"BZh9",
    ]
    for number, head in itertools.product(range(60), heads):
        path.write_bytes(head + chance.randbytes(number * 13))
        result_of(path)


def test_shuffled_packets_never_raise(tmp_path: Path) -> None:
    octets = capture_path("wrong_declared_sizes").read_bytes()
    records, at = [], 24
    while at < len(octets):
        length = 16 + int.from_bytes(octets[at + 8 : at + 12], "little")
        records.append(octets[at : at + length])
        at += length
    path = tmp_path / "shuffled.pcap"
    for seed in range(30):
        chance = random.Random(seed)
        chosen = chance.choices(records, k=len(records))
        path.write_bytes(octets[:24] + b"".join(chosen))
        for session in pop2dissect.read(path).sessions:
            assert session.client_stream.octets >= 0
            for exchange in session.exchanges:
                assert exchange.frames or exchange.raw is None or exchange.missing
