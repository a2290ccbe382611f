"""The payload of every stream of every recorded capture equals what tshark's ``follow`` gives."""

from __future__ import annotations

import re
import subprocess

import pytest

import pop2dissect
from pop2dissect.session import Session
from tests.support.truth import capture_names, capture_path

NAMES = [name for name in capture_names() if not name.startswith(("rfc918", "rfc937"))]

DIFFERENT_BY_RIGHT = {
    "derived_conflicting_overlap": "tshark gives a conflicting copy in pieces; conflicts are tested apart",
}

_LOST = re.compile(rb"\[\d+ bytes missing in capture file\]\0")


def follow(tshark: str, capture: str, stream: int) -> tuple[bytes, bytes]:
    """Give what each end sent by ``tshark -z follow,tcp,raw``, tshark's first node first."""
    run = subprocess.run(
        [tshark, "-r", capture, "-q", "-z", f"follow,tcp,raw,{stream}"], capture_output=True, check=False
    )
    sides: tuple[list[bytes], list[bytes]] = ([], [])
    body = run.stdout.partition(b"Node 1: ")[2].partition(b"\n")[2]
    for line in body.splitlines():
        if line.startswith(b"="):
            break
        sides[line.startswith(b"\t")].append(bytes.fromhex(line.strip().decode()))
    return tuple(_LOST.sub(b"", b"".join(side)) for side in sides)  # type: ignore[return-value]


def stream_numbers(tshark: str, capture: str) -> dict[int, int]:
    """Give tshark's stream number of each frame."""
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
    # Following a stream is a pass of tshark over the file each: a sample of the largest will do.
    for session in pop2dissect.read(path, ports).sessions[:: 8 if name == "many_sessions" else 1][:60]:
        assert payloads(session) == set(follow(tshark, path, numbers[session.first_frame])), session.id
