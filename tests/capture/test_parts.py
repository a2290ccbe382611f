"""Where others scan parts of a capture ahead, its reader gives just what it gives alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.lanes import lane
from pop2dissect.archive.workers import Alone
from pop2dissect.capture import CaptureInfo, fast, part, parts, scan
from pop2dissect.capture.source import Hold, OpenCapture
from pop2dissect.capture.window import Window
from pop2dissect.cli import main
from pop2dissect.engine import native
from pop2dissect.errors import CaptureError
from tests.capture.files import PORTS, enhanced, interface, section
from tests.capture.test_scan import damaged
from tests.support.archive import mixed_frames
from tests.support.wire import Frame, pcap, pcapng

ROOT = Path(__file__).parents[2]
CAPTURES = [*(ROOT / "samples").glob("*.pcap*"), *(ROOT / "tests" / "data" / "captures").glob("*.pcap*")]


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make windows and parts small enough for a small file to have many."""
    monkeypatch.setattr(part, "WINDOW_OCTETS", 2000)
    monkeypatch.setattr(parts, "PART_OCTETS", 3000)
    monkeypatch.setattr(part, "_WORTH", 100)
    with lane(fast.scanner or scan):
        yield


def given_by(path: Path, submit: parts.Submit | None, hold: Hold = Hold.COPY) -> tuple[Any, ...]:
    """Return the packets of a capture, with what it says of each, and the facts about it."""
    info = CaptureInfo(str(path))
    try:
        capture = OpenCapture(info, 0, PORTS, hold, window_octets=part.WINDOW_OCTETS)
    except CaptureError as error:
        return info, str(error)
    with closing(capture):
        if submit is not None and capture.divisible:
            capture.divide(submit)
        records = [
            (record._replace(data=bytes(record.data[record.start : record.start + record.captured])), details)
            for record in capture.records
            for details in [capture.details(record)]
        ]
    assert info.truncated or capture.octets_read == info.size
    return info, records


def fails(*_: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_exception(CaptureError("the process that read it ended"))
    return future


@pytest.fixture(scope="module")
def mixed() -> list[Frame]:
    return sorted(mixed_frames(random.Random(937), sessions=12), key=lambda frame: frame.time)


@pytest.fixture
def jumps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The places to which windows were brought without reading on."""
    places: list[int] = []
    jump = Window.jump

    def noted(window: Window, place: int) -> None:
        places.append(place)
        jump(window, place)

    monkeypatch.setattr(Window, "jump", noted)
    return places


def written(frames: list[Frame], form: str) -> bytes:
    if form == "two sections":  # of other interfaces each
        half = len(frames) // 2
        second = [enhanced(one.octets, one.time // 1000, 1) for one in frames[half:]]
        return pcapng(frames[:half]) + b"".join([section(), interface(105), interface(), *second])
    if form.startswith("pcapng"):
        return pcapng(frames, nanoseconds=form.endswith("ns"))
    return pcap(frames, big_endian=form.endswith("big-endian"))


@pytest.mark.parametrize("hold", Hold)
@pytest.mark.parametrize("form", ["pcap", "pcap, big-endian", "pcapng", "pcapng, ns", "two sections"])
def test_packets_and_facts_are_the_same_and_little_is_read(
    tmp_path: Path, mixed: list[Frame], jumps: list[int], form: str, hold: Hold
) -> None:
    path = tmp_path / "mixed"
    path.write_bytes(written(mixed, form))
    alone = given_by(path, None, hold)
    assert len(alone[1]) > 200
    assert not jumps
    assert given_by(path, Alone().submit, hold) == alone
    assert len(jumps) > path.stat().st_size // 3000 * (1 if form == "two sections" else 2)
    assert given_by(path, fails, hold) == alone


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_every_capture_gives_the_same(path: Path) -> None:
    assert given_by(path, Alone().submit) == given_by(path, None)


@given(octets=damaged())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_capture_of_anything_gives_the_same(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "damaged"
    path.write_bytes(octets)
    for size in (50, 300):
        parts.PART_OCTETS = part.WINDOW_OCTETS = size
        assert given_by(path, Alone().submit) == given_by(path, None)


@given(
    where=st.integers(24, 1 << 20),
    what=st.sampled_from([b"\xff\xff\xff\xff", b"\0\0\0\x01", bytes(16), bytes(700), b"\x06\0\0\0\x20\0\0\0"]),
    cut=st.integers(0, 3000),
    form=st.sampled_from(["pcap", "pcapng"]),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_is_told_the_same(
    tmp_path: Path, mixed: list[Frame], where: int, what: bytes, cut: int, form: str
) -> None:
    octets = bytearray(written(mixed[:200], form))
    at = where % len(octets)
    octets[at : at + len(what)] = what
    path = tmp_path / "damaged"
    path.write_bytes(octets[: len(octets) - cut])
    assert given_by(path, Alone().submit) == given_by(path, None)


def test_another_file_under_the_same_name_is_not_taken_for_it(tmp_path: Path, mixed: list[Frame]) -> None:
    path = tmp_path / "mixed"
    path.write_bytes(pcap(mixed))
    alone = given_by(path, None)
    other = tmp_path / "other"
    other.write_bytes(pcap([frame._replace(octets=bytes(frame.original)) for frame in mixed]))

    def after_a_change(*arguments: Any) -> Future[Any]:
        if other.exists():
            other.replace(path)
        return Alone().submit(*arguments)

    assert given_by(path, after_a_change) == alone


@pytest.mark.parametrize("options", [[], ["-V"], ["--json"], ["--report"]], ids=" ".join)
def test_outputs_are_the_same_for_any_number_of_workers(
    tmp_path: Path,
    mixed: list[Frame],
    jumps: list[int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pop2dissect.pipeline.is_small", lambda _: False)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    later = [frame._replace(time=frame.time + 10**12) for frame in mixed]
    Path("mixed.pcap").write_bytes(pcap(mixed + later))  # more than what is read at a time

    def made(jobs: int) -> str | bytes:
        page = Path("page.html")
        page.unlink(missing_ok=True)
        monkeypatch.setattr(native, "hands_for", lambda *_: jobs)  # a report cites the command line
        main([*options, *([str(page)] if options == ["--report"] else []), "mixed.pcap"])
        return page.read_bytes() if page.exists() else capsys.readouterr().out

    alone = made(1)
    assert "mixed.pcap" in str(alone)
    assert not jumps
    for jobs in (2, 3, 5):
        assert made(jobs) == alone
        assert jumps
        jumps.clear()
