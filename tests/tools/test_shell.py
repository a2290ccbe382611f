"""The manual page and the completion in share/ are those of the parser."""

from __future__ import annotations

import subprocess

from pop2dissect.cli.options import parser
from tools.shell import ROOT, files


def test_what_is_shipped_is_current_and_bash_completes_with_it() -> None:
    assert {name: (ROOT / name).read_text("utf-8") for name in files()} == files(), "run: python -m tools.shell"
    (bash,) = (ROOT / name for name in files() if "bash" in name)
    ask = (
        f'. "{bash}"; COMP_WORDS=(pop2dissect --export-m); COMP_CWORD=1; '
        '$(complete -p pop2dissect | sed "s/.*-F \\([^ ]*\\).*/\\1/"); echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True, timeout=60)
    assert set(done.stdout.split()) == {"--export-mail", "--export-mbox"}


def test_the_manual_page_has_each_option() -> None:
    (page,) = (text.replace("\\", "") for name, text in files().items() if name.endswith(".1"))
    assert all(name in page for action in parser()._actions if action.dest != "help" for name in action.option_strings)
