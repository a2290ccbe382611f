"""How notebooks come to show what there is: IPython is told, and nothing is imported where there is none."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

import pop2dissect
from pop2dissect.notebook.html import capture_html, message_html, session_html, statistics_html
from tests.support.truth import capture_path


@pytest.fixture
def shell() -> Any:
    return pytest.importorskip("IPython.core.interactiveshell").InteractiveShell()


def test_a_loaded_extension_shows_html_beside_the_plain_text(shell: Any) -> None:
    pop2dissect.load_ipython_extension(shell)
    capture = pop2dissect.read(capture_path("rfc937_normal"))
    session = capture.sessions[0]
    for shown, html in (
        (capture, capture_html(capture)),
        (session, session_html(session)),
        (session.messages[0], message_html(session.messages[0])),
        (capture.statistics(), statistics_html(capture.statistics())),
    ):
        data, _ = shell.display_formatter.format(shown)
        assert data["text/html"] == html
        assert data["text/plain"] == repr(shown)


@pytest.mark.usefixtures("shell")
def test_a_running_shell_is_told_on_import() -> None:
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "import pop2dissect\n"
        "print('text/html' in shell.display_formatter.format(pop2dissect.Capture([], [], []))[0])\n"
    )
    assert _run(code) == "True\n"


@pytest.mark.parametrize(
    "module", ["None", "object()", "type('IPython', (), {'get_ipython': staticmethod(lambda: None)})"]
)
def test_without_a_shell_nothing_is_imported_for_it(module: str) -> None:
    code = f"import sys\nsys.modules['IPython'] = {module}\nimport pop2dissect\n"
    code += "print('pop2dissect.notebook' in sys.modules)"
    assert _run(code) == "False\n"


def _run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
