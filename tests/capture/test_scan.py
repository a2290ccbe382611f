"""The scan finds what the readers find by themselves, uncompiled and compiled, in whatever a file may hold."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.lanes import LANES, module, read_by, track_by
from pop2dissect.capture import scan
from pop2dissect.capture.linktypes import LAYOUTS
from pop2dissect.decode.segment import Segment
from pop2dissect.limits import Limits
from tests.capture.files import (
    PORTS,
    block,
    enhanced,
    ethernet,
    interface,
    option,
    pcap,
    pcap_header,
    pcap_record,
    section,
    segment,
)
from tests.capture.test_portfilter import CASES, link
from tests.scenarios.tcp.test_in_order import conversations
from tests.support.conversation import Conversation
from tests.support.programs import need

SOURCE = Path(__file__).parents[2] / "pop2dissect" / "capture"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The compiled scan: that of the installation, else one that is compiled for the tests."""
    if scan.COMPILED:
        return scan
    need("cc")
    folder = tmp_path_factory.mktemp("compiled")
    for name in ("scan.py", "scan.pxd"):
        shutil.copy(SOURCE / name, folder)
    command = [sys.executable, "-m", "Cython.Build.Cythonize", "--inplace", "--quiet", "scan.py"]
    quickly = {**os.environ, "CFLAGS": "-O0"}
    subprocess.run(command, cwd=folder, env=quickly, check=True, capture_output=True)
    (path,) = folder.glob("scan.*.so")
    return module(path)


orders = st.sampled_from("<>")
frames = st.builds(
    lambda link_type, case: (link_type, link(link_type, *case[:2])),
    st.sampled_from([*LAYOUTS, 105]),
    st.sampled_from(CASES),
)
stamps = st.one_of(st.integers(0, 3 * 10**6), st.integers(0, (1 << 63) + 5))


@st.composite
def pcaps(draw: st.DrawFn) -> bytes:
    order, magic = draw(orders), draw(st.sampled_from([0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34]))
    link_type, _ = draw(frames)
    made = [pcap_header(order, magic, network=link_type, version=draw(st.sampled_from([(2, 4), (2, 2)])))]
    for same, (own, frame) in draw(st.lists(st.tuples(st.booleans(), frames), max_size=12)):
        seconds, fraction = divmod(draw(stamps), 10**6)
        extra = bytes(8) if magic == 0xA1B2CD34 else b""
        kept = frame if same or own == link_type else frame[: draw(st.integers(0, 60))]
        made.append(pcap_record(kept, seconds & 0xFFFFFFFF, fraction, order, extra=extra))
        made += draw(st.sampled_from([[], [], [], [bytes(16)], [pcap_record(kept, 1, 10**6 + 5, order, extra=extra)]]))
    return b"".join(made)


@st.composite
def pcapngs(draw: st.DrawFn) -> bytes:
    made = []
    for order in draw(st.lists(orders, min_size=1, max_size=2)):
        made.append(section(order))
        types = draw(st.lists(st.sampled_from([*LAYOUTS, 105]), max_size=3))
        made += [interface(one, order, options=option(9, draw(st.sampled_from([b"\6", b"\x83"])))) for one in types]
        for link_type, frame in draw(st.lists(frames, max_size=10)):
            number = types.index(link_type) if link_type in types else draw(st.integers(0, len(types)))
            options = draw(st.sampled_from([b"", b"", option(1, b"said", order), option(4, bytes(7) + b"\3", order)]))
            made.append(enhanced(frame, draw(stamps), number, order, options=options + bytes(4) * bool(options)))
            made += draw(st.sampled_from([[], [], [block(5, bytes(12), order)], [block(3, bytes(64), order)]]))
    return b"".join(made)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    octets = bytearray(draw(st.one_of(pcaps(), pcapngs())))
    for position, value in draw(st.lists(st.tuples(st.integers(0, 1 << 12), st.integers(0, 255)), max_size=3)):
        octets[position % len(octets)] = value
    return bytes(octets[: draw(st.one_of(st.just(len(octets)), st.integers(4, len(octets))))])


@given(octets=damaged(), window_octets=st.sampled_from([64, 300, 1 << 14]), most=st.sampled_from([None, None, 1, 3]))
def test_all_lanes_say_the_same(compiled: Any, octets: bytes, window_octets: int, most: int | None) -> None:
    for ports in (None, PORTS):
        plain = read_by(None, octets, ports, window_octets)
        for scanner in (LANES["uncompiled"], compiled):
            assert read_by(scanner, octets, ports, window_octets) == plain
            some, info, _ = read_by(scanner, octets, ports, window_octets, most)
            assert some == plain[0][:most]
            assert most is None or info.packets == read_by(None, octets, ports, window_octets, most)[1].packets


class Watched:
    """Scans by a module, and keeps how far it came."""

    def __init__(self, scanner: Any) -> None:
        self._scanner = scanner
        self.reached: list[tuple[int, int]] = []
        self.found: list[int] = []

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> tuple[int, int]:
            reached: tuple[int, int] = getattr(self._scanner, name)(*arguments)
            self.reached.append(reached)
            self.found += [number for number, _ in arguments[7]]
            return reached

        return call


@pytest.mark.parametrize("order", "<>")
def test_it_leaves_nothing_usual_to_the_readers(compiled: Any, order: str) -> None:
    """Without this they might do all the work."""
    said = option(1, b"said", order) + bytes(4)
    frames = [segment(destination=80), ethernet(0x0806, bytes(46)), segment(), segment(destination=443)]
    blocks = [enhanced(frame, 7, number % 2, order, options=said) for number, frame in enumerate(frames)]
    made = [pcap(frames, order), b"".join((section(order), interface(1, order), interface(1, order), *blocks))]
    for scanner in (LANES["uncompiled"], compiled):
        for octets in made:
            watched = Watched(scanner)
            read_by(watched, octets, PORTS)
            assert {number for _, number in watched.reached} - {0} == {len(frames)}
            assert watched.found == [3]


def captured(segments: list[Segment], form: str, network: int = 1, options: bytes = b"") -> bytes:
    """Write segments of IPv4 into a capture."""
    made = [pcap_header(network=network)] if form == "pcap" else [section(), interface(network, options=options)]
    for one in segments:
        head = struct.pack(
            ">HHIIBBHHH", *struct.unpack(">HH", one.key[8:]), one.seq, one.ack, 0x50, one.flags, 512, 0, 1
        )
        packet = struct.pack(">BxHHHBBH8s", 0x45, 40 + one.length, 1, 0, 64, 6, 0, one.key[:8]) + head
        whole = ethernet(0x0800, packet) if network == 1 else packet
        frame = whole + one.data[one.start : one.start + one.captured]
        original, seconds = len(whole) + one.length, one.time // 10**9
        if form == "pcap":
            made.append(pcap_record(frame, seconds, one.time // 1000 % 10**6, original=original))
        else:
            made.append(enhanced(frame, one.time // 1000, original=original))
    return b"".join(made)


@given(
    segments=conversations(),
    form=st.sampled_from(["pcap", "pcapng"]),
    network=st.sampled_from([1, 101]),
    limits=st.sampled_from([Limits(), Limits(closed_seconds=3, idle_seconds=20), Limits(stream_segments=5)]),
    how=st.sampled_from([(PORTS, 300), (None, 1 << 14)]),
)
@settings(max_examples=30)
def test_packets_that_are_taken_by_the_scan_make_the_same_connections(
    compiled: Any,
    segments: list[Segment],
    form: str,
    network: int,
    limits: Limits,
    how: tuple[frozenset[int] | None, int],
) -> None:
    octets = captured(segments, form, network)
    plain = track_by(None, octets, PORTS, limits)
    for scanner in (LANES["uncompiled"], compiled):
        ports, window_octets = how
        assert track_by(scanner, octets, ports, limits, window_octets)[:3] == plain[:3]


@pytest.mark.parametrize(
    ("options", "units"),
    [
        (option(14, (1 << 62).to_bytes(8, "little")), 1),  # if_tsoffset
        (option(14, (-1 << 62).to_bytes(8, "little", signed=True)), 1),
        (option(9, b"\0"), 1 << 24),  # if_tsresol: seconds
        (b"", 1 << 36),
    ],
)
def test_numbers_that_do_not_fit_are_left_to_the_general_lane(compiled: Any, options: bytes, units: int) -> None:
    octets = captured([one._replace(time=one.time * units) for one in _talk()], "pcapng", options=options)
    plain = track_by(None, octets, PORTS)
    assert plain[0]
    for scanner in (LANES["uncompiled"], compiled):
        assert track_by(scanner, octets, PORTS)[:3] == plain[:3]


def _talk() -> list[Segment]:
    talk = Conversation()
    said = [talk.segment("client", n, b"x", heard=n, time=n * 10**9) for n in range(20)]
    heard = [talk.segment("server", n, b"y", heard=n + 1, time=n * 10**9 + 1000) for n in range(20)]
    return [one for pair in zip(said, heard, strict=True) for one in pair]


@pytest.mark.parametrize("form", ["pcap", "pcapng"])
def test_what_goes_its_way_is_taken_by_the_scan(compiled: Any, form: str) -> None:
    """Without this all might be left to the general lane."""
    octets = captured(_talk(), form)
    for scanner in (LANES["uncompiled"], compiled):
        assert track_by(scanner, octets, PORTS)[3] == 16
    assert track_by(None, octets, PORTS)[3] == 40
