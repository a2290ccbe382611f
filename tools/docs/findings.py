"""Print the catalogue as Markdown: ``python -m tools.docs.findings > docs/findings.md``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from pop2dissect.findings import thresholds
from pop2dissect.findings.catalogue import CATALOGUE, Declaration
from pop2dissect.findings.evidence import MAX_FRAMES, MAX_SESSIONS
from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.session import Severity

_INTRODUCTION = """\
<!-- Made by: python -m tools.docs.findings > docs/findings.md -->

# Findings

A finding is something that an examiner should look at, with the frames that prove it. It is no verdict:
each says in its sentence what was seen, and names harmless causes that look the same. No finding repeats
a password.

Severities, from the least: {severities}.
Findings of one session are with the session; those that span sessions, or whose weight depends on other
sessions, come at the end and name their sessions.
A finding names the first {frames} of its frames and {sessions} of its sessions; where there are more, its
sentence says so.
`samples/findings/` has two captures for each: one that raises it, and a near miss that does not.

| id | severity | title | techniques |
|--|--|--|--|
"""


def markdown() -> str:
    """Return docs/findings.md."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _INTRODUCTION.format(severities=", ".join(Severity), frames=MAX_FRAMES, sessions=MAX_SESSIONS).rstrip("\n")
    for declaration in CATALOGUE:
        yield f"| [`{declaration.id}`](#{_anchor(declaration)}) | {_severity(declaration)} | {declaration.title} | " + (
            ", ".join(map(_technique, declaration.techniques)) + " |"
        )
    for declaration in CATALOGUE:
        yield from ("", f"## {declaration.id}", "")
        yield f"**{declaration.title}** ({_severity(declaration)}). {declaration.raised_when(Thresholds())}"
        yield from ("", f"Harmless causes: {declaration.innocent}.")
    yield from ("", "## Thresholds", "")
    yield "The numbers can be set (`pop2dissect.Thresholds`), and belong to the settings of a result."
    yield from ("", "| name | default | why |", "|--|--|--|")
    defaults, reasons = Thresholds(), _reasons()
    for one in fields(Thresholds):
        yield f"| `{one.name}` | {getattr(defaults, one.name)} | {reasons[one.name]} |"


def _severity(declaration: Declaration) -> str:
    return " or ".join(sorted({declaration.severity, declaration.reduced or declaration.severity}, reverse=True))


def _anchor(declaration: Declaration) -> str:
    """Return the anchor that GitHub makes of the heading."""
    return declaration.id.replace(".", "")


def _technique(name: str) -> str:
    return f"[{name}](https://attack.mitre.org/techniques/{name.replace('.', '/')}/)"


def _reasons() -> dict[str, str]:
    """Read the reasons from where they stand: the strings under each threshold."""
    source = Path(thresholds.__file__).read_text(encoding="utf-8")
    return dict(re.findall(r'^    (\w+): int = [\d_]+\n    """(.+?)"""$', source, re.MULTILINE))


if __name__ == "__main__":
    sys.stdout.write(markdown())
