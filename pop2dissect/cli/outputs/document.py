"""``--json`` and ``--jsonl``."""

from __future__ import annotations

import sys

from pop2dissect.cli.outputs.base import Output, Run
from pop2dissect.document.document import Document
from pop2dissect.document.json_text import to_line
from pop2dissect.document.sessions import session_object, session_text
from pop2dissect.document.totals import Totals
from pop2dissect.session import Session
from pop2dissect.text.spool import Spool


class JsonOutput(Output):
    """One JSON document."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._rendering = run.look
        self._totals = Totals()
        self._spool = self.held.enter_context(Spool())
        run.digests.start()

    def add(self, session: Session) -> None:
        """Write the session's part and spool it."""
        self._totals.add(session)
        self._spool.add(session.id, session_text(session, self._rendering))

    def finish(self) -> None:
        """Write the document."""
        dissection = self.run.dissection
        spanning = self.run.spanning_findings()
        self._totals.add_findings(spanning)
        document = Document(
            settings=dissection.settings,
            rendering=self._rendering,
            captures=dissection.captures,
            sha256=self.run.digests.results(),
            warnings=dissection.warnings,
            probes=dissection.probes,
            findings=spanning,
            incidents=self.run.incidents(),
            mailboxes=self.run.mailboxes(),
            totals=self._totals,
        )
        sys.stdout.writelines(document.pieces(self._spool.in_order()))


class JsonLinesOutput(Output):
    """A session a line, as soon as it ends."""

    needs_end = False

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._rendering = run.look

    def add(self, session: Session) -> None:
        """Write the session."""
        sys.stdout.write(to_line(session_object(session, self._rendering)) + "\n")
        sys.stdout.flush()

    def finish(self) -> None:
        """Nothing is left to be done."""
