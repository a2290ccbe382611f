"""``findings CAPTURE`` and ``--findings``: the findings alone, each in full."""

from __future__ import annotations

from pop2dissect.cli.outputs.base import Output, Run, write_lines
from pop2dissect.session import Session
from pop2dissect.terminal.findings import FindingsDigest
from pop2dissect.terminal.summary import captures_text


class FindingsOutput(Output):
    """Facts about the captures, then all findings, or those that the filters ask for."""

    shows_warnings = True

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._findings = FindingsDigest(all_of_them=run.look.everything)

    def add(self, session: Session) -> None:
        """Take the session's findings."""
        self._findings.add(filter(self.run.dissection.settings.filters.admit, session.findings))

    def finish(self) -> None:
        """Write all of it."""
        dissection, look = self.run.dissection, self.run.look
        self._findings.add(filter(dissection.settings.filters.admit, self.run.spanning_findings()))
        write_lines([*captures_text(dissection.captures, dissection.warnings, look), ""])
        write_lines(list(self._findings.lines(look)) or ["no findings"])
