"""The exports that are folders of exhibits."""

from __future__ import annotations

from itertools import chain
from typing import ClassVar

from pop2dissect.export.attachments import ATTACHMENTS
from pop2dissect.export.exhibit import Kind
from pop2dissect.export.folder import Folder
from pop2dissect.export.mail import MESSAGES
from pop2dissect.export.manifest import MANIFEST, FolderExport
from pop2dissect.export.output import Export, Run
from pop2dissect.export.recorded import manifest_of
from pop2dissect.export.streams import STREAMS
from pop2dissect.export.zeek import heads, lines_of
from pop2dissect.masking import shown
from pop2dissect.session import Session
from pop2dissect.text.spool import Spool
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


class ZeekOutput(Export):
    """Logs of sessions and messages in the two forms that Zeek writes."""

    kind = "zeek"

    def __init__(self, run: Run, path: str) -> None:
        super().__init__(run, path)
        self._folder = Folder(path)
        self._spools = {name: self.held.enter_context(Spool()) for name in heads()}

    def add(self, session: Session) -> None:
        """Spool the session's lines."""
        for name, text in lines_of(shown(session, self.run.look.show_passwords)).items():
            self._spools[name].add(session.id, text)

    def finish(self) -> None:
        """Write the logs, then the manifest."""
        files = []
        for name, begin in heads().items():
            texts = chain((begin,), self._spools[name].in_order())
            files.append((name, *self._folder.write(name, (text.encode() for text in texts))))
        self._folder.settle()
        self._folder.write(MANIFEST, [manifest_of(self.run.head(), self.kind, files)])
        self._folder.settle()

    def written(self) -> str:
        """Return of how many sessions they are."""
        return f"{count(len(self._spools), 'log')} as Zeek writes them in {self.path}"
