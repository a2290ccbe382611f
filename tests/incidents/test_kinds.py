"""Incidents are put into words, and each kind into its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pop2dissect.document import document
from pop2dissect.findings.catalogue import BY_ID
from pop2dissect.incidents.kinds import KIND_OF, KINDS
from tests.incidents.happened import sentences
from tests.support.network import Network, refused
from tools.samples.findings import CASES

SAID = {
    "auth.success_after_fail": ["account compromised: fred, by 192.0.2.10, frame 35, after 3 refused logins"],
    "auth.spray_success": [
        "account compromised: hugo, by 2001:db8::66, frame 75, one of many users that were tried",
        "passwords sprayed: 8 users (ada, bert, cleo, dora, egon, flora, and 2 more), by 203.0.113.66, 2001:db8::66, "
        "frame 5",
    ],
    "auth.bruteforce": ["passwords guessed: fred, by 192.0.2.10, frame 5"],
    "proxy.own_host": ["proxy to the attacker's own host: 192.0.2.10:fred, by 192.0.2.10, frame 5"],
    "proxy.helo": ["proxy to another host: imap.quarry.example:fred, by 192.0.2.10, frame 5"],
    "tcp.overlap_conflict": ["connection tampered with: 192.0.2.109:109, of client 192.0.2.10, frame 6"],
    "data.read_other_user": [
        "mailbox of another user read: /home/wilma/mail/plans, as fred, by 192.0.2.10, frame 7",
    ],
    "auth.retry_stale": [],
    "auth.failed": [],
}


@pytest.mark.parametrize("name", SAID)
def test_the_samples_in_words(name: str, tmp_path: Path) -> None:
    assert sentences(CASES[name].raises(), tmp_path) == SAID[name]


def test_no_number_is_stated_that_was_not_counted(tmp_path: Path) -> None:
    net = Network()
    for number in range(130):
        net.session(refused(f"user{number}", "spring85"), client="203.0.113.66", after=1, end="server")
    spray, search = sentences(net, tmp_path)
    for sentence in (spray, search):
        assert "at least 100 users (user0, user1, user10, user100, user101, user102, and many more)" in sentence


def test_the_schema_lists_the_kinds() -> None:
    schema = json.loads((Path(document.__file__).with_name("schema.json")).read_text())
    assert schema["$defs"]["incident"]["properties"]["kind"]["enum"] == [kind.name for kind in KINDS]


def test_every_kind_is_of_findings_that_there_are() -> None:
    assert set(KIND_OF) <= set(BY_ID)
    assert len(KIND_OF) == sum(len(kind.findings) for kind in KINDS)
