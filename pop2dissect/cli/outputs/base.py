"""What all outputs of the command have in common."""

from __future__ import annotations

import sys
from abc import ABC
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from pop2dissect.choices import ReportScope
from pop2dissect.export import output
from pop2dissect.terminal.look import Look


class Head(NamedTuple):
    """What the user wants to stand at the head of a report."""

    case: str | None
    examiner: str | None
    exhibit: str | None
    notes: tuple[str, ...]
    scope: ReportScope
    """Which of its sessions are printed."""


@dataclass(frozen=True, slots=True)
class Run(output.Run):
    """One run of the command."""

    look: Look
    command: Sequence[str]
    """The command line as it was given, without the command's name."""
    case: Head


class Output(output.Output, ABC):
    """Something that is made of the sessions for standard output."""

    run: Run

    def __init__(self, run: Run) -> None:
        super().__init__(run)


@runtime_checkable
class Live(Protocol):
    """An output that can show sessions as they end, while a live capture goes on."""

    def watch(self) -> None:
        """Do so from now on."""


def write_lines(lines: Iterable[str]) -> None:
    """Write lines to standard output."""
    sys.stdout.writelines(line + "\n" for line in lines)
