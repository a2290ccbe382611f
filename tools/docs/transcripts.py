"""Runs the examples of the documentation: ``python -m tools.docs.transcripts`` writes into its pages what they print.

In a ``console`` block each command follows ``$``, and what it prints follows the command. A ``python`` block has that
in the ``text`` block behind it; its last expression is shown, as in a notebook. The examples of a page run one
after the other, in a folder of their own that has the samples. ``...`` stands for whatever is printed there.
"""

from __future__ import annotations

import ast
import doctest
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_EXAMPLE = re.compile(
    r"^```(?:console\n(?P<console>.*?)^```\n|python\n(?P<python>.*?)^```\n(?:\n```text\n(?P<printed>.*?)^```\n)?)",
    re.MULTILINE | re.DOTALL,
)
_COMMAND = re.compile(r"^\$ (?P<line>.*)\n(?P<printed>(?:(?!\$ ).*\n)*)", re.MULTILINE)


def pages() -> list[Path]:
    """Return the pages that have commands with what they print, the README among them."""
    every = (ROOT / "README.md", *DOCS.rglob("*.md"))
    return sorted(page for page in every if "```console\n" in page.read_text(encoding="utf-8"))


def as_it_runs(text: str) -> str:
    """Run the examples of a page; return the page with what they print, unchanged where it says that already."""
    names: dict[str, Any] = {}

    def run(found: re.Match[str]) -> str:
        if found["console"] is not None:
            return f"```console\n{_COMMAND.sub(_run_command, found['console'])}```\n"
        printed = _kept(found["printed"] or "", _run_python(found["python"], names))
        return f"```python\n{found['python']}```\n" + (f"\n```text\n{printed}```\n" if printed else "")

    with _folder():
        return _EXAMPLE.sub(run, text)


def _run_command(found: re.Match[str]) -> str:
    run = subprocess.run(
        found["line"], shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False
    )
    return f"$ {found['line']}\n{_kept(found['printed'], run.stdout.decode())}"


def _run_python(source: str, names: dict[str, Any]) -> str:
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(tree, "<example>", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<example>", "eval"), names)
            if value is not None:
                print(value)
    return printed.getvalue()


def _kept(before: str, now: str) -> str:
    now = "\n".join(map(str.rstrip, now.splitlines())) + "\n" if now.strip() else ""
    return before if doctest.OutputChecker().check_output(before, now, doctest.ELLIPSIS) else now


@contextmanager
def _folder() -> Iterator[None]:
    """Work in a new folder with the samples, where ``pop2dissect`` is a command."""
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as programs, chdir(scratch):
        Path("samples").symlink_to(ROOT / "samples")
        program = Path(programs, "pop2dissect")
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pop2dissect "$@"\n')
        program.chmod(0o755)
        before = dict(os.environ)
        os.environ["PATH"] = os.pathsep.join([programs, before.get("PATH", os.defpath)])
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), before.get("PYTHONPATH")]))
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


if __name__ == "__main__":
    for page in pages():
        said = page.read_text(encoding="utf-8")
        page.write_text(as_it_runs(said), encoding="utf-8")
