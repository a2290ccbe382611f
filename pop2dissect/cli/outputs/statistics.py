"""``--stats``: the sessions added up."""

from __future__ import annotations

from pop2dissect.cli.outputs.base import Output, Run, write_lines
from pop2dissect.session import Session
from pop2dissect.statistics.sums import Statistics
from pop2dissect.terminal.statistics import statistics_text
from pop2dissect.terminal.summary import captures_text


class StatisticsOutput(Output):
    """Facts about the captures, and statistics."""

    shows_warnings = True

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._statistics = Statistics()

    def add(self, session: Session) -> None:
        """Add the session."""
        self._statistics.add(session)

    def finish(self) -> None:
        """Write all of it."""
        dissection, look = self.run.dissection, self.run.look
        write_lines([*captures_text(dissection.captures, dissection.warnings, look), ""])
        write_lines(statistics_text(self._statistics, look))
