"""A frame is cited in one way, whoever asks: the capture and the number in it, both counted from 1."""

from __future__ import annotations

import json
import pickle

import pytest

import pop2dissect
from pop2dissect.capture.record import FrameRef, frame_text
from pop2dissect.cli import main
from pop2dissect.export.timesketch import session_events
from tests.support.truth import capture_path

CAPTURES = [str(capture_path("rfc937_normal")), str(capture_path("popclient_keep_delete"))]


def test_of_one_capture_it_is_the_number() -> None:
    frame = FrameRef(18)
    assert (frame, str(frame), repr(frame), f"{frame}", frame.capture, frame.number) == (18, "18", "18", "18", 1, 18)
    assert frame_text(frame) == "frame 18"


def test_of_several_it_names_the_capture() -> None:
    frame = FrameRef.of(2, 18)
    assert (str(frame), repr((frame,)), f"{frame}", frame.capture, frame.number) == ("2:18", "(2:18,)", "2:18", 2, 18)
    assert frame_text(frame) == "frame 2:18"
    assert FrameRef.of(1, 18) == 18
    assert sorted([frame, FrameRef(20)]) == [20, frame]
    assert pickle.loads(pickle.dumps(frame)).capture == 2


def test_everything_cites_the_same_frame_alike(capsys: pytest.CaptureFixture[str]) -> None:
    found = pop2dissect.read(CAPTURES)
    session = next(session for session in found.sessions if session.first_frame.capture == 2)
    exchange = session.exchanges[1]
    frame = exchange.frames[0]
    number = frame.number
    assert str(frame) == f"2:{number}"
    row = found.tables.exchanges.query(f"session == {session.id} and exchange == 1").iloc[0]
    assert (row["capture"], row["frame"], row["frames"]) == (2, number, f"2:{number}")
    assert found.captures[row["capture"] - 1].path == CAPTURES[1]
    main(["--json", *CAPTURES])
    document = json.loads(capsys.readouterr().out)
    assert document["sessions"][session.id - 1]["exchanges"][1]["frames"] == [f"2:{number}"]
    main(["--session", str(session.id), *CAPTURES])
    assert f"[frame 2:{number}]" in capsys.readouterr().out
    event = next(event for event in session_events(session) if event["frames"] == [number])
    assert event["capture"] == 2


def test_every_frame_of_the_model_is_one() -> None:
    found = pop2dissect.read(str(capture_path("incident_small")))
    frames = [frame for session in found.sessions for frame in (session.first_frame, session.last_frame)]
    for session in found.sessions:
        frames += [frame for entry in session.timeline() for frame in entry.frames]
        frames += [frame for message in session.messages for frame in message.frames]
        frames += [frame for finding in session.findings for frame in finding.frames]
        frames += [frame for _, stream in session.streams() for one in stream.conflicts for frame in one[2:6:2]]
    frames += [frame for finding in found.findings for frame in finding.frames]
    frames += [probe.first_frame for probe in found.probes]
    frames += [frame for row in found.half_open for frame in (row.first_frame, row.peak_frame)]
    assert {type(frame) for frame in frames} == {FrameRef}
