"""The payload of every stream of every recorded capture equals what tshark's ``follow`` gives."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence

import pytest

import pop2dissect
from pop2dissect.session import Session
from tests.support.truth import capture_names, capture_path

NAMES = [name for name in capture_names() if not name.startswith(("rfc918", "rfc937"))]

DIFFERENT_BY_RIGHT = {
    "derived_conflicting_overlap": "tshark gives a conflicting copy in pieces; conflicts are tested apart",
}

_FOLLOWED = re.compile(
    rb"Filter: tcp\.stream eq (\d+)\r?\nNode 0: .*\r?\nNode 1: .*\r?\n((?:\t?[0-9a-f]+\r?\n)*)=====", re.MULTILINE
)
_LOST = re.compile(rb"\[\d+ bytes missing in capture file\]\0")


def follow(tshark: str, capture: str, streams: Sequence[int]) -> dict[int, tuple[bytes, bytes]]:
    """Return what each end of some streams sent by ``tshark -z follow,tcp,raw``, tshark's first node first."""
    taps = [argument for stream in streams for argument in ("-z", f"follow,tcp,raw,{stream}")]
    run = subprocess.run([tshark, "-r", capture, "-q", *taps], capture_output=True, check=False)
    followed = {}
    for match in _FOLLOWED.finditer(run.stdout):
        sides: tuple[list[bytes], list[bytes]] = ([], [])
        for line in match[2].splitlines():
            sides[line.startswith(b"\t")].append(bytes.fromhex(line.strip().decode()))
        client, server = (_LOST.sub(b"", b"".join(side)) for side in sides)
        followed[int(match[1])] = client, server
    return followed


def stream_numbers(tshark: str, capture: str) -> dict[int, int]:
    """Return tshark's stream number of each frame."""
    run = subprocess.run(
        [tshark, "-r", capture, "-T", "fields", "-e", "frame.number", "-e", "tcp.stream", "-Y", "tcp"],
        capture_output=True,
        check=False,
        text=True,
    )
    return {int(frame): int(stream) for frame, stream in (line.split("\t") for line in run.stdout.splitlines())}


def payloads(session: Session) -> set[bytes]:
    return {stream.read(0, stream.length) for stream in (session.client_stream, session.server_stream)}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in DIFFERENT_BY_RIGHT])
def test_payloads_equal_those_of_tshark(name: str, tshark: str) -> None:
    path = str(capture_path(name))
    ports = (10109,) if name == "inetd_port_10109" else (109,)
    numbers = stream_numbers(tshark, path)
    sessions = pop2dissect.read(path, ports).sessions
    followed = follow(tshark, path, [numbers[session.first_frame] for session in sessions])
    for session in sessions:
        assert payloads(session) == set(followed[numbers[session.first_frame]]), session.id
