"""Display filters against tshark: they show the packets of a session, and the frames of a finding, and no others."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

import pop2dissect
from pop2dissect.document.display_filters import (
    finding_command,
    frames_filter,
    openable,
    session_command,
    session_filter,
)
from pop2dissect.text.rendering import Rendering
from tests.support.truth import capture_path


def shown(tshark: str, name: str, display_filter: str) -> list[int]:
    command = [tshark, "-n", "-r", capture_path(name), "-Y", display_filter, "-T", "fields", "-e", "frame.number"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return list(map(int, done.stdout.split()))


@pytest.mark.parametrize(
    ("name", "number"), [("incident_small", 41), ("ipv6_socat", 1), ("tcp_oddities", 2), ("midstream_start", 1)]
)
def test_a_session_is_shown(name: str, number: int, tshark: str) -> None:
    session = pop2dissect.read(capture_path(name)).session(number)
    frames = shown(tshark, name, session_filter(session))
    assert len(frames) == session.packets
    assert (frames[0], frames[-1]) == (session.first_frame.number, session.last_frame.number)


def test_a_finding_is_shown(tshark: str) -> None:
    capture = pop2dissect.read(capture_path("incident_small"))
    finding = max(capture.findings, key=lambda one: len(one.frames))
    assert len(finding.frames) > 5
    assert shown(tshark, "incident_small", frames_filter(finding.frames)) == sorted(map(int, finding.frames))
    assert frames_filter(()) == ""


def test_the_command_line_opens_the_capture_at_a_frame_that_its_filter_shows(tshark: str, tmp_path: Path) -> None:
    name = tmp_path / "it's a $(capture).pcap"
    name.write_bytes(capture_path("incident_small").read_bytes())
    capture = pop2dissect.read(name)
    rendering = Rendering(captures=openable(capture.captures))
    finding = next(one for one in capture.findings if len(one.frames) > 1)
    for command in (session_command(capture.session(41), rendering), finding_command(finding, rendering)):
        program, _, path, _, frame, _, wanted = shlex.split(command)
        assert (program, path) == ("wireshark", str(name))
        assert shown(tshark, "incident_small", wanted)[0] == int(frame)
    assert session_command(capture.session(41), Rendering()) == ""
    assert openable([pop2dissect.CaptureInfo("-"), pop2dissect.CaptureInfo("x.pcap.xz")]) == ("", "")
