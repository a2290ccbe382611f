"""Every output is declared once: options, order and classes come from there."""

from __future__ import annotations

import inspect

import pytest

from pop2dissect.cli.options import parser
from pop2dissect.cli.outputs.declared import FILES, PRINTED, USUAL, WITH_FILES, Declared, load
from pop2dissect.export.output import FileOutput, Output


@pytest.mark.parametrize("one", [*PRINTED, *FILES], ids=lambda one: one.name)
def test_each_has_its_option_and_its_class(one: Declared) -> None:
    made = load(one.home)
    assert issubclass(made, Output)
    assert not inspect.isabstract(made)
    assert issubclass(made, FileOutput) == (one in FILES)
    assert made.__doc__
    options = parser().parse_args([one.options[-1], *(["7"] if one.metavar else []), "x.pcap"])
    asked = [other for other in (*PRINTED, *FILES) if getattr(options, other.name)]
    assert asked == [one]


def test_of_what_is_printed_there_is_one() -> None:
    assert {load(home).__name__ for home in (USUAL, WITH_FILES)} == {"TextOutput", "SummaryOutput"}
    assert len({one.home for one in (*PRINTED, *FILES)}) == len(PRINTED) + len(FILES)
