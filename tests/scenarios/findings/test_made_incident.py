"""An incident made up: a spray that gets in, and beside it those who only look like attackers."""

from __future__ import annotations

import pytest

import pop2dissect
from pop2dissect.api import Capture
from tests.support.network import PASSWORDS, SERVER, USERS, Network, fold, login, mail, read, read_all, refused
from tests.support.wire import save

V4, V6, V6_SERVER = "203.0.113.66", "2001:db8::66", "2001:db8::109"
TYPIST, POLLER, OWNER = "192.0.2.20", "192.0.2.21", "192.0.2.22"
TAKEN, TYPES, POLLS = "bertil", "dora", "egon"


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Capture:
    net = Network().session(login(TAKEN, "Spring85"), client=OWNER)
    users = [*USERS[:5], TAKEN, *USERS[5:]]
    for number, user in enumerate(users):
        client, server = (V6, V6_SERVER) if number % 2 else (V4, SERVER)
        said = login(user, "Spring85") if user == TAKEN else refused(user, "Spring85")
        net.session(said, client=client, server=server, after=2, end="quit" if user == TAKEN else "server")
        if number == 3:
            for password in ("lantern-8", "lantetn-7", "LANTERN-7"):
                net.session(refused(TYPES, password), client=TYPIST, after=2, end="server")
            net.session(login(TYPES), *read_all(2, "ACKD"), client=TYPIST, after=2)
    for _ in range(6):
        net.session(refused(POLLS, "old-harbour"), client=POLLER, after=30, end="server")
    net.session(login(TAKEN, "Spring85", messages=6), *read_all(6, "ACKD"), client=V4)
    stolen = fold("/etc/passwd", "#1 messages in /etc/passwd"), *read(mail("/etc/passwd", b"root:*:0:0\r\n"))
    net.session(login(TAKEN, "Spring85"), *stolen, client=V6, server=V6_SERVER)
    net.session(login(f"{V4}:{TAKEN}", "Spring85"), client=V4)
    net.session(refused("u" * 300, PASSWORDS[0]), client=V4, end="server")
    net.session(login(TAKEN, "Spring85"), client=OWNER)
    return pop2dissect.read(save(tmp_path_factory.mktemp("incident") / "made.pcap", net.packets))


def test_the_account_that_was_taken_is_named_first_with_what_was_done_with_it(capture: Capture) -> None:
    first, *rest = capture.incidents
    assert first.sentence.startswith(f"account compromised: {TAKEN}, by {V6}, {V4}, frame ")
    assert (first.severity, first.users, first.clients) == ("critical", (TAKEN,), (V6, V4))
    assert (first.messages_read, first.messages_deleted) == (6, 6)
    assert "files read: /etc/passwd" in first.sentence
    assert {one.kind for one in rest if one.follows == 1} == {"files_read", "mail_deleted", "mail_read"}
    assert {one.kind for one in rest if one.follows is None} == {
        "spray",
        "exploit",
        "proxy_to_own_host",
        "user_enumeration",
    }


def test_nobody_else_is_accused_of_anything_above_low(capture: Capture) -> None:
    found = [*capture.findings, *(one for session in capture for one in session.findings)]
    accused = {client for one in found if one.severity > "low" and one.id != "auth.cleartext" for client in one.clients}
    assert accused == {V4, V6}
    assert {client for one in capture.incidents for client in one.clients} == {V4, V6}
    stale = [one for one in found if one.id == "auth.retry_stale"]
    assert [(one.client, one.user, one.severity) for one in stale] == [(POLLER, POLLS, "low")]


def test_the_two_addresses_are_linked_and_each_finding_has_its_fields(capture: Capture) -> None:
    by_id = {one.id: one for one in [*capture.findings, *(one for session in capture for one in session.findings)]}
    assert by_id["auth.spray"].clients == (V4, V6)
    assert len(by_id["auth.spray"].users) == 11
    let_in = [(one.user, one.clients[0]) for one in capture.findings if one.id == "auth.spray_success"]
    assert let_in == [(TAKEN, V6), (TAKEN, V4)]  # at one server, and later at the other
    assert by_id["file.read_confirmed"].folder == "/etc/passwd"
    proxied = by_id["proxy.own_host"]
    assert (proxied.client, proxied.user, proxied.severity) == (V4, f"{V4}:{TAKEN}", "high")
    assert by_id["exploit.overlong"].user == "u" * 300
    assert all(one.frames == tuple(sorted(one.frames)) and one.servers for one in by_id.values())
