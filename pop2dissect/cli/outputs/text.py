"""The default output, and ``-V``, every field of it."""

from __future__ import annotations

import sys

from pop2dissect.cli.outputs.base import Output, Run, write_lines
from pop2dissect.document.totals import Totals
from pop2dissect.session import Session
from pop2dissect.terminal.conversation import session_timeline
from pop2dissect.terminal.findings import FindingsDigest
from pop2dissect.terminal.mailboxes import mailboxes_text
from pop2dissect.terminal.summary import (
    SESSION_COLUMNS,
    captures_text,
    probes_text,
    session_row,
    sessions_text,
    totals_text,
)
from pop2dissect.terminal.table import Table
from pop2dissect.terminal.tree import session_tree
from pop2dissect.text.spool import Spool


class TextOutput(Output):
    """Facts, a table of sessions, each session, findings and totals.

    Sessions come in another order than they are written, so their texts wait on disk and not in memory.
    """

    shows_warnings = True
    describe = staticmethod(session_timeline)

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._totals = Totals()
        self._findings = FindingsDigest()
        self._spool = self.held.enter_context(Spool())
        self._table = self.held.enter_context(Table(SESSION_COLUMNS, run.look.style))

    def add(self, session: Session) -> None:
        """Write the session's part and spool it."""
        look = self.run.look
        self._totals.add(session)
        self._findings.add(session.findings)
        place = self.run.dissection.selection.place(session)
        self._table.add(place, session_row(session, look))
        self._spool.add(place, "\n".join(self.describe(session, look)) + "\n\n")

    def finish(self) -> None:
        """Write all of it."""
        dissection, look = self.run.dissection, self.run.look
        spanning = self.run.spanning_findings()
        self._totals.add_findings(spanning)
        self._findings.add(spanning)
        write_lines([*captures_text(dissection.captures, dissection.warnings, look), ""])
        write_lines(sessions_text(self._table, look.style))
        sys.stdout.writelines(self._spool.in_order())
        write_lines(probes_text(dissection.probes, look))
        write_lines(mailboxes_text(self.run.mailboxes(), look))
        write_lines(self._findings.lines(look))
        write_lines(totals_text(self._totals, look.style))


class TreeOutput(TextOutput):
    """The same with every field."""

    describe = staticmethod(session_tree)
