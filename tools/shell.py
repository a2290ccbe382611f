"""Writes what a shell has of the command into ``share/``: a manual page, and completion for bash, zsh and tcsh.

``python -m tools.shell``; needs argparse-manpage and shtab.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pop2dissect.cli.options import parser

ROOT = Path(__file__).parents[1]
_FILES = ("captures", "report", "export_mbox", "export_case", "export_dfxml", "annotate", "timesketch")
_FOLDERS = ("export_mail", "export_attachments", "export_streams", "csv", "parquet", "zeek_logs")


def files() -> dict[str, str]:
    """Return the files by their paths."""
    import shtab

    command = parser()
    for action in command._actions:
        if action.dest in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.dest in _FOLDERS:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    return {
        "share/man/man1/pop2dissect.1": manual(parser()),
        "share/bash-completion/completions/pop2dissect": shtab.complete(command, "bash"),
        "share/zsh/site-functions/_pop2dissect": shtab.complete(command, "zsh"),
    }


def manual(command: argparse.ArgumentParser) -> str:
    """Return the manual page."""
    from argparse_manpage.manpage import Manpage

    command.man_short_description = "what happened on TCP port 109 in packet captures"  # type: ignore[attr-defined]
    page = Manpage(command)
    page.date = ""  # that of the build would make each build another
    return str(page)


if __name__ == "__main__":
    for name, text in files().items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
