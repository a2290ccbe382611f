"""Guessing over many connections, and those who only look like it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.session import Finding
from tests.findings.found import raised, told
from tests.support.network import PASSWORDS, SERVER, USERS, Network, Turn, fold, login, refused


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


V4, V6 = "203.0.113.66", "2001:db8::66"
V6_SERVER = "2001:db8::109"


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("times", [3, 5, 8, 9])
def test_a_person_who_mistypes(times: int, right: bool, tmp_path: Path) -> None:
    slips = [
        "lantern-8",
        "lantetn-7",
        "LANTERN-7",
        "lanern-7",
        "alntern-7",
        "lantern-77",
        "lanterm-7",
        "lantern7",
        "lqntern-7",
    ]
    net = Network()
    for password in slips[:times]:
        net.session(refused(password=password), after=4, end="server")
    if right:
        net.session(login(), after=4)
    found = {"auth.bruteforce", "auth.success_after_fail"} if right else {"auth.bruteforce"}
    assert raised(net, tmp_path) == {"auth.failed", *(found if times > 8 else ())}


def test_a_guesser_who_comes_near_in_the_end(tmp_path: Path) -> None:
    net = Network()
    for password in (*PASSWORDS[2:7], "lantern-6", "Lantern-7"):
        net.session(refused(password=password), after=4, end="server")
    assert raised(net.session(login(), after=4), tmp_path) == {
        "auth.failed",
        "auth.bruteforce",
        "auth.success_after_fail",
    }


def by_turns(net: Network, turns: Iterable[Turn], *, accepted: int | None = None, after: float = 4) -> Network:
    """Try to log in from IPv4 and IPv6 by turns; one of the tries is accepted."""
    for number, turn in enumerate(turns):
        client, server = (V6, V6_SERVER) if number % 2 else (V4, SERVER)
        net.session(turn, client=client, server=server, after=after, end="quit" if number == accepted else "server")
    return net


def spray_by_turns(password: str = "spring85", users: Sequence[str] = USERS[:8]) -> list[Turn]:
    return [refused(user, password) for user in users]


def clients_of(found: Iterable[Finding], name: str) -> list[tuple[str, ...]]:
    return [one.clients for one in found if one.id == name]


def test_addresses_that_try_the_same_password_are_linked(tmp_path: Path) -> None:
    found = told(by_turns(Network(), spray_by_turns()), tmp_path)
    assert clients_of(found, "auth.spray") == [(V4, V6)]
    (spray,) = [one for one in found if one.id == "auth.spray"]
    assert spray.users == USERS[:8]
    assert spray.servers == (f"{SERVER}:109", f"[{V6_SERVER}]:109")
    assert spray.frames == tuple(sorted(spray.frames))
    assert (spray.client, spray.user) == (None, None)


def test_addresses_that_try_the_same_users_are_linked(tmp_path: Path) -> None:
    net = Network()
    for client, password in ((V4, "spring85"), ("203.0.113.99", "summer85")):
        for user in USERS[:5]:
            net.session(refused(user, password), client=client, after=4, end="server")
    assert clients_of(told(net, tmp_path), "auth.spray") == [(V4, "203.0.113.99")]


def test_addresses_that_guess_one_users_password_are_linked(tmp_path: Path) -> None:
    net = Network()
    for number, password in enumerate(PASSWORDS[:6]):
        net.session(refused(password=password), client=f"203.0.113.{number + 1}", after=4, end="server")
    found = told(net, tmp_path)
    assert clients_of(found, "auth.bruteforce") == [tuple(f"203.0.113.{number + 1}" for number in range(6))]


def test_users_and_their_programs_are_not_linked_to_whoever_attacks_them(tmp_path: Path) -> None:
    net = by_turns(Network(), spray_by_turns())
    for _ in range(3):
        net.session(refused("ada", "old-one"), client="192.0.2.31", after=4, end="server")
    for password in ("lantern-8", "lantetn-7"):
        net.session(refused("bert", password), client="192.0.2.32", after=4, end="server")
    net.session(login("bert"), client="192.0.2.32", after=4)
    net.session(refused("cleo", "harbour-3"), client="192.0.2.33", after=4, end="server")
    net.session(login("cleo"), client="192.0.2.33", after=4)
    net = by_turns(net, [refused("ada", word) for word in PASSWORDS[:6]])
    accused = {client for one in told(net, tmp_path) if one.severity > "medium" for client in one.clients}
    assert accused == {V4, V6}


def test_the_password_that_was_sprayed_fits_one(tmp_path: Path) -> None:
    turns = spray_by_turns()
    turns[5] = login(USERS[5], "spring85")
    net = by_turns(Network().session(login(USERS[5], "spring85"), client="192.0.2.32"), turns, accepted=5)
    (success,) = [one for one in told(net, tmp_path) if one.id == "auth.spray_success"]
    assert (success.user, success.server, success.sessions[0]) == (USERS[5], f"[{V6_SERVER}]:109", 7)
    assert success.clients == (V6, V4)
    assert success.detail.startswith(f'{V6} was let in at [{V6_SERVER}]:109 as user "flora", with a password that was')


def test_whoever_is_let_in_after_trying_many_users(tmp_path: Path) -> None:
    net = Network()
    for user, password in zip(USERS, PASSWORDS, strict=True):
        net.session(refused(user, password), client=V4, after=4, end="server")
    found = told(net.session(login("guest", "guest"), client=V4), tmp_path)
    (success,) = [one for one in found if one.id == "auth.spray_success"]
    assert (success.user, success.client) == ("guest", V4)
