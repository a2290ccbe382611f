"""The exports that are one file each."""

from __future__ import annotations

from collections.abc import Iterator

from pop2dissect.export.annotate import Annotation
from pop2dissect.export.case import CaseGraph
from pop2dissect.export.dfxml import DFXML_TAIL, dfxml_head, session_files
from pop2dissect.export.mbox import mbox_of
from pop2dissect.export.output import Run, SingleFile, encoded
from pop2dissect.export.timesketch import event_line, finding_events, session_events
from pop2dissect.session import Session
from pop2dissect.text.spool import OctetSpool, Spool
from pop2dissect.text.values import count


class MboxOutput(SingleFile):
    """All messages in one mailbox file."""

    kind = "mbox"

    def __init__(self, run: Run, path: str) -> None:
        super().__init__(run, path)
        self._spool = self.held.enter_context(OctetSpool())
        self._messages = 0

    def add(self, session: Session) -> None:
        """Spool the session's messages."""
        self._spool.put(session.id, mbox_of(session, self.run.look))
        self._messages += len(session.messages)

    def pieces(self) -> Iterator[bytes]:
        """Yield them in order."""
        return self._spool.octets_in_order()

    def written(self) -> str:
        """Return how many messages there are."""
        return f"{count(self._messages, 'message')} in the mailbox {self.path}"


class CaseOutput(SingleFile):
    """The result as a CASE/UCO graph. Its identifiers need the captures' hashes, which are waited for at first."""

    kind = "case"

    def __init__(self, run: Run, path: str) -> None:
        super().__init__(run, path)
        self._graph = CaseGraph(run.dissection.captures, run.digests.needed_now(), run.look)
        self._spool = self.held.enter_context(Spool())

    def add(self, session: Session) -> None:
        """Spool the session's part."""
        self._spool.add(session.id, self._graph.session(session))

    def pieces(self) -> Iterator[bytes]:
        """Yield the document."""
        return encoded(self._graph.pieces(self._spool.in_order(), self.run.spanning_findings()))

    def written(self) -> str:
        """Return what it is about."""
        return f"{count(len(self._spool), 'session')} as a CASE graph in {self.path}"


class DfxmlOutput(SingleFile):
    """The files that the sessions carried, as DFXML. Where they lie is stated of one capture that is a file."""

    kind = "dfxml"

    def __init__(self, run: Run, path: str) -> None:
        super().__init__(run, path)
        self._places = not run.look.several_captures and run.digests.of_files()
        self._spool = self.held.enter_context(Spool())

    def add(self, session: Session) -> None:
        """Spool the session's files."""
        self._spool.add(session.id, session_files(session, one_capture=self._places))

    def pieces(self) -> Iterator[bytes]:
        """Yield the document."""
        yield from encoded(dfxml_head(self.run.dissection.captures, self.run.digests.results()))
        yield from self._spool.octets_in_order()
        yield DFXML_TAIL.encode()

    def written(self) -> str:
        """Return what it is about."""
        return f"the files of {count(len(self._spool), 'session')} as DFXML in {self.path}"


class AnnotateOutput(SingleFile):
    """The sessions' frames as a pcapng file, with comments."""

    kind = "annotated"

    def __init__(self, run: Run, path: str) -> None:
        dissection = run.dissection
        self._annotation = Annotation(dissection.captures, dissection.settings, show_passwords=run.look.show_passwords)
        super().__init__(run, path)

    def add(self, session: Session) -> None:
        """Take the session."""
        self._annotation.add(session)

    def pieces(self) -> Iterator[bytes]:
        """Read the captures again and yield the frames."""
        return self._annotation.pieces(self.run.spanning_findings())

    def written(self) -> str:
        """Return how many frames there are."""
        return f"{count(self._annotation.frames, 'frame')} with comments in {self.path}"


class TimesketchOutput(SingleFile):
    """All that happened as JSON, an event a line, session by session, then the findings that span sessions."""

    kind = "timesketch"

    def __init__(self, run: Run, path: str) -> None:
        super().__init__(run, path)
        self._spool = self.held.enter_context(Spool())
        self._events = 0

    def add(self, session: Session) -> None:
        """Spool the session's events."""
        lines = [event_line(event) for event in session_events(session, self.run.look.show_passwords)]
        self._events += len(lines)
        self._spool.add(session.id, "".join(lines))

    def pieces(self) -> Iterator[bytes]:
        """Yield them in order."""
        yield from encoded(self._spool.in_order())
        for event in finding_events(self.run.spanning_findings()):
            self._events += 1
            yield event_line(event).encode()

    def written(self) -> str:
        """Return how many events there are."""
        return f"{count(self._events, 'event')} for Timesketch in {self.path}"
