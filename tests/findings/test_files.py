"""Whose files a folder's name means: the user's own in all the places that sites have, and others'."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.findings.found import raised, told
from tests.support.network import Network, Turn, fold, login, mail, read, read_all


def asked(*names: str, folder: Path, user: str = "fred", messages: int = 3) -> set[str]:
    folds = (fold(name, f"#{messages} messages in {name}") for name in names)
    return raised(Network().session(login(user), *folds), folder)


@pytest.mark.parametrize(
    "name",
    [
        "/usr/spool/mail/fred",
        "/var/spool/mail/f/fr/fred",
        "/var/spool/mail/f/r/fred",
        "/home/fred/Mail/list",
        "/home/staff/fred/Mail/list",
        "/export/home2/fred/Mail/list",
        "/net/disk1/home/fred/list",
        "/u1/fred/list",
        "/Users/Fred/list",
        "/data/vmail/fred/list",
        "~/Mail/list",
        "~fred/Mail/list",
        "Mail/list",
        "INBOX",
        "#mh/list",
    ],
)
def test_own_folders(name: str, tmp_path: Path) -> None:
    assert asked(name, folder=tmp_path) == set()


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("/var/spool/mail/wilma", {"data.read_other_user"}),
        ("/var/spool/mail/w/i/wilma", {"data.read_other_user"}),
        ("/export/home2/wilma/x", {"data.read_other_user", "file.absolute"}),
        ("~wilma/x", {"data.read_other_user", "file.traversal"}),
        ("../wilma/x", {"file.traversal"}),
        ("/data/vmail/wilma/x", {"file.absolute"}),
        ("/etc/fred", {"file.absolute"}),
        ("#ftp/pub", {"file.traversal"}),
        ("mail//etc", {"file.traversal"}),
        ("%2e%2e/x", {"file.traversal"}),
        ("/etc/passwd", {"file.absolute", "file.sensitive"}),
        ("/etc/../etc/shadow", {"file.absolute", "file.traversal", "file.sensitive"}),
        ("/proc/self/environ", {"file.absolute", "file.sensitive"}),
        (".ssh/id_rsa", {"file.sensitive"}),
        ("~/.rhosts", {"file.sensitive"}),
    ],
)
def test_what_is_not_ones_own(name: str, ids: set[str], tmp_path: Path) -> None:
    assert asked(name, folder=tmp_path) == ids


def test_a_place_of_which_only_the_server_knows_whose_it_is(tmp_path: Path) -> None:
    net = Network().session(login(), fold("~wilma/x", "#3 messages in /usr2/wilma/x"))
    assert raised(net, tmp_path) == {"file.traversal", "data.read_other_user"}


def test_a_user_who_logs_in_by_another_name_than_the_mailboxes(tmp_path: Path) -> None:
    folds = [
        fold("/var/mail/fstone", "#3 messages in /var/mail/fstone"),
        fold("/home/fstone/Mail/list", "#2 messages in /home/fstone/Mail/list"),
        fold("~fstone/Mail/list", "#2 messages in /home/fstone/Mail/list"),
    ]
    net = Network().session(("HELO fred.stone lantern-7", "#3 messages in /var/mail/fstone"), *folds)
    assert raised(net, tmp_path) == set()


def test_a_user_who_logs_in_by_an_address(tmp_path: Path) -> None:
    net = Network().session(
        ("HELO fred@quarry.example lantern-7", "#3 messages"), fold("/var/mail/fred", "#3 messages")
    )
    assert raised(net, tmp_path) == set()


def test_a_folder_shared_by_proxy(tmp_path: Path) -> None:
    net = Network().session(login("imap.quarry.example:fred"), fold("/home/fred/x", "#3 messages in /home/fred/x"))
    assert raised(net, tmp_path) == {"proxy.helo"}


def test_a_capture_that_lacks_the_login_accuses_nobody(tmp_path: Path) -> None:
    turns: list[Turn] = [fold("/usr/spool/mail/fred", "#3 messages"), *read(mail())]
    net = Network().session(login(), *turns)
    first = next(place for place, packet in enumerate(net.packets) if packet.payload.startswith(b"FOLD"))
    del net.packets[:first]
    assert not {name for name in raised(net, tmp_path) if name.startswith(("file.", "data."))}


def test_one_subject_that_looks_like_a_path_is_no_proof(tmp_path: Path) -> None:
    net = Network().session(
        login(), fold("/etc/passwd", "#2 messages in /var/mail/fred"), *read(mail("/etc/passwd")), fold("x", "#1")
    )
    assert "file.read_confirmed" not in raised(net, tmp_path)


def test_who_deletes_all_of_anothers_mail(tmp_path: Path) -> None:
    net = Network().session(login(), fold("/var/mail/wilma", "#5 messages in /var/mail/wilma"), *read_all(5, "ACKD"))
    (found,) = [one for one in told(net, tmp_path) if one.id == "data.mass_delete"]
    assert found.severity == "high"


@pytest.mark.parametrize("acknowledge", ["ACKS", "ACKD"])
def test_a_reader_of_mailing_lists(acknowledge: str, tmp_path: Path) -> None:
    net = Network().session(login(messages=200), *read_all(200, acknowledge))
    found = {(one.id, one.severity) for one in told(net, tmp_path)} - {("auth.cleartext", "medium")}
    assert found == (set() if acknowledge == "ACKS" else {("data.mass_delete", "info")})
