"""What findings and sessions come to, and in which order it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

import pop2dissect
from pop2dissect.api import Capture
from pop2dissect.incidents import about_incidents
from pop2dissect.session import Session
from tests.incidents.happened import happened, sentences
from tests.support.network import PASSWORDS, Network, fold, login, mail, read, read_all, refused

ATTACKER = "203.0.113.66"


@pytest.fixture(scope="module")
def capture(incident: Path) -> Capture:
    return pop2dissect.read(incident)


def test_the_account_that_was_taken_comes_first_and_what_was_done_with_it_follows(capture: Capture) -> None:
    first = capture.incidents[0]
    assert (first.kind, first.severity, first.number, first.follows) == ("account_compromised", "critical", 1, None)
    assert (first.clients, first.users) == ((ATTACKER,), ("bertil",))
    assert first.sentence.startswith("account compromised: bertil, by 203.0.113.66, frame 1960, after 12 refused")
    assert (first.messages_read, first.messages_deleted) == (12, 9)  # nine of his own, and three of konrad's
    assert "files read: /etc/passwd, /etc/hosts.equiv, /etc/inetd.conf" in first.sentence
    after = [one for one in capture.incidents if one.follows == 1]
    assert capture.incidents[1 : len(after) + 1] == after
    assert {one.kind: (one.messages_read, one.messages_deleted) for one in after} == {
        "exploit": (0, 0),
        "files_read": (0, 0),
        "mail_deleted": (0, 9),
        "other_mailbox_read": (3, 0),
        "mail_read": (9, 0),
        "file_probing": (0, 0),
    }
    assert [one.kind for one in capture.incidents[len(after) + 1 :]] == ["guessing", "scan"]
    assert capture.incidents[-1].sentence.startswith("servers scanned: 12 servers (198.51.100.")


def test_each_is_proven_by_its_findings_and_sessions(capture: Capture) -> None:
    for one in capture.incidents:
        assert one.frames == tuple(sorted(one.frames)) != ()
        assert one.sessions == tuple(sorted(one.sessions))
        assert one.first_time is not None and one.last_time is not None and one.first_time <= one.last_time
        for link in one.findings:
            holder: Session | Capture = capture if link.session is None else capture.session(link.session)
            finding = holder.findings[link.place - 1]
            assert finding.id == link.id
            assert set(finding.sessions) <= set(one.sessions)
            assert set(finding.frames) <= set(one.frames)
            assert set(finding.users) <= set(one.users)


def test_nobody_else_is_accused(capture: Capture) -> None:
    assert {client for one in capture.incidents for client in one.clients} == {ATTACKER}


def test_of_the_sessions_that_were_asked_for(capture: Capture) -> None:
    (wiped,) = [one for one in capture.incidents if one.kind == "mail_deleted"]
    (number,) = wiped.sessions
    left = [one for one in capture.findings if number in one.sessions]
    kept = about_incidents(
        capture.incidents, [number], {capture.findings.index(one) + 1: place for place, one in enumerate(left, 1)}
    )
    assert [(one.number, one.kind, one.follows) for one in kept] == [
        (1, "account_compromised", None),
        (2, "mail_deleted", 1),
        (3, "mail_read", 1),
    ]
    for link in (link for one in kept for link in one.findings):
        assert link.session is None and left[link.place - 1].id == link.id


def guessed(*turns: tuple[str | bytes | None, str | bytes | None]) -> Network:
    net = Network()
    for password in PASSWORDS[:3]:
        net.session(refused(password=password), after=4, end="server")
    return net.session(login(password=PASSWORDS[3]), *turns, after=4)


def test_what_the_owner_does_afterwards_is_not_the_attackers(tmp_path: Path) -> None:
    net = guessed().session(login(password=PASSWORDS[3]), *read(mail(), 1, "ACKD"), client="192.0.2.77")
    (taken,) = happened(net, tmp_path)
    assert (taken.clients, taken.messages_read, taken.messages_deleted) == (("192.0.2.10",), 0, 0)


def test_what_was_done_before_is_not_part_of_it(tmp_path: Path) -> None:
    net = Network().session(login(password=PASSWORDS[9]), *read_all(2))
    for password in PASSWORDS[:3]:
        net.session(refused(password=password), after=4, end="server")
    (taken,) = happened(net.session(login(password=PASSWORDS[3]), after=4), tmp_path)
    assert taken.messages_read == 0


def test_who_got_in_is_named_and_not_who_only_tried(tmp_path: Path) -> None:
    net = Network()
    for number, password in enumerate(PASSWORDS[:8]):
        net.session(refused(password=password), client=f"203.0.113.{number % 3 + 1}", after=3, end="server")
    (taken,) = happened(net.session(login(password="harbour"), client="203.0.113.2"), tmp_path)
    assert taken.sentence.startswith("account compromised: fred, by 203.0.113.2, frame 85, after 8 refused logins")
    assert taken.clients == ("203.0.113.2",)
    assert [link.id for link in taken.findings] == ["auth.success_after_fail", "auth.bruteforce"]


def test_names_that_are_not_plain_are_quoted_and_passwords_masked(tmp_path: Path) -> None:
    odd = 'o"hara; drop'
    turns = (fold(f"/etc/{odd}", f"#1 messages in /etc/{odd}"), *read(mail(f"/etc/{odd}")))
    assert any('files read: "/etc/o"hara; drop"' in one for one in sentences(guessed(*turns), tmp_path))
    net = Network().session(login(password="pass-word"), fold("/etc/pass-word", "#1 messages in /etc/pass-word"))
    (probing,) = happened(net, tmp_path)
    assert "pass-word" in probing.sentence
    text = pop2dissect.read(tmp_path / "made.pcap").to_json()
    assert "pass-word" not in text


def test_an_ordinary_day_has_none(tmp_path: Path) -> None:
    net = Network().session(login(), *read_all(6, "ACKD")).session(refused("wilma"), end="server")
    assert happened(net, tmp_path) == []
