"""``--timesketch``: all that happened as events for Timesketch and Plaso."""

from __future__ import annotations

from pop2dissect.cli.outputs.base import FileOutput, Run
from pop2dissect.export.timesketch import event_line, finding_events, session_events
from pop2dissect.session import Session
from pop2dissect.text.spool import Spool
from pop2dissect.text.values import count
from pop2dissect.writing import NewFile


class TimesketchOutput(FileOutput):
    """One file of JSON, an event a line, session by session in the order of their numbers."""

    def __init__(self, run: Run, path: str) -> None:
        super().__init__(run)
        self._path = path
        self._file = self.held.enter_context(NewFile(self._path))
        self._spool = self.held.enter_context(Spool())
        self._events = 0

    def add(self, session: Session) -> None:
        """Spool the session's events."""
        lines = [event_line(event) for event in session_events(session, self.run.look.show_passwords)]
        self._events += len(lines)
        self._spool.add(session.id, "".join(lines))

    def finish(self) -> None:
        """Write them in order, then the findings that span sessions."""
        for text in self._spool.in_order():
            self._file.write(text.encode("ascii"))
        for event in finding_events(self.run.spanning_findings()):
            self._events += 1
            self._file.write(event_line(event).encode("ascii"))
        self._file.commit()

    def written(self) -> str:
        """Return how many events there are."""
        return f"{count(self._events, 'event')} for Timesketch in {self._path}"
