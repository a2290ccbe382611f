"""What the first page says happened, drawn and in words, and what of a report is printed."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

import pop2dissect
from pop2dissect.html.paper import MAX_ROWS, MAX_SESSIONS, printed_rows, printed_sessions
from pop2dissect.html.story import MAX_TOLD, foremost, story
from pop2dissect.html.timeline import LEFT, RIGHT, Timeline, timeline
from pop2dissect.incidents import in_order
from pop2dissect.session import Finding, Severity
from pop2dissect.text.rendering import Rendering
from tests.support.impairments import one_way
from tests.support.network import Network, login, refused
from tests.support.truth import capture_path
from tests.support.wire import save


@pytest.fixture(scope="module")
def read_incident() -> pop2dissect.Capture:
    return pop2dissect.read(capture_path("incident_small"))


def test_it_says_who_was_taken_and_what_was_done_with_it(read_incident: pop2dissect.Capture) -> None:
    told = story(read_incident.incidents, read_incident.sessions, Rendering())
    assert told[0].sentence.startswith("Account compromised: bertil, by 203.0.113.66")
    assert not told[0].follows
    assert told[0].grounds == "4 accepted logins: shown; 9 deletions that took effect: shown"
    followed = [one.sentence for one in told if one.follows]
    for what in ("Mail deleted: 9 messages", "Files read: /etc/passwd", "Mailbox of another user read"):
        assert any(sentence.startswith(what) for sentence in followed)
    assert all(one.frames and one.first.utc for one in told)


def test_what_followed_stands_behind_what_it_followed_from(read_incident: pop2dissect.Capture) -> None:
    ordered = in_order(read_incident.incidents)
    assert sorted(one.number for one in ordered) == [one.number for one in read_incident.incidents]
    for before, one in pairwise(ordered):
        assert one.follows in (None, before.number, before.follows)


def test_no_more_is_told_and_drawn_than_a_page_holds(read_incident: pop2dissect.Capture) -> None:
    """Or a forged capture with thousands of incidents would take the picture's time."""
    first = read_incident.incidents[-1]
    many = [replace(first, number=number, follows=None) for number in range(1, 3000)]
    told = foremost(many)
    assert [one.number for one in told] == list(range(1, MAX_TOLD + 1))
    drawn = timeline(told, read_incident.sessions, read_incident.probes)
    assert drawn is not None
    assert len(drawn.flags) == MAX_TOLD


def test_what_cannot_be_seen_is_not_told_as_shown(tmp_path: Path) -> None:
    """With the server's side missing, no login is accepted, so nothing is said of grounds."""
    net = Network()
    for number in range(12):
        net.session(refused(password=f"wrong{number}"), after=1)
    net.session(login(), after=1)
    both = pop2dissect.read(save(tmp_path / "both.pcap", net.packets))
    assert any(one.grounds for one in story(both.incidents, both.sessions, Rendering()))
    client = one_way(net.packets, net.packets[0].source)
    alone = pop2dissect.read(save(tmp_path / "alone.pcap", client))
    assert not any(one.grounds for one in story(alone.incidents, alone.sessions, Rendering()))


def test_the_picture_has_every_session_and_incident_once(read_incident: pop2dissect.Capture) -> None:
    drawn = timeline(read_incident.incidents, read_incident.sessions, read_incident.probes)
    assert drawn is not None
    for path, login_is in ((drawn.accepted, "accepted"), (drawn.refused, "refused")):
        assert path.count("M") == sum(session.login == login_is for session in read_incident.sessions)
    bars = drawn.accepted + drawn.refused + drawn.other
    assert bars.count("M") == len(read_incident.sessions)
    places = [int(x) for x in re.findall(r"M(\d+) ", bars)]
    assert min(places) >= LEFT
    assert max(places) <= RIGHT
    assert [row.text for row in drawn.rows] == ["203.0.113.66 as bertil", "203.0.113.66, not let in", "8 other clients"]
    assert sorted(int(flag.text) for flag in drawn.flags) == [one.number for one in read_incident.incidents]
    assert _apart(drawn)


def _apart(drawn: Timeline) -> bool:
    rows: dict[int, list[int]] = {}
    for flag in drawn.flags:
        rows.setdefault(flag.y, []).append(flag.x)
    return all(
        abs(one - other) >= 16 for row in rows.values() for place, one in enumerate(row) for other in row[place + 1 :]
    )


def test_nothing_is_drawn_where_nothing_happened() -> None:
    calm = pop2dissect.read(capture_path("rfc937_normal"))
    assert timeline(calm.incidents, calm.sessions, calm.probes) is None


def test_names_from_the_wire_are_harmless_in_the_picture(tmp_path: Path) -> None:
    hostile = "<b>\x1b[31m" + "x" * 200
    net = Network()
    for number in range(12):
        net.session(refused(user=hostile, password=f"w{number}"), after=1)
    net.session(login(user=hostile), after=1)
    capture = pop2dissect.read(save(tmp_path / "h.pcap", net.packets))
    drawn = timeline(capture.incidents, capture.sessions, capture.probes)
    assert drawn is not None
    assert all("\x1b" not in row.text and len(row.text) <= 40 for row in drawn.rows)


def about(capture: pop2dissect.Capture) -> dict[int, list[Finding]]:
    found = {session.id: list(session.findings) for session in capture.sessions}
    for finding in capture.findings:
        for number in finding.sessions:
            found[number].append(finding)
    return found


def test_what_is_printed(read_incident: pop2dissect.Capture) -> None:
    sessions, incidents = read_incident.sessions, read_incident.incidents
    found = about(read_incident)
    assert printed_sessions("all", sessions, found, incidents) == {one.id for one in sessions}
    assert printed_sessions("findings", sessions, found, incidents) == set()
    noteworthy = printed_sessions("noteworthy", sessions, found, incidents)
    assert {41, 46, 47} <= noteworthy
    assert len(noteworthy) <= MAX_SESSIONS
    rows = printed_rows("noteworthy", sessions, found)
    assert len(rows) == MAX_ROWS
    grave = {number for number, some in found.items() if any(one.severity == Severity.CRITICAL for one in some)}
    assert grave <= rows
    assert printed_rows("all", sessions, found) == {one.id for one in sessions}
    assert printed_rows("noteworthy", sessions[:3], found) == {one.id for one in sessions[:3]}
