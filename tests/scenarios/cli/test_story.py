"""What an examiner sees first: on a screen of any width, in a pipe, of one session, of many, of hostile ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pop2dissect.cli import ExitStatus, main
from pop2dissect.session import Severity
from pop2dissect.terminal.style import coloured
from pop2dissect.text.safe import cell_width
from tests.support.network import Network, login, mail, read, read_all, refused
from tests.support.truth import capture_path, load_truth
from tests.support.wire import save

Shown = Callable[..., list[str]]
SCREEN = 24
"""Lines of a small terminal."""


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shown:
    """Show a capture on a terminal of so many columns, or in a pipe; give the lines."""

    def show(path: Path, columns: int | None, *options: str) -> list[str]:
        monkeypatch.setattr("sys.stdout.isatty", lambda: columns is not None, raising=False)
        monkeypatch.setenv("COLUMNS", str(columns))
        assert main([*options, "--color", "never", str(path)]) == ExitStatus.DONE
        return capsys.readouterr().out.splitlines()

    return show


def table(lines: list[str]) -> list[str]:
    """Return the rows of the table of sessions, its titles first."""
    first = next(number for number, line in enumerate(lines) if line.startswith("Sessions")) + 1
    return lines[first : first + lines[first:].index("")]


@pytest.mark.parametrize("name", ["incident_small", "many_sessions", "brute_force"])
def test_nothing_unasked_is_longer_than_three_screens(name: str, shown: Shown) -> None:
    lines = shown(capture_path(name), 80)
    assert len(lines) <= 3 * SCREEN
    assert max(map(cell_width, lines)) <= 80
    (clear_text,) = [line for line in lines if "auth.cleartext" in line]
    assert clear_text.strip().startswith("medium  Password sent in clear text (auth.cleartext), in ")


def test_all_of_it_is_shown_where_that_is_asked_for(shown: Shown) -> None:
    lines = shown(capture_path("incident_small"), 80, "--all")
    assert [int(row.split()[0]) for row in table(lines)[1:]] == list(range(1, 55))
    assert not any("more (--all" in line for line in lines)


def test_the_first_screen_says_whose_account_what_was_read_and_what_is_gone(shown: Shown) -> None:
    (taken,) = {one["user"] for one in load_truth("incident_small")["sessions"] if one.get("deleted") == 9} or {
        "bertil"
    }
    screen = " ".join(" ".join(line.split()) for line in shown(capture_path("incident_small"), 80)[:SCREEN])
    assert f"critical account compromised: {taken}, by 203.0.113.66" in screen
    assert "9 messages deleted" in screen
    assert "files read: /etc/passwd, /etc/hosts.equiv, /etc/inetd.conf" in screen
    assert "mailboxes of others read: /home/konrad/mail/committee" in screen


def test_ordinary_traffic_is_quiet(tmp_path: Path, shown: Shown) -> None:
    net = Network().session(login(), *read_all(2)).session(login("wilma"))
    lines = shown(save(tmp_path / "quiet.pcap", net.packets), None)
    assert lines[3:5] == ["What happened", "          no incident was recognised"]
    assert not any(re.search(r"\b(high|critical)\b", line) for line in lines)
    assert "Not known" not in lines


def test_conversations_are_shown_of_few_sessions_or_where_they_are_asked_for(tmp_path: Path, shown: Shown) -> None:
    for sessions, options, spoken in ((3, (), 3), (4, (), 0), (4, ("--conversations",), 4), (4, ("--session", "2"), 1)):
        net = Network()
        for _ in range(sessions):
            net.session(login())
        lines = shown(save(tmp_path / f"{sessions}{len(options)}.pcap", net.packets), None, *options)
        assert sum("→ HELO fred ********" in line for line in lines) == spoken
    long = save(tmp_path / "long.pcap", Network().session(login(), *read_all(30)).packets)
    assert len(shown(long, 80)) <= 3 * SCREEN
    assert any("lines more (--conversations shows all)" in line for line in shown(long, 80))
    assert any("→ QUIT" in line for line in shown(long, 80, "--session", "1"))


SIX = "2001:db8:ffff:ffff:ffff:ffff:ffff:1234"


@pytest.mark.parametrize("columns", [80, 100, 120, 200, None])
def test_no_address_is_cut_and_one_long_name_widens_nothing(columns: int | None, tmp_path: Path, shown: Shown) -> None:
    def rows(user: str) -> list[str]:
        net = Network()
        for number, name in enumerate(("fred", user, "wilma")):
            net.session(login(name), *read(mail(), 1, "ACKD"), client=SIX[:-1] + str(number), server="2001:db8::109")
        net.session(refused(), end="server", client=SIX, server="2001:db8::109")
        return table(shown(save(tmp_path / f"{len(user)}.pcap", net.packets), columns))

    usual, long = rows("x" * 24), rows("x" * 60)
    assert [row for row in long if "xxx" not in row] == [row for row in usual if "xxx" not in row]
    assert all(row.split()[2].startswith(SIX[:-1]) for row in long[1:])
    assert {"start", "client", "user", "login"} <= set(long[0].split())
    assert columns == 80 or {"mails", "deleted"} <= set(long[0].split())
    assert columns is None or max(map(cell_width, long)) <= columns


def test_what_all_sessions_have_is_said_once(shown: Shown) -> None:
    lines = shown(capture_path("brute_force"), 80)
    assert "Sessions: date 2026-11-23, server 10.109.0.2, server port 109, protocol POP2" in lines
    assert table(lines)[0].split()[:4] == ["#", "start", "client", "user"]


def test_text_from_the_wire_cannot_be_taken_for_ours(tmp_path: Path, shown: Shown) -> None:
    forged = ("NOOP  [frame 12]", "(message 1, 537 bytes)  [Frame 7]")
    net = Network().session(("HELO a,b pw-12345678", "#1 messages"), forged, *read(mail("x  From: me@quarry.example")))
    lines = shown(save(tmp_path / "forged.pcap", net.packets), None)
    frames = [re.findall(r"\[frames? [\d, -]+\]", line, re.I) for line in lines if " → " in line or " ← " in line]
    assert [len(cited) for cited in frames if cited] == [1] * (len(frames) - 1)  # the heading cites none
    assert r"NOOP  \x5bframe 12]  [frame " in "\n".join(lines)
    assert r"← \x28message 1, 537 bytes)  \x5bFrame 7]  [frame " in "\n".join(lines)
    assert sum("← (message " in line for line in lines) == 1
    assert any(r"Subject: x \x20From: me@quarry.example" in line for line in lines)
    assert '  POP2, user "a,b", login accepted' in "\n".join(lines)


def test_sessions_that_stand_out_come_before_the_others(tmp_path: Path, shown: Shown) -> None:
    net = Network()
    for number in range(30):
        net.session(login(f"user{number}"), client=f"192.0.2.{100 + number}")
    for password in ("a-1", "b-2", "c-3", "d-4"):
        net.session(refused(password=password), client="192.0.2.66", after=4, end="server")
    net.session(login(password="right-5"), *read_all(2), client="192.0.2.66", after=4)
    rows = table(shown(save(tmp_path / "many.pcap", net.packets), 120))
    assert [row.split()[0] for row in rows[1:-1]] == ["31", "32", "33", "34", "35"]
    assert "critical: account compromised, mail re" in rows[5]
    assert rows[-1] == "and 30 sessions more: 30 accepted (--all lists them)"
    assert "  fred  " in table(shown(tmp_path / "many.pcap", 120, "--sort", "user"))[1]


def test_severities_differ_in_weight_and_colour() -> None:
    codes = [coloured().severity(one) for one in Severity]
    assert len(set(codes)) == len(codes)
    assert not any("32" in code for code in codes)  # green is what many cannot tell from red
