"""What all outputs have in common."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar, NamedTuple, Self

from pop2dissect.document.digests import Digests
from pop2dissect.incidents import Incident, about_incidents
from pop2dissect.ledger import Mailbox, about_mailboxes
from pop2dissect.masking import Redaction
from pop2dissect.pipeline import Dissection
from pop2dissect.session import Finding, Session, about_sessions
from pop2dissect.terminal.look import Look


class Head(NamedTuple):
    """What the user wants to stand at the head of a report."""

    case: str | None
    examiner: str | None
    exhibit: str | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the command."""

    dissection: Dissection
    look: Look
    selected: Sequence[int] | None
    """The numbers of the sessions that were asked for; None for all."""
    command: Sequence[str]
    """The command line as it was given, without the command's name."""
    digests: Digests
    """SHA-256 of the captures, for outputs that state them."""
    head: Head
    redaction: Redaction

    def spanning_findings(self) -> list[Finding]:
        """Return the findings that span sessions, as far as they are about sessions that were asked for."""
        return self.redaction.findings(about_sessions(self.dissection.findings, self.selected))

    def incidents(self) -> list[Incident]:
        """Return the incidents that are about sessions which were asked for."""
        about = about_incidents(self.dissection.incidents, self.dissection.findings, self.selected)
        return self.redaction.incidents(about)

    def mailboxes(self) -> list[Mailbox]:
        """Return the mailboxes that sessions which were asked for have opened."""
        return self.redaction.mailboxes(about_mailboxes(self.dissection.mailboxes, self.selected))


class Output(ABC):
    """Something that is made of the sessions. A context manager: at the end it lets go of what it holds."""

    needs_end: ClassVar[bool] = True
    """The captures are to be read to their end even when all sessions that were asked for have come."""
    shows_warnings: ClassVar[bool] = False
    """The captures' warnings are part of it."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.held = ExitStack()
        """Closed at the end, whatever happens."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.held.__exit__(kind, error, trace)

    @abstractmethod
    def add(self, session: Session) -> None:
        """Take a session, in the order in which their connections end. Its bytes are at hand until :meth:`finish`."""

    @abstractmethod
    def finish(self) -> None:
        """Complete the output, once all sessions have come."""


class FileOutput(Output):
    """An output that writes files. Existing files are never overwritten."""

    @abstractmethod
    def written(self) -> str:
        """Return in a line what was written where, once it is complete."""


def write_lines(lines: Iterable[str]) -> None:
    """Write lines to standard output."""
    sys.stdout.writelines(line + "\n" for line in lines)
