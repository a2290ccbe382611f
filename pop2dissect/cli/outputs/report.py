"""``--report``: the report as one file, of HTML or Markdown."""

from __future__ import annotations

from pop2dissect.cli.outputs.base import Run
from pop2dissect.export.output import FileOutput
from pop2dissect.html import Case, Choices, Report
from pop2dissect.markdown import form_of
from pop2dissect.session import Session
from pop2dissect.writing import NewFile


class ReportOutput(FileOutput):
    """One page that needs nothing else."""

    def __init__(self, run: Run, path: str) -> None:
        super().__init__(run)
        self._path = path
        self._file = self.held.enter_context(NewFile(path))
        head = run.case
        case = Case(head.case, head.examiner, head.exhibit, head.notes)
        choices = Choices(case, run.look, run.command, head.scope)
        before = run.digests.before()  # waits: these are to be from before the reading
        self._report = Report(run.dissection, choices, before, form_of(path))
        self._size = 0

    def add(self, session: Session) -> None:
        """Take the session."""
        self._report.add(session)

    def finish(self) -> None:
        """Write the page."""
        run = self.run
        self._size = self._report.write(self._file, run.spanning_findings(), run.incidents(), run.mailboxes())
        self._file.commit()

    def written(self) -> str:
        """Return where the report is."""
        return f"a report of {self._size:,} bytes in {self._path}"
