"""What a client did, no more than the capture shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from pop2dissect import read
from pop2dissect.html.clients import Clients
from pop2dissect.session import Finding, Severity
from pop2dissect.text.rendering import Rendering
from tests.support.impairments import one_way
from tests.support.network import Network, login
from tests.support.truth import capture_path
from tests.support.wire import save


@pytest.mark.parametrize(
    ("side", "words"),
    [("client", "; whether the server accepts is not known: "), ("both", "; the server accepts.")],
)
def test_a_login_is_no_more_than_was_captured(side: str, words: str, tmp_path: Path) -> None:
    packets = Network().session(login()).packets
    kept = packets if side == "both" else one_way(packets, packets[0].source)
    (session,) = read(save(tmp_path / "x.pcap", kept)).sessions
    grave = Finding("x", Severity.HIGH, "title", "", session.start, (session.first_frame,), (), (session.id,))
    (course,) = Clients([session], [], [grave], Rendering()).courses()
    assert words in course.events[0].what


def test_folders_are_those_of_the_model() -> None:
    sessions = read(capture_path("fetchmail_fold")).sessions
    grave = [Finding("x", Severity.HIGH, "title", "", one.start, (), (), (one.id,)) for one in sessions]
    courses = Clients(sessions, [], grave, Rendering()).courses()
    asked = sum("Asks for the folder" in event.what for course in courses for event in course.events)
    assert asked == sum(folder.asked is not None for session in sessions for folder in session.folders) > 0
