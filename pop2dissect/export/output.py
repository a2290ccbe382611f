"""What all outputs have in common, and what those that write files have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar, Self

from pop2dissect.document.digests import Digests
from pop2dissect.document.head import head_object, settings_object
from pop2dissect.document.json_text import Object
from pop2dissect.export.manifest import SCHEMA
from pop2dissect.export.recorded import RecordedFile
from pop2dissect.incidents import Incident
from pop2dissect.ledger import Mailbox
from pop2dissect.masking import Redaction
from pop2dissect.pipeline import Dissection
from pop2dissect.session import Finding, Session
from pop2dissect.text.rendering import Rendering


@dataclass(frozen=True, slots=True)
class Run:
    """One pass over captures, of which outputs are made."""

    dissection: Dissection
    look: Rendering
    digests: Digests
    """SHA-256 of the captures, for outputs that state them."""
    redaction: Redaction

    def spanning_findings(self) -> list[Finding]:
        """Return the findings that span sessions, as far as they are about sessions that were asked for."""
        return self.redaction.findings(self.dissection.findings)

    def incidents(self) -> list[Incident]:
        """Return the incidents that are about sessions which were asked for."""
        return self.redaction.incidents(self.dissection.incidents)

    def mailboxes(self) -> list[Mailbox]:
        """Return the mailboxes that sessions which were asked for have opened."""
        return self.redaction.mailboxes(self.dissection.mailboxes)

    def head(self) -> Object:
        """Return the head of a manifest, once all sessions have come: with it the same can be made again."""
        dissection = self.dissection
        settings = settings_object(dissection.settings, self.look.show_passwords)
        return head_object(SCHEMA, settings, dissection.captures, self.digests.results(), dissection.warnings)


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


class Export(FileOutput):
    """Files with a manifest, which says what they are and how the same can be made again of the same captures."""

    kind: ClassVar[str]
    """What the manifest calls it."""

    def __init__(self, run: Run, path: str) -> None:
        super().__init__(run)
        self.path = path
        run.digests.start()


class SingleFile(Export):
    """One file, with its manifest beside it."""

    def __init__(self, run: Run, path: str) -> None:
        super().__init__(run, path)
        self._file = self.held.enter_context(RecordedFile(self.kind, path))

    @abstractmethod
    def pieces(self) -> Iterable[bytes]:
        """Yield the contents, once all sessions have come."""

    def finish(self) -> None:
        """Write the file, then the manifest."""
        self._file.finish(self.pieces(), self.run.head)


def encoded(pieces: Iterable[str]) -> Iterator[bytes]:
    """Encode text piece by piece."""
    return (piece.encode() for piece in pieces)
