"""What a session is said to be: its login, and what became of its messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from pop2dissect.session import LoginOutcome
from tests.findings.found import examine
from tests.support.network import BAD_LOGIN, Network, Turn
from tests.support.wire import save

ACCEPTED = b"#2 messages in /var/mail/fred\r\n"


@pytest.mark.parametrize(
    ("turns", "login"),
    [
        ([("HELO fred one", BAD_LOGIN)], ("fred", "one", "refused")),
        ([("HELO fred one", b"- no\r\n"), ("HELO joe two", b"- no\r\n")], ("joe", "two", "refused")),
        ([("HELO fred one", b"- no\r\n"), ("HELO joe two", ACCEPTED)], ("joe", "two", "accepted")),
        ([("HELO fred one", ACCEPTED), ("HELO joe two", b"- no\r\n")], ("fred", "one", "accepted")),
        ([("HELO fred one", b"Welcome\r\n")], ("fred", "one", "unknown")),
        ([("HELO fred one", b"#? messages\r\n"), ("READ 1", "=9 characters")], ("fred", "one", "accepted")),
        ([("HELO fred one", b"+ Sayonara\r\n")], ("fred", "one", "refused")),
        ([("HELO fred", b"- Missing\r\n"), ("HELO fred two", ACCEPTED)], ("fred", "two", "accepted")),
    ],
)
def test_the_login_is_the_one_that_was_accepted(
    turns: list[Turn], login: tuple[str, str, LoginOutcome], tmp_path: Path
) -> None:
    path = save(tmp_path / "made.pcap", Network().session(*turns, end="server").packets)
    (session,), _ = examine(path)
    assert (session.user, session.password, session.login) == login
