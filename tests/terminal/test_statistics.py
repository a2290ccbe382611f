"""Statistics as text: what they say, that they are harmless, and that they fit."""

from __future__ import annotations

from pathlib import Path

import pytest

import pop2dissect
from pop2dissect.statistics.sums import Statistics
from pop2dissect.terminal.look import Look
from pop2dissect.terminal.statistics import MAX_GROUPS, statistics_text
from pop2dissect.terminal.style import Style, coloured, plain
from pop2dissect.text.safe import cell_width
from tests.support.conversation import Conversation
from tests.support.truth import capture_path
from tests.support.wire import save


def lines_of(statistics: Statistics, style: Style | None = None) -> list[str]:
    return list(statistics_text(statistics, Look(style or plain())))


@pytest.fixture(scope="module")
def many() -> Statistics:
    return pop2dissect.read(capture_path("many_sessions")).statistics()


def test_the_figures_are_those_of_the_capture(many: Statistics) -> None:
    """As the truth has them, and as pandas adds them up from the tables in other tests."""
    lines = lines_of(many)
    assert lines[0] == "Sessions    391 (391 POP2)"
    assert "Logins      375 accepted (95.9 %), 16 refused; 0 sessions without" in lines
    assert "Messages    1,260 read: 882 kept, 359 deleted, 19 refused; 349 deletions committed" in lines
    assert lines[2].endswith(f" at most {many.most_at_once()}")
    helo = next(line.split() for line in lines if line.startswith("HELO "))
    assert helo[1:3] == ["391", "16"]
    server = next(line.split() for line in lines if line.startswith("198.51.100.11:109 "))
    assert server[1:4] == ["158", "151", "7"]


def test_long_lists_are_cut_and_say_so(many: Statistics) -> None:
    lines = lines_of(many)
    clients = lines.index("", lines.index("") + 1)
    assert clients
    assert f"and {len(many.users) - MAX_GROUPS} more" in lines
    assert f"and {len(many.clients) - MAX_GROUPS} more" in lines


@pytest.mark.parametrize("width", [40, 80, 160])
def test_lines_fit_the_terminal(many: Statistics, width: int) -> None:
    for style in (plain(width), coloured(width)):
        for line in lines_of(many, style):
            for code in (style.heading, style.dim, style.off):
                line = line.replace(code, "") if code else line
            assert cell_width(line) <= width, line


def test_the_curve_shows_when_most_sessions_were_open() -> None:
    statistics = Statistics()
    second = 10**9
    statistics.total.sessions = 3
    statistics.intervals += [(0, 49 * second), (10 * second, 19 * second), (10 * second, 19 * second)]
    curve = lines_of(statistics)[2].removeprefix("At once     ")
    assert curve == "▃" * 10 + "█" * 10 + "▃" * 30 + " at most 3"


def test_captured_names_are_harmless(tmp_path: Path) -> None:
    talk = (
        Conversation()
        .handshake()
        .server(b"+ POP2 host ready\r\n")
        .client(b"HELO \x1b[2J\xe2\x80\xaeuser secret\r\n")
        .server(b"#0\r\n")
        .client(b"\x1b]0;x\x07 now\r\n")
        .server(b"- no\r\n")
        .close()
    )
    path = tmp_path / "hostile.pcap"
    save(path, talk.packets)
    text = "\n".join(lines_of(pop2dissect.read(path).statistics()))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "secret" not in text
    assert r"\x1b[2J\u202euser" in text


def test_nothing_at_all() -> None:
    assert lines_of(Statistics()) == ["Sessions    0"]
