"""The default output: what is listed of very many things."""

from __future__ import annotations

from pop2dissect.report.style import plain
from pop2dissect.report.terminal import MAX_PROBES, probes_text
from pop2dissect.report.timeline import Look
from pop2dissect.session import Endpoint, Probe

SERVER = Endpoint("192.0.2.109", 109)


def probes(number: int) -> list[Probe]:
    return [Probe(f"10.0.0.{at}", SERVER, 3, 0, 0, 3, at, at, at) for at in range(1, number + 1)]


def test_a_flood_does_not_fill_the_screen() -> None:
    lines = list(probes_text(probes(MAX_PROBES + 7), Look(plain())))
    assert len(lines) == MAX_PROBES + 4
    assert lines[-2] == "and 7 rows more with 21 attempts (--json lists all)"


def test_few_are_all_listed() -> None:
    assert len(list(probes_text(probes(MAX_PROBES), Look(plain(60))))) == MAX_PROBES + 3
