"""What is printed where the results go into files."""

from __future__ import annotations

from collections.abc import Sequence

from pop2dissect.cli.outputs.base import Output, Run, write_lines
from pop2dissect.document.totals import Totals
from pop2dissect.export.output import FileOutput
from pop2dissect.session import Session
from pop2dissect.terminal.summary import captures_text, findings_line, totals_text
from pop2dissect.text.safe import terminal_safe


class SummaryOutput(Output):
    """Facts about the captures, totals, how many findings there are, and what was written where."""

    shows_warnings = True

    def __init__(self, run: Run, files: Sequence[FileOutput]) -> None:
        super().__init__(run)
        self._files = files
        self._totals = Totals()

    def add(self, session: Session) -> None:
        """Count the session."""
        self._totals.add(session)

    def finish(self) -> None:
        """Write all of it; the files are complete by now."""
        dissection, look = self.run.dissection, self.run.look
        self._totals.add_findings(self.run.spanning_findings())
        write_lines([*captures_text(dissection.captures, dissection.warnings, look), ""])
        write_lines([*totals_text(self._totals, look.style), findings_line(self._totals)])
        write_lines(terminal_safe(file.written()) for file in self._files)
