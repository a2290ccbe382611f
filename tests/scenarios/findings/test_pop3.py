"""What is found in POP3: several logins in one connection count as those of several, and recordings by their truth."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pop2dissect.cli import main
from pop2dissect.session import Finding
from tests.findings.found import findings_of
from tests.scenarios.test_pop3_truth import FOLDER, NAMES, load
from tests.support.network import PASSWORDS, USERS, Network, Turn
from tests.support.truth import FOLDERS
from tests.support.wire import save

GREETING = "+OK POP3 ready"


def told(net: Network, folder: Path) -> dict[str, Finding]:
    return {finding.id: finding for finding in findings_of(save(folder / "made.pcap", net.packets))}


def tries(*given: tuple[str, str], last: str = "-ERR no") -> list[Turn]:
    """Try to log in again and again on one connection."""
    turns: list[Turn] = []
    for user, password in given:
        turns += [(f"USER {user}", "+OK"), (f"PASS {password}", "-ERR no")]
    turns[-1] = (turns[-1][0], last)
    return turns


def one(*turns: Turn) -> Network:
    return Network().session(*turns, ("QUIT", "+OK bye"), greeting=GREETING, end="server")


def test_guessing_within_one_connection(tmp_path: Path) -> None:
    guesses = [("fred", password) for password in PASSWORDS[:5]]
    assert "auth.bruteforce" in told(one(*tries(*guesses)), tmp_path)
    assert "auth.bruteforce" not in told(one(*tries(*guesses[:4])), tmp_path)
    found = told(one(*tries(*guesses[:4], last="+OK")), tmp_path)
    assert "after 3 refusals with 3 different passwords" in found["auth.success_after_fail"].detail


def test_spraying_within_one_connection(tmp_path: Path) -> None:
    found = told(one(*tries(*((user, "spring85") for user in USERS))), tmp_path)
    assert "on 10 users" in found["auth.spray"].detail
    assert "auth.user_enum" in found
    assert "auth.spray" not in told(one(*tries(*((user, "spring85") for user in USERS[:4]))), tmp_path)


def test_a_stale_password_within_one_connection(tmp_path: Path) -> None:
    assert "auth.retry_stale" in told(one(*tries(*[("fred", "rain-1")] * 5)), tmp_path)


def test_a_new_address_that_reads_all(tmp_path: Path) -> None:
    def session(client: str, net: Network) -> Network:
        turns: list[Turn] = [("USER fred", "+OK"), ("PASS pass-word", "+OK"), ("STAT", "+OK 20 100")]
        turns += [(f"RETR {number}", b"+OK\r\nx\r\n.\r\n") for number in range(1, 21)]
        return net.session(*turns, ("QUIT", "+OK"), client=client, greeting=GREETING, end="server")

    twice = session("192.0.2.10", session("192.0.2.10", Network()))
    assert "data.bulk_read" not in told(twice, tmp_path)
    found = told(session("203.0.113.9", twice), tmp_path)
    assert "from 192.0.2.10 before, and from 203.0.113.9 never" in found["data.bulk_read"].detail
    assert found["data.bulk_read"].sessions == (3,)


def test_all_deleted_unread(tmp_path: Path) -> None:
    turns: list[Turn] = [("USER fred", "+OK"), ("PASS pass-word", "+OK"), ("STAT", "+OK 5 100")]
    marks: list[Turn] = [(f"DELE {number}", "+OK") for number in range(1, 6)]
    assert told(one(*turns, *marks), tmp_path)["data.mass_delete"].severity == "high"
    assert "data.mass_delete" not in told(one(*turns, *marks[:4]), tmp_path)
    cut = Network().session(*turns, *marks, greeting=GREETING, end="client")
    found = told(cut, tmp_path)
    assert "data.mass_delete" not in found
    assert "5 messages were marked as deleted" in found["data.delete_uncommitted"].detail


def test_a_capability_that_was_written_over(tmp_path: Path) -> None:
    found = told(one(("CAPA", b"+OK\r\nUSER\r\nXTLS\r\n.\r\n")), tmp_path)
    assert "written over" in found["tls.stripped"].detail
    assert "tls.stripped" not in told(one(("CAPA", b"+OK\r\nUSER\r\nXTND\r\n.\r\n")), tmp_path)


# Beside the logins, by what the truth says happened in each recording.
EXPECTED: dict[str, dict[str, int]] = {
    "fetch_keep_poplib": {"auth.cleartext": 1},
    "message_oddities_dovecot": {"auth.cleartext": 1},
    # Two whose program leaves when the server has not what it wants, with CAPA asked for.
    "apop_right_wrong": {
        "auth.weak_challenge": 5,
        "auth.failed": 2,
        "recon.capa_probe": 2,
        "protocol.syntax": 1,
        "protocol.state": 1,
    },
    # One message of two was deleted unread with QUIT, three in two sessions were marked without it.
    "dele_without_quit_dovecot": {"auth.cleartext": 4, "data.delete_uncommitted": 2, "data.delete_unread": 1},
    # The intruder's: nine users tried with one password, then the mailbox of one.
    "incident_small": {
        "auth.cleartext": 16,
        "auth.failed": 11,
        "auth.spray": 1,
        "auth.spray_success": 1,
        "recon.capa_probe": 2,
        "data.selective": 1,
        "data.delete_unread": 1,
    },
    "stls_accepted": {},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_recordings(name: str) -> None:
    found = Counter(finding.id for finding in findings_of(FOLDER / f"{name}.pcap", (110,)))
    assert found == Counter(EXPECTED[name])


@pytest.mark.parametrize("output", [["--json"], ["-V"], []])
def test_what_is_needed_to_try_passwords_comes_with_passwords_only(
    output: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(FOLDERS[0] / "findings" / "auth.weak_challenge.pcap")
    line = "c4c9334bac560ecc979e58001b3e22fb:<1896.697170952@dbc.mtview.ca.us>"
    assert main([path, *output]) == 0
    assert line not in capsys.readouterr().out
    assert main([path, "--show-passwords", *output]) == 0
    assert line in capsys.readouterr().out or not output  # the table of sessions has no room for it


def test_deletions_are_judged_as_the_servers_judged_them() -> None:
    """In all recordings of whole sessions: what was marked and kept, and what was deleted without having been read."""
    kept, unread, total = Counter[str](), Counter[str](), 0
    expected_kept, expected_unread = Counter[str](), Counter[str]()
    for name in NAMES:
        truth = load(name)
        if truth.get("partial_capture"):
            continue
        (path,) = FOLDER.glob(f"{name}.pcap*")
        found = findings_of(path, {110, *truth["ports"]})
        kept[name] = sum(finding.id == "data.delete_uncommitted" for finding in found)
        unread[name] = sum(finding.id == "data.delete_unread" for finding in found)
        fetched: set[tuple[str, str]] = set()
        for session in truth["sessions"]:
            marked = [one for one in session["deletions"] if one["accepted"] and not one.get("reset")]
            total += len(marked)
            expected_kept[name] += any(not one["committed"] for one in marked)
            whole = {one["number"] for one in session["messages"] if one["complete"] and len(one["by"]) > 8}
            expected_unread[name] += any(
                one["committed"]
                and not one["retrieved"]
                and one["number"] not in whole
                and (session["user"], session["uidls"].get(str(one["number"]))) not in fetched
                for one in marked
            )
            fetched |= {
                (session["user"], one["uidl"])
                for one in session["messages"]
                if one["complete"] and one["by"] == "RETR" and one["uidl"]
            }
    assert total == 49  # by the truth files
    assert +kept == +expected_kept
    assert +unread == +expected_unread
