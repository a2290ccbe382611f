"""The break-in of incident_small: its story, entry by entry as the truth file tells it, is what the findings tell."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pop2dissect.session import Finding, Session
from tests.findings.found import examine
from tests.support.truth import load_truth

ATTACKER = "203.0.113.66"


class Story:
    """The truth beside the findings."""

    def __init__(self, capture: Path) -> None:
        self.truth = load_truth(capture)
        self.sessions, self.findings = examine(capture)
        self.entries: list[dict[str, Any]] = self.truth["story"]

    def by_client(self, ip: str, port: int) -> Session:
        """Return the session of a client."""
        (session,) = [one for one in self.sessions if (one.client.ip, one.client.port) == (ip, port)]
        return session

    def of(self, text: str) -> list[Session]:
        """Return the sessions of the entries of the story whose words hold a text."""
        indexes = {entry["session"] for entry in self.entries if text in entry["what"] and entry["session"] is not None}
        clients = [one["client"] for one in self.truth["sessions"] if one["index"] in indexes]
        return [self.by_client(client["addr"], client["port"]) for client in clients]

    def found(self, *names: str) -> list[Finding]:
        """Return the findings of some ids."""
        return [finding for finding in self.findings if finding.id in names]

    def one(self, name: str, session: Session) -> Finding:
        """Return the finding of an id that names a session."""
        (finding,) = [finding for finding in self.found(name) if session.id in finding.sessions]
        return finding


@pytest.fixture(scope="module")
def story(incident: Path) -> Story:
    return Story(incident)


def ids(sessions: Iterable[Session]) -> set[int]:
    return {session.id for session in sessions}


def test_the_scan(story: Story) -> None:
    (entry,) = [entry for entry in story.entries if entry["what"].startswith("SYN scan of the twelve")]
    (scan,) = story.found("recon.scan")
    assert ATTACKER in scan.detail
    assert "12 servers" in scan.detail
    assert scan.time is not None
    # The truth knows when nmap was started.
    assert 0 <= scan.time / 1e9 - entry["time"] < 5, datetime.fromtimestamp(entry["time"])


def test_the_banner_grabs(story: Story) -> None:
    on_pop2 = ids(story.of("banner grab on"))
    (port,) = [
        entry["what"].rpartition("client port ")[2] for entry in story.entries if "an SSH banner" in entry["what"]
    ]
    on_ssh = story.by_client(ATTACKER, int(port.rstrip(")"))).id
    grabs = story.found("recon.banner_grab")
    assert {finding.sessions[0] for finding in grabs} == on_pop2 | {on_ssh}


def test_the_guessing(story: Story) -> None:
    guesses = story.found("auth.bruteforce")
    for user in ("bertil", "lorens"):
        (finding,) = [one for one in guesses if f'"{user}"' in one.detail]
        assert set(finding.sessions) == ids(story.of(f"refused: {user} with"))
    assert len(guesses) == 2
    assert {one.sessions[0] for one in story.found("auth.failed")} >= ids(story.of("refused: "))


def test_the_login_that_followed(story: Story) -> None:
    (guessed,) = story.of("guesses the password of bertil")
    success = story.one("auth.success_after_fail", guessed)
    assert success.sessions[0] == guessed.id
    assert set(success.sessions[1:]) == ids(story.of("refused: bertil with"))
    assert success.time == next(one.time for one in guessed.exchanges if one.command == "HELO")


def test_the_files_that_were_asked_for(story: Story) -> None:
    (session,) = story.of("FOLD /etc/passwd")
    sensitive, absolute, read = (
        story.one(name, session) for name in ("file.sensitive", "file.absolute", "file.read_confirmed")
    )
    for entry in story.entries:
        what = entry["what"]
        if not what.startswith("FOLD /etc/"):
            continue
        path = what.removeprefix("FOLD ").partition(":")[0]
        assert f'"{path}"' in absolute.detail
        assert (f'"{path}" (' in read.detail) is ("reads" in what)
    for path in ("/etc/passwd", "/etc/shadow", "/etc/hosts.equiv", ".rhosts"):
        assert path in sensitive.detail
    assert read.severity == "critical"
    # Frames prove it: those of the FOLD, of the reply, and of the file's octets.
    for message in session.messages[:3]:
        assert set(message.frames) & set(read.frames)


def test_the_other_users_folder_that_was_read(story: Story) -> None:
    (session,) = story.of("FOLD ~konrad/mail/committee")
    finding = story.one("data.read_other_user", session)
    assert '"konrad"' in finding.detail
    assert "#3 messages in /home/konrad/mail/committee" in finding.detail
    assert "read 3 messages there" in finding.detail
    story.one("file.traversal", session)


def test_the_wipe_and_that_it_was_committed(story: Story) -> None:
    (session,) = story.of("QUIT: the deletions take effect")
    finding = story.one("data.mass_delete", session)
    assert finding.severity == "high"
    assert "All 9 messages" in finding.detail
    assert "the deletion took effect" in finding.detail
    quits = next(exchange for exchange in session.exchanges if exchange.command == "QUIT")
    assert set(quits.frames) <= set(finding.frames)


def test_the_overlong_folder(story: Story) -> None:
    (session,) = story.of("sends FOLD with 1014 octets")
    assert "1,014 octets" in story.one("exploit.overlong", session).detail
    assert story.one("exploit.nop_sled", session).severity == "critical"
    # The server answered and went on.
    assert not story.found("exploit.post_shell", "exploit.crash", "exploit.shellcode")


def test_the_ssh_server(story: Story) -> None:
    (finding,) = story.found("service.other_protocol")
    assert story.truth["world"]["ssh_like_on_109"] in finding.detail
    assert "SSH" in finding.detail


def test_of_ordinary_users_nothing_worse_than_their_passwords(story: Story) -> None:
    ordinary = {session.id for session in story.sessions if session.client.ip != ATTACKER}
    assert len(ordinary) > 15
    for finding in story.findings:
        if set(finding.sessions) & ordinary and finding.severity != "info":
            assert finding.id == "auth.cleartext"
