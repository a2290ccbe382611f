"""The tables of the default output."""

from __future__ import annotations

from pop2dissect.document.totals import Totals
from pop2dissect.session import Endpoint, Probe
from pop2dissect.terminal.look import Look
from pop2dissect.terminal.style import Style
from pop2dissect.terminal.summary import PROBES_SHOWN, findings_line, probes_text


def probe(number: int, attempts: int) -> Probe:
    server = Endpoint("198.51.100.1", 109)
    return Probe(f"10.0.{number // 256}.{number % 256}", server, attempts, 0, 0, attempts, number, number, number)


def clients(probes: list[Probe]) -> list[str]:
    """Return the first word of each line of the table."""
    return [line.split()[0] for line in probes_text(probes, Look(Style())) if line]


def test_some_probes_are_all_listed() -> None:
    probes = [probe(number, 1) for number in range(1, PROBES_SHOWN + 1)]
    assert clients(probes)[2:] == [one.client_ip for one in probes]
    assert list(probes_text([], Look(Style()))) == []


def test_of_a_flood_those_with_most_attempts_are_listed_in_order_and_the_others_counted() -> None:
    probes = [probe(number, 1) for number in range(1, 3 * PROBES_SHOWN)]
    insistent = [probe(number, 7) for number in (1000, 2000)]
    probes[PROBES_SHOWN:PROBES_SHOWN] = insistent[:1]
    probes.append(insistent[1])
    *rows, rest = [line for line in probes_text(probes, Look(Style())) if line][2:]
    assert [row.split()[0] for row in rows[-2:]] == [one.client_ip for one in insistent]
    assert [row.split()[0] for row in rows[:-2]] == [one.client_ip for one in probes[: PROBES_SHOWN - 2]]
    assert rest == "and 101 more rows with 101 attempts, each with fewer or later (--json and --csv list all)"


def test_findings_are_counted_the_most_severe_first() -> None:
    totals = Totals()
    assert findings_line(totals) == "no findings"
    totals.findings.update(low=1200, critical=1)
    assert findings_line(totals) == "1,201 findings: 1 critical, 1,200 low"
