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


def lines(probes: list[Probe], everything: bool = False) -> list[str]:
    return [line for line in probes_text(probes, Look(Style(), everything=everything)) if line]


def test_some_probes_are_listed_and_all_if_asked_for() -> None:
    for many, everything in ((PROBES_SHOWN, False), (3 * PROBES_SHOWN, True)):
        probes = [probe(number, 1) for number in range(1, many + 1)]
        assert [line.split()[0] for line in lines(probes, everything)[2:]] == [one.client_ip for one in probes]
    assert lines([]) == []


def test_many_probes_are_counted() -> None:
    probes = [probe(number, 2) for number in range(1, 1001)]
    assert lines(probes) == [
        "Connections without payload",
        "2,000 attempts, 0 answered: 1,000 clients to 198.51.100.1:109 (--all lists them)",
    ]


def test_findings_are_counted_the_most_severe_first() -> None:
    totals = Totals()
    assert findings_line(totals) == "no findings"
    totals.findings.update(low=1200, critical=1)
    assert findings_line(totals) == "1,201 findings: 1 critical, 1,200 low"
