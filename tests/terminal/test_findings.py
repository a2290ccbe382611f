"""Findings on the terminal: the most severe first, none lost, none that fills the screen."""

from __future__ import annotations

import random

from pop2dissect.session import Finding, Severity
from pop2dissect.terminal.findings import FindingsDigest
from pop2dissect.terminal.look import Look
from pop2dissect.terminal.style import plain
from pop2dissect.text.safe import cell_width

LOOK = Look(plain())


def finding(name: str = "auth.failed", severity: Severity = "low", session: int = 1, detail: str = "Seen.") -> Finding:
    return Finding(name, severity, f"Title of {name}", detail, session * 10**9, (session,), sessions=(session,))


def lines(*findings: Finding, look: Look = LOOK) -> list[str]:
    digest = FindingsDigest()
    digest.add(findings)
    return list(digest.lines(look))


def test_nothing_found_is_nothing_said() -> None:
    assert lines() == []


def test_one() -> None:
    assert lines(finding(session=7)) == [
        "Findings",
        "     low  Title of auth.failed (auth.failed)",
        "          Seen.",
        "          [session 7; 1970-01-01 00:00:07.000 UTC; frame 7]",
        "",
    ]


def test_the_most_severe_come_first_in_whatever_order_they_were_found() -> None:
    severities: list[Severity] = ["critical", "high", "medium", "low", "info"]
    found = [finding(f"x.{severity}", severity) for severity in severities]
    random.Random(1).shuffle(found)
    written = [line.split()[0] for line in lines(*found) if line.endswith(")")]
    assert written == severities


def test_what_repeats_itself_is_counted_with_its_sessions() -> None:
    output = lines(*(finding(session=number) for number in (1, 2, 5, 6, 7, 9)))
    assert output[1] == "     low  Title of auth.failed (auth.failed), 6 times"
    assert output[-2] == "          and 4 times more, in sessions 5-7, 9"


def test_of_very_many_sessions_the_first_are_listed_and_all_are_counted() -> None:
    found = [finding(session=number) for number in range(1, 6001, 2)]
    for look in (LOOK, Look(plain(80))):
        rest = " ".join(lines(*found, look=look)[-4:]).split("          ")
        assert "".join(rest).endswith(
            "and 2,998 times more, in 2,998 sessions: 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27 ... "
            "(--all lists all) "
        )


def test_sessions_and_frames_are_cited_in_their_order() -> None:
    found = Finding("auth.failed", "low", "Title", "Seen.", 10**9, (9, 3, 4, 1), sessions=(7, 2, 3))
    assert "[sessions 2-3, 7; 1970-01-01 00:00:01.000 UTC; frames 1, 3-4, 9]" in lines(found)[3]


def test_the_id_of_a_finding_is_never_cut_off() -> None:
    long = Finding("exploit.x", "low", "A title that takes more than one line", "Seen.", 0, (1,), sessions=(1,))
    assert lines(long, long, look=Look(plain(45)))[1:3] == [
        "     low  A title that takes more than one",
        "          line (exploit.x), 2 times",
    ]


def test_the_earliest_are_written_out_whichever_connection_ended_first() -> None:
    output = lines(*(finding(session=number) for number in (9, 4, 1, 7, 2)))
    assert [line.split(";")[0].strip() for line in output if "[session" in line] == ["[session 1", "[session 2"]
    assert "and 3 times more, in sessions 4, 7, 9" in output[-2]


def test_what_is_grave_is_written_out() -> None:
    output = lines(*(finding(severity="high", session=number) for number in range(1, 11)))
    assert sum("Seen." in line for line in output) == 10


def test_hostile_text_is_harmless_and_fits_the_terminal() -> None:
    evil = "\x1b[2J \u202e 漢字漢字漢字 " * 40
    for line in lines(finding(detail=evil), look=Look(plain(60))):
        assert line.isprintable()
        assert cell_width(line) <= 60
