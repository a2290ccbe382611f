"""Both engines give the same, but for what is listed here and in docs/wireshark.md."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from struct import pack
from typing import Any

import pytest

from pop2dissect.capture.record import CaptureInfo
from pop2dissect.choices import EngineName
from pop2dissect.cli import main
from pop2dissect.decode import Segment
from pop2dissect.engine import open_engine
from tests.decode.encapsulations import ENCAPSULATIONS
from tests.scenarios.decode.test_encapsulations import UNKNOWN_TO_TSHARK
from tests.support import impairments
from tests.support.conversation import Conversation, Packet
from tests.support.programs import need
from tests.support.truth import capture_names, capture_path
from tests.support.wire import save

pytestmark = pytest.mark.usefixtures("tshark")

ALONE = ("derived_truncated_file", "format_gzip", "format_nanosecond", "format_pcapng", "snaplen96")
"""Captures that are compared by themselves: their files are what is special about them."""

FINDINGS = Path(__file__).parents[3] / "samples" / "findings"


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Put all captures into one, one behind the other, so that tshark need not start for each."""
    whole = [str(capture_path(name)) for name in capture_names() if name not in ALONE]
    whole += [str(path) for path in sorted(FINDINGS.glob("*.pcap"))]
    path = tmp_path_factory.mktemp("joined") / "joined.pcapng"
    subprocess.run([need("mergecap"), "-a", "-w", str(path), *whole], check=True)
    return path


def document(engine: EngineName, capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    assert main(["--engine", engine, "--json", "--quiet", *map(str, arguments)]) == 0
    made: dict[str, Any] = json.loads(capsys.readouterr().out)
    return made


def without_what_differs(made: dict[str, Any]) -> dict[str, Any]:
    """Take out what the engines cannot share: see "What the engines do not share" in docs/wireshark.md."""
    assert made["settings"].pop("engine") in ("native", "tshark")
    made["warnings"] = [text for text in made["warnings"] if " decoded" not in text and " put together" not in text]
    for capture in made["captures"]:
        capture["warnings"] = len(capture["warnings"])  # their words differ
    return made


def test_the_same_document(joined: Path, capsys: pytest.CaptureFixture[str]) -> None:
    native, tshark = (document(engine, capsys, joined) for engine in ("native", "tshark"))
    assert len(native["sessions"]) > 500
    assert without_what_differs(native) == without_what_differs(tshark)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("derived_conflicting_overlap", ("--check-checksums", "--overlap", "last")),
        ("derived_bad_checksums_offload", ("--check-checksums",)),
        ("inetd_port_10109", ("--any-port",)),
    ],
)
def test_the_same_document_with_options(
    name: str, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    native, tshark = (document(engine, capsys, *options, capture_path(name)) for engine in ("native", "tshark"))
    assert native["sessions"]
    assert without_what_differs(native) == without_what_differs(tshark)


@pytest.mark.parametrize("name", ALONE)
def test_the_same_document_alone(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    native, tshark = (document(engine, capsys, capture_path(name)) for engine in ("native", "tshark"))
    assert native["sessions"]
    assert without_what_differs(native) == without_what_differs(tshark)


def test_several_captures_are_one(capsys: pytest.CaptureFixture[str]) -> None:
    paths = [capture_path(name) for name in ("fetchmail_fold", "rfc937_normal", "oneway_c2s_only")]
    native, tshark = (document(engine, capsys, *paths) for engine in ("native", "tshark"))
    assert [session["first_frame"] for session in native["sessions"]]
    assert without_what_differs(native) == without_what_differs(tshark)


def segments(engine: EngineName, path: Path) -> tuple[dict[int, Segment], CaptureInfo]:
    opened = open_engine(engine, [str(path)], ports=frozenset({109}))
    try:
        found = {segment.frame: as_captured(segment) for segment in opened}
    finally:
        opened.close()
    return found, opened.captures[0]


def as_captured(segment: Segment) -> Segment:
    """Return a segment with no more than its payload for data, and without the native engine's doubts of headers."""
    data = bytes(segment.data[segment.start : segment.start + segment.captured])
    return segment._replace(data=data, start=0, doubts=())


def test_encapsulations(tmp_path: Path) -> None:
    path = one_of_each(tmp_path)
    native, tshark = segments("native", path)[0], segments("tshark", path)[0]
    names = list(ENCAPSULATIONS)
    assert len(native) == len(names)
    missed = {names[frame - 1] for frame in native.keys() - tshark.keys()}
    assert missed <= UNKNOWN_TO_TSHARK.keys()
    # Which network a packet was on is not among the fields that tshark is asked for.
    plain = {frame: segment._replace(context=()) for frame, segment in native.items()}
    assert tshark == {frame: segment for frame, segment in plain.items() if names[frame - 1] not in missed}


def one_of_each(folder: Path) -> Path:
    """Write a pcapng with a frame, and an interface, for each encapsulation."""

    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        return pack("<II", kind, len(body) + 12) + body + pack("<I", len(body) + 12)

    blocks = [block(0x0A0D0D0A, pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    for link_type, _ in ENCAPSULATIONS.values():
        blocks.append(block(1, pack("<HHI", link_type, 0, 65535)))
    for number, (_, octets) in enumerate(ENCAPSULATIONS.values()):
        blocks.append(block(6, pack("<IIIII", number, 0, number, len(octets), len(octets)) + octets))
    path = folder / "encapsulations.pcapng"
    path.write_bytes(b"".join(blocks))
    return path


HARD: dict[str, Callable[[list[Packet]], tuple[list[Packet], dict[str, Any]]]] = {
    "cut": lambda packets: (impairments.lost(packets, 1), {"snap_length": 80}),
    "cut in the TCP header": lambda packets: (impairments.duplicated(packets, 2), {"snap_length": 60}),
    "fragments": lambda packets: (impairments.reordered(packets, 3), {"mtu": 600}),
    "small segments": lambda packets: (impairments.split(packets, 7), {"pad": True}),
}


@pytest.mark.parametrize("name", HARD)
def test_hard_captures(name: str, tmp_path: Path) -> None:
    talk = Conversation().handshake().server(b"+ POP2 a b\r\n").client(b"HELO a b\r\n").server(b"#1\r\n" * 900)
    old = talk.client(b"QUIT\r\n").close().packets
    talk = Conversation(client=("fd00::9", 1025), server=("fd00::2", 109)).handshake().server(b"+ POP2 a b\r\n" * 400)
    packets, written = HARD[name](old + talk.client(b"QUIT\r\n").close().packets)
    path = save(tmp_path / "hard.pcap", packets, **written)
    native, tshark = segments("native", path)[0], segments("tshark", path)[0]
    assert len(native) > 10
    assert native == tshark
