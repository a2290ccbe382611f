"""Regular expressions are compiled when they are used, and then do what those of the library do."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from pop2dissect.patterns import expression


def test_it_is_compiled_when_it_is_used() -> None:
    wrong = expression(rb"(")
    with pytest.raises(re.error):
        wrong.match(b"")


@pytest.mark.parametrize("text", ["LIST 1 2", ""])
def test_it_does_what_the_pattern_does(text: str) -> None:
    ours, theirs = expression(r"[a-z]+| ", re.IGNORECASE), re.compile(r"[a-z]+| ", re.IGNORECASE)
    for _ in range(2):
        assert [one.span() for one in ours.finditer(text)] == [one.span() for one in theirs.finditer(text)]
        assert ours.sub("-", text, count=1) == theirs.sub("-", text, count=1)
        assert ours.findall(text) == theirs.findall(text)
        assert (ours.match(text) is None) == (theirs.match(text) is None)


def test_a_plain_import_compiles_none_of_ours() -> None:
    program = (
        "import re, sys; compile, ours = re.compile, []\n"
        "def watched(*how):\n"
        "    caller = sys._getframe(1).f_globals['__name__']\n"
        "    ours.extend([caller] if caller.startswith('pop2dissect') else [])\n"
        "    return compile(*how)\n"
        "re.compile = watched; import pop2dissect.cli; print(ours)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
