"""The options ``--export-...`` and ``--annotate``."""

from __future__ import annotations

from typing import ClassVar

from pop2dissect.cli.outputs.base import FileOutput, Run
from pop2dissect.document.head import head_object, settings_object
from pop2dissect.export.annotate import Annotation
from pop2dissect.export.attachments import ATTACHMENTS
from pop2dissect.export.case import CaseGraph
from pop2dissect.export.dfxml import DFXML_TAIL, dfxml_head, session_files
from pop2dissect.export.exhibit import Kind
from pop2dissect.export.mail import MESSAGES
from pop2dissect.export.manifest import SCHEMA, FolderExport
from pop2dissect.export.mbox import mbox_of
from pop2dissect.export.streams import STREAMS
from pop2dissect.session import Session
from pop2dissect.text.spool import OctetSpool, Spool
from pop2dissect.text.values import count
from pop2dissect.writing import NewFile


class FolderOutput(FileOutput):
    """A folder of exhibits with a manifest."""

    KIND: ClassVar[Kind]

    def __init__(self, run: Run, path: str) -> None:
        super().__init__(run)
        self._export = FolderExport(self.KIND, path, run.look)
        self.held.callback(self._export.close)
        run.digests.start()

    def add(self, session: Session) -> None:
        """Write the session's exhibits."""
        self._export.add(session)

    def finish(self) -> None:
        """Write the manifest."""
        dissection = self.run.dissection
        settings = settings_object(dissection.settings, self.run.selected, self.run.look.show_passwords)
        digests = self.run.digests.results()
        self._export.finish(head_object(SCHEMA, settings, dissection.captures, digests, dissection.warnings))

    def written(self) -> str:
        """Return how many files there are."""
        manifest = self._export.manifest
        files = count(manifest.files, manifest.kind.noun)
        return f"{files} of {count(manifest.octets, 'byte')} in {self._export.folder.path}, with a manifest"


class MailOutput(FolderOutput):
    """Each message."""

    KIND = MESSAGES


class AttachmentsOutput(FolderOutput):
    """Each attachment."""

    KIND = ATTACHMENTS


class StreamsOutput(FolderOutput):
    """What each end sent."""

    KIND = STREAMS


class MboxOutput(FileOutput):
    """All messages in one mailbox file."""

    def __init__(self, run: Run, path: str) -> None:
        super().__init__(run)
        self._path = path
        self._file = self.held.enter_context(NewFile(path))
        self._spool = self.held.enter_context(OctetSpool())
        self._messages = 0

    def add(self, session: Session) -> None:
        """Spool the session's messages."""
        self._spool.put(session.id, mbox_of(session, self.run.look))
        self._messages += len(session.messages)

    def finish(self) -> None:
        """Write them in order."""
        self._file.writelines(self._spool.octets_in_order())
        self._file.commit()

    def written(self) -> str:
        """Return how many messages there are."""
        return f"{count(self._messages, 'message')} in the mailbox {self._path}"


class CaseOutput(FileOutput):
    """The result as a CASE/UCO graph. Its identifiers need the captures' hashes, which are waited for at first."""

    def __init__(self, run: Run, path: str) -> None:
        super().__init__(run)
        self._path = path
        self._file = self.held.enter_context(NewFile(path))
        self._graph = CaseGraph(run.dissection.captures, run.digests.results(), run.look)
        self._spool = self.held.enter_context(Spool())

    def add(self, session: Session) -> None:
        """Spool the session's part."""
        self._spool.add(session.id, self._graph.session(session))

    def finish(self) -> None:
        """Write the document."""
        pieces = self._graph.pieces(self._spool.in_order(), self.run.spanning_findings())
        self._file.writelines(piece.encode() for piece in pieces)
        self._file.commit()

    def written(self) -> str:
        """Return what it is about."""
        return f"{count(len(self._spool), 'session')} as a CASE graph in {self._path}"


class DfxmlOutput(FileOutput):
    """The files that the sessions carried, as DFXML."""

    def __init__(self, run: Run, path: str) -> None:
        super().__init__(run)
        self._path = path
        self._file = self.held.enter_context(NewFile(path))
        self._spool = self.held.enter_context(Spool())
        run.digests.start()

    def add(self, session: Session) -> None:
        """Spool the session's files."""
        self._spool.add(session.id, session_files(session, one_capture=not self.run.look.several_captures))

    def finish(self) -> None:
        """Write the document."""
        for piece in dfxml_head(self.run.dissection.captures, self.run.digests.results()):
            self._file.write(piece.encode())
        self._file.writelines(self._spool.octets_in_order())
        self._file.write(DFXML_TAIL.encode())
        self._file.commit()

    def written(self) -> str:
        """Return what it is about."""
        return f"the files of {count(len(self._spool), 'session')} as DFXML in {self._path}"


class AnnotateOutput(FileOutput):
    """The sessions' frames as a pcapng file, with comments."""

    def __init__(self, run: Run, path: str) -> None:
        super().__init__(run)
        dissection = run.dissection
        self._annotation = Annotation(dissection.captures, dissection.settings, show_passwords=run.look.show_passwords)
        self._path = path
        self._file = self.held.enter_context(NewFile(path))

    def add(self, session: Session) -> None:
        """Take the session."""
        self._annotation.add(session)

    def finish(self) -> None:
        """Read the captures again and write the frames."""
        self._file.writelines(self._annotation.pieces(self.run.spanning_findings()))
        self._file.commit()

    def written(self) -> str:
        """Return how many frames there are."""
        return f"{count(self._annotation.frames, 'frame')} with comments in {self._path}"
