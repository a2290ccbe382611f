"""The payload of every stream of every recorded capture equals what tshark's ``follow`` gives."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

import pop2dissect
from pop2dissect.session import Session
from tests.scenarios.test_pop3_truth import FOLDER as POP3_FOLDER
from tests.support.truth import capture_names, capture_path

NAMES = [name for name in capture_names() if not name.startswith(("rfc918", "rfc937"))]

POP3 = sorted(one for one in POP3_FOLDER.glob("*.pcap*") if one.stem != "snaplen96")
"""Of a capture of which all payloads are cut, tshark follows nothing."""

DIFFERENT_BY_RIGHT = {
    "derived_conflicting_overlap": "tshark gives a conflicting copy in pieces; conflicts are tested apart",
}

_FOLLOWED = re.compile(
    rb"Filter: tcp\.stream eq (\d+)\r?\nNode 0: .*\r?\nNode 1: .*\r?\n((?:\t?[0-9a-f]+\r?\n)*)=====", re.MULTILINE
)
_LOST = re.compile(rb"\[\d+ bytes missing in capture file\]\0")


FEW = 32
"""Streams that are followed at once; tshark is started again only where there are more."""


def follow(tshark: str, capture: str, most: int = FEW) -> tuple[dict[int, int], dict[int, tuple[bytes, bytes]]]:
    """Return tshark's stream number of each frame, and what each end of the streams sent, its first node first."""
    taps = [argument for stream in range(most) for argument in ("-z", f"follow,tcp,raw,{stream}")]
    fields = ["-T", "fields", "-e", "frame.number", "-e", "tcp.stream", "-Y", "tcp"]
    run = subprocess.run([tshark, "-r", capture, *fields, *taps], capture_output=True, check=False)
    rows = [line.split(b"\t") for line in run.stdout.partition(b"=====")[0].splitlines() if line]
    numbers = {int(frame): int(stream) for frame, stream in rows}
    if max(numbers.values()) >= most:
        return follow(tshark, capture, max(numbers.values()) + 1)
    followed = {}
    for match in _FOLLOWED.finditer(run.stdout):
        sides: tuple[list[bytes], list[bytes]] = ([], [])
        for line in match[2].splitlines():
            sides[line.startswith(b"\t")].append(bytes.fromhex(line.strip().decode()))
        client, server = (_LOST.sub(b"", b"".join(side)) for side in sides)
        followed[int(match[1])] = client, server
    return numbers, followed


def payloads(session: Session) -> set[bytes]:
    return {stream.read(0, stream.length) for stream in (session.client_stream, session.server_stream)}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in DIFFERENT_BY_RIGHT])
def test_payloads_equal_those_of_tshark(name: str, tshark: str) -> None:
    compare(str(capture_path(name)), (10109,) if name == "inetd_port_10109" else (109,), tshark)


@pytest.mark.parametrize("path", POP3, ids=lambda path: path.stem)
def test_payloads_of_pop3_equal_those_of_tshark(path: Path, tshark: str) -> None:
    compare(str(path), (110,), tshark)


def compare(path: str, ports: Sequence[int], tshark: str) -> None:
    numbers, followed = follow(tshark, path)
    sessions = pop2dissect.read(path, ports).sessions
    assert sessions
    for session in sessions:
        assert payloads(session) == set(followed[numbers[session.first_frame]]), session.id


def test_messages_lie_in_the_frames_that_carry_their_octets(tshark: str) -> None:
    """By tshark's sequence numbers; each frame that is named carries octets of the message, and no other does."""
    path = POP3[0].with_name("fetch_keep_poplib.pcap")
    fields = ["-e", "frame.number", "-e", "tcp.seq", "-e", "tcp.len"]
    run = subprocess.run(
        [tshark, "-r", str(path), "-T", "fields", *fields, "-Y", "tcp.srcport == 110 && tcp.len > 0"],
        capture_output=True,
        check=True,
        text=True,
    )
    segments = [tuple(map(int, line.split("\t"))) for line in run.stdout.splitlines()]
    (session,) = pop2dissect.read(path, {110}).sessions
    assert len(session.messages) == 8
    for message in session.messages:
        carrying = [
            frame for frame, seq, length in segments if seq - 1 < message.end and seq - 1 + length > message.start
        ]
        assert list(message.frames) == carrying
