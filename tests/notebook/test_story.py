"""From an incident to its sessions, their lines and their octets: all of it there, once, and no password."""

from __future__ import annotations

import re

import pytest

import pop2dissect
from pop2dissect.notebook.html import statistics_html
from pop2dissect.notebook.story import MAX_OCTETS, Story
from tests.notebook.test_html import check
from tests.support.truth import capture_path


def test_every_session_of_every_incident_is_there_once() -> None:
    capture = pop2dissect.read(capture_path("incident_small"))
    html = Story(capture)._repr_html_()
    text = check(html)
    assert all(one.sentence in text for one in capture.incidents)
    sessions = {number for one in capture.incidents for number in one.sessions}
    assert sorted(map(int, re.findall(r"<b>Session (\d+)</b>", html))) == sorted(sessions)
    passwords = {one.password for one in capture if one.password and len(one.password) > 5}
    known = " ".join([*(one.sentence for one in capture.incidents), *(one.user or "" for one in capture)])
    assert [one for one in passwords if one in text and one not in known] == []
    assert repr(Story(capture)).count("\n") == len(capture.incidents) - 1


def test_the_octets_are_those_of_the_wire() -> None:
    capture = pop2dissect.read(capture_path("incident_small"))
    shown = re.findall(r"← .*?octets ([\d,]+) to ([\d,]+).*?<pre>(.*?)</pre>", Story(capture)._repr_html_(), re.DOTALL)
    streams = [one.server_stream for one in capture]
    assert len(shown) > 100
    for first, last, dump in shown:
        start, end = (int(one.replace(",", "")) for one in (first, last))
        octets = bytes.fromhex(
            "".join(row[10:58] for row in dump.splitlines() if not row.startswith("…")).replace("**", "2a")
        )
        assert len(octets) == min(end - start, MAX_OCTETS)
        assert "**" in dump or any(stream.read(start, start + len(octets)) == octets for stream in streams)


def test_nothing_happened() -> None:
    assert "Nothing happened" in Story(pop2dissect.Capture([], [], []))._repr_html_()


@pytest.mark.parametrize("name", ["incident_small", "rfc937_normal"])
def test_statistics_are_a_small_table(name: str) -> None:
    capture = pop2dissect.read(capture_path(name))
    statistics = capture.statistics()
    assert len(repr(statistics)) < 200
    assert f"{len(capture)} sessions" in repr(statistics)
    text = check(statistics_html(statistics))
    assert all(server in text for server in statistics.servers)
