"""Guessing over many connections, and those who only look like it."""

from __future__ import annotations

from pathlib import Path

from pop2dissect.findings.thresholds import Thresholds
from tests.findings.found import raised, told
from tests.support.network import PASSWORDS, USERS, Network, fold, login, refused


def test_a_guesser_who_takes_time(tmp_path: Path) -> None:
    net = Network()
    for number in range(20):
        net.session(refused(password=f"word-{number}"), after=900, end="server")
    assert raised(net, tmp_path) == {"auth.failed", "auth.bruteforce"}


def test_a_few_wrong_passwords_on_a_day(tmp_path: Path) -> None:
    net = Network()
    for password in PASSWORDS[:9]:
        net.session(refused(password=password), after=1800, end="server")
    assert raised(net, tmp_path) == {"auth.failed"}


def test_a_guesser_who_takes_servers_by_turns(tmp_path: Path) -> None:
    net = Network()
    for number, password in enumerate(PASSWORDS[:9]):
        net.session(refused(password=password), server=f"192.0.2.{110 + number % 3}", after=5, end="server")
    (found,) = [one for one in told(net, tmp_path) if one.id == "auth.bruteforce"]
    assert len(found.sessions) == 9
    assert "192.0.2.110:109, 192.0.2.111:109, 192.0.2.112:109" in found.detail


def test_a_program_that_polls_many_servers_with_stale_passwords(tmp_path: Path) -> None:
    net = Network()
    for number, password in enumerate([*PASSWORDS[:5], *PASSWORDS[:5]]):
        net.session(refused(password=password), server=f"192.0.2.{110 + number % 5}", after=5, end="server")
    assert raised(net, tmp_path) == {"auth.failed"}


def test_many_users_behind_one_address_with_a_typo_each(tmp_path: Path) -> None:
    net = Network()
    for user in USERS:
        net.session(refused(user, f"{user}-typo-1"), after=4, end="server")
        net.session(login(user, f"{user}-right-1"), after=4)
    assert raised(net, tmp_path) == {"auth.failed"}


def test_refusals_of_a_locked_mailbox_are_no_guesses(tmp_path: Path) -> None:
    net = Network()
    for password in PASSWORDS[:6]:
        net.session((f"HELO fred {password}", b"- mailbox is locked, try later\r\n"), after=4, end="server")
    assert raised(net, tmp_path) == {"auth.failed"}
    assert all("locked mailbox" in found.detail for found in told(net, tmp_path) if found.id == "auth.failed")


def test_the_login_that_followed_names_the_refusals(tmp_path: Path) -> None:
    net = Network()
    for password in PASSWORDS[:3]:
        net.session(refused(password=password), after=3600, end="server")
    net.session(login(password=PASSWORDS[3]), after=3600).session(login(password=PASSWORDS[3]), after=3600)
    (found,) = [one for one in told(net, tmp_path) if one.id == "auth.success_after_fail"]
    assert found.sessions == (4, 1, 2, 3)


def test_a_password_that_had_worked_before_was_not_guessed(tmp_path: Path) -> None:
    net = Network().session(login())
    for password in PASSWORDS[:3]:
        net.session(refused(password=password), after=4, end="server")
    assert raised(net.session(login(), after=4), tmp_path) == {"auth.failed"}


def test_whoever_gives_no_password_guesses_none(tmp_path: Path) -> None:
    net = Network()
    for _ in range(6):
        net.session(("HELO fred", b"- Missing user or password\r\n+ Sayonara\r\n"), after=4, end="server")
    assert raised(net, tmp_path) == {"protocol.syntax"}


def test_several_tries_in_one_session_of_the_predecessor(tmp_path: Path) -> None:
    tries = [turn for word in PASSWORDS[:5] for turn in (("USER fred", "+OK"), (f"PASS {word}", "-ERR try again"))]
    turns = [*tries, ("USER fred", "+OK"), ("PASS lantern-7", "+OK"), ("NOOP", "+OK")]
    net = Network().session(*turns, greeting="+OK POP server")
    assert raised(net, tmp_path) == {"auth.failed", "auth.bruteforce", "auth.success_after_fail"}


def test_lines_are_drawn_where_asked(tmp_path: Path) -> None:
    net = Network().session(refused(password="one-1"), end="server").session(refused(password="two-2"), end="server")
    assert "auth.bruteforce" not in raised(net, tmp_path)
    lower = Thresholds(bruteforce_failures=2, bruteforce_passwords=2)
    assert "auth.bruteforce" in raised(net, tmp_path, thresholds=lower)


def test_users_behind_one_address_who_each_miss_a_folder(tmp_path: Path) -> None:
    net = Network()
    for user in USERS:
        net.session(login(user, f"{user}-right-1"), fold(f"list-{user}", f"#9 messages in /var/mail/{user}"), after=4)
    assert raised(net, tmp_path) == set()


def test_a_program_that_looks_for_the_usual_folders(tmp_path: Path) -> None:
    names = ("drafts", "Sent", "mail/sent-mail", "Junk", "Trash", "Templates", "Saved Messages")
    net = Network().session(login(), *(fold(name, "#0 messages in <none>") for name in names))
    assert raised(net, tmp_path) == set()


def test_a_server_that_lets_a_guesser_try_again_on_the_same_connection(tmp_path: Path) -> None:
    guesses = [(f"HELO fred {password}", b"- Bad login\r\n") for password in PASSWORDS[:6]]
    net = Network().session(*guesses, login(password="lantern-7"))
    found = {one.id: one for one in told(net, tmp_path)}
    assert found["auth.bruteforce"].detail.startswith("192.0.2.10 was refused 6 times at 192.0.2.109:109 as user")
    assert "refused 6 times" in found["auth.failed"].detail
    assert "after 6 refusals" in found["auth.success_after_fail"].detail


def test_logins_that_the_server_did_not_read_are_not_refused(tmp_path: Path) -> None:
    pipelined = "".join(f"HELO fred {password}\r\n" for password in PASSWORDS[:6]).encode()
    net = Network().session((pipelined, b"- Bad login\r\n+ Sayonara\r\n"), end="server")
    assert raised(net, tmp_path) & {"auth.bruteforce", "auth.failed"} == {"auth.failed"}
