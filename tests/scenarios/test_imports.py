"""What is imported when: the tool must start fast, and work without what only tables and pictures need."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.support.truth import capture_path

HEAVY = ("pandas", "matplotlib", "numpy", "pyarrow")


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "what",
    [
        "import pop2dissect",
        "import pop2dissect.cli",
        "import pop2dissect.tables.tables, pop2dissect.tables.analysis, pop2dissect.notebook.ipython",
        "import pop2dissect.terminal.statistics",
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(what: str) -> None:
    assert run(f"{what}\nimport sys\nprint([name for name in {HEAVY} if name in sys.modules])") == "[]\n"


def test_csv_statistics_and_html_need_nothing_heavy() -> None:
    code = f"""
import sys
for name in {HEAVY}:
    sys.modules[name] = None
import tempfile, pop2dissect
capture = pop2dissect.read({str(capture_path("rfc937_normal"))!r})
with tempfile.TemporaryDirectory() as folder:
    capture.tables.write_csv(folder)
from pop2dissect.notebook.html import capture_html, session_html
print(capture.statistics() and capture_html(capture) and session_html(capture.sessions[0]) and "fine")
"""
    assert run(code) == "fine\n"


@pytest.mark.parametrize(
    ("what", "extra"),
    [
        ("capture.tables.sessions", "analysis"),
        ("capture.timeline(1)", "analysis"),
        ("capture.tables.users", "analysis"),
        ("capture.tables.write_parquet('x')", "parquet"),
        ("__import__('pop2dissect.plots')", "analysis"),
    ],
)
def test_what_is_missing_is_named_with_how_to_get_it(what: str, extra: str) -> None:
    code = f"""
import sys
for name in {HEAVY}:
    sys.modules[name] = None
import pop2dissect
capture = pop2dissect.read({str(capture_path("rfc937_normal"))!r})
try:
    {what}
except pop2dissect.MissingLibraryError as error:
    print(error)
"""
    library = {"analysis": "pandas", "parquet": "pyarrow"}[extra]
    assert re.search(rf"pip install .*'{library}>=[\d.]+'", run(code))  # no index needs to have the package
