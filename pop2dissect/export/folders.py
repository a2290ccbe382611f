"""The exports that are folders of exhibits."""

from __future__ import annotations

from typing import ClassVar

from pop2dissect.export.attachments import ATTACHMENTS
from pop2dissect.export.exhibit import Kind
from pop2dissect.export.mail import MESSAGES
from pop2dissect.export.manifest import FolderExport
from pop2dissect.export.output import Export, Run
from pop2dissect.export.streams import STREAMS
from pop2dissect.session import Session
from pop2dissect.text.values import count


class FolderOutput(Export):
    """A folder of exhibits with a manifest."""

    exhibits: ClassVar[Kind]

    def __init__(self, run: Run, path: str) -> None:
        super().__init__(run, path)
        self._export = FolderExport(self.exhibits, path, run.look)
        self.held.callback(self._export.close)

    def add(self, session: Session) -> None:
        """Write the session's exhibits."""
        self._export.add(session)

    def finish(self) -> None:
        """Write the manifest."""
        self._export.finish(self.run.head())

    def written(self) -> str:
        """Return how many files there are."""
        manifest = self._export.manifest
        files = count(manifest.files, manifest.kind.noun)
        return f"{files} of {count(manifest.octets, 'byte')} in {self.path}, with a manifest"


class MailOutput(FolderOutput):
    """Each message."""

    exhibits = MESSAGES
    kind = MESSAGES.name


class AttachmentsOutput(FolderOutput):
    """Each attachment."""

    exhibits = ATTACHMENTS
    kind = ATTACHMENTS.name


class StreamsOutput(FolderOutput):
    """What each end sent."""

    exhibits = STREAMS
    kind = STREAMS.name
