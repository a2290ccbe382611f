"""A session as lines of text: what is said before its conversation."""

from __future__ import annotations

from pathlib import Path

from pop2dissect.terminal.conversation import session_timeline
from pop2dissect.terminal.look import Look
from pop2dissect.terminal.style import plain
from pop2dissect.terminal.tree import session_tree
from tests.findings.found import examine
from tests.support.network import Network, login, read
from tests.support.wire import save

LOOK = Look(plain())
MAIL = b"From: a@quarry.example\r\n\r\n" + b"Stone.\r\n" * 2000


def test_of_many_gaps_the_first_are_listed_and_the_tree_has_all(tmp_path: Path) -> None:
    path = save(tmp_path / "cut.pcap", Network().session(login(), *read(MAIL)).packets, snap_length=110)
    (session,), _ = examine(path)
    gaps = len(session.server_stream.gaps)
    assert gaps > 7
    lines = list(session_timeline(session, LOOK))
    assert sum("cut by the snap length" in line for line in lines) == 5
    assert f"          ! and {gaps - 5} gaps more of the server (-V lists all)" in lines
    assert sum("    Gap: " in line for line in session_tree(session, LOOK)) == gaps


def test_a_few_gaps_are_all_listed(tmp_path: Path) -> None:
    path = save(tmp_path / "cut.pcap", Network().session(login(), *read(MAIL[:4000])).packets, snap_length=110)
    (session,), _ = examine(path)
    lines = list(session_timeline(session, LOOK))
    assert sum("cut by the snap length" in line for line in lines) == len(session.server_stream.gaps)
    assert not any("-V lists all" in line for line in lines)


def test_on_a_terminal_a_long_user_leaves_room_for_the_other_facts(tmp_path: Path) -> None:
    user = "x" * 300
    (session,), _ = examine(save(tmp_path / "long.pcap", Network().session(login(user)).packets))
    facts = list(session_timeline(session, Look(plain(200))))[1]
    assert user not in facts
    assert "…, login accepted, " in facts
    assert f"{session.packets} packets" in facts
