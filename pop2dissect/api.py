"""What a program or a notebook has of captures: everything that the command line gives, by name."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, Unpack

from pop2dissect.capture.record import CaptureInfo
from pop2dissect.choices import ReportScope
from pop2dissect.errors import CaptureError
from pop2dissect.filters import FILTERS, Filters, FiltersByName
from pop2dissect.incidents import Incident
from pop2dissect.ledger import Mailbox
from pop2dissect.pipeline import Dissection, Paths
from pop2dissect.selection import Selection
from pop2dissect.session import Finding, HalfOpen, Probe, Session
from pop2dissect.settings import Settings, SettingsByName
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.values import UTC as UTC_ZONE
from pop2dissect.text.values import Zone

if TYPE_CHECKING:
    import pandas as pd

    from pop2dissect.document.json_text import Object
    from pop2dissect.document.totals import Totals
    from pop2dissect.statistics.sums import Statistics
    from pop2dissect.tables.rows import CaptureRow
    from pop2dissect.tables.tables import Tables
    from pop2dissect.verify import Verification

_Path: TypeAlias = str | os.PathLike[str]

_LOG = logging.getLogger("pop2dissect")
_LOG.addHandler(logging.NullHandler())  # a library is silent unless its user wants the log


@dataclass(slots=True, repr=False)
class Capture:
    """All that was found in one or several captures. Its length is the number of sessions; iterating gives them.

    >>> import pop2dissect
    >>> capture = pop2dissect.read("samples/rfc937_normal.pcap")
    >>> capture
    <Capture of 1 session: samples/rfc937_normal.pcap>
    >>> [session.user for session in capture.find(login="accepted", since="1985-02-18T00:00:00Z")]
    ['Fred']
    """

    captures: list[CaptureInfo]
    sessions: list[Session]
    """In the order of their first frames."""
    probes: list[Probe]
    """Connections without payload, in the order of their first frames."""
    settings: Settings = field(default_factory=Settings)
    findings: list[Finding] = field(default_factory=list)
    """Those that span sessions, the most severe first; those of a session are with it."""
    incidents: list[Incident] = field(default_factory=list)
    """What happened, each in a sentence with the findings that it groups: the gravest first, and after an account that
    was broken into what was done with it."""
    half_open: list[HalfOpen] = field(default_factory=list)
    """Connections that were started and never completed, one row per server, in the order of their first frames."""
    mailboxes: list[Mailbox] = field(default_factory=list)
    """What all sessions together show of each mailbox, in order of first use."""
    general_warnings: list[str] = field(default_factory=list)
    """What could not be decoded or kept, one sentence per reason; those about one capture are with it."""
    _stamps: list[_Stamp] = field(default_factory=list, repr=False, compare=False)
    _digests: list[str | None] | None = field(default=None, init=False, repr=False, compare=False)
    _by_number: dict[int, Session] = field(default_factory=dict, init=False, repr=False, compare=False)
    _tables: Tables | None = field(default=None, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.sessions)

    def __iter__(self) -> Iterator[Session]:
        return iter(self.sessions)

    def __repr__(self) -> str:
        paths = ", ".join(info.path for info in self.captures)
        return f"<Capture of {len(self.sessions)} session{'' if len(self.sessions) == 1 else 's'}: {paths}>"

    @property
    def warnings(self) -> list[str]:
        """All warnings, as the command line prints them: about each capture, which they name, then the general ones."""
        return _all_warnings(self.captures, self.general_warnings)

    def session(self, number: int) -> Session:
        """Return a session by its number. Raises KeyError where there is none."""
        if len(self._by_number) != len(self.sessions):
            self._by_number = {session.id: session for session in self.sessions}
        return self._by_number[number]

    def sessions_of(self, table: pd.DataFrame) -> list[Session]:
        """Return the sessions that rows of a table are about, each once, in the order of the rows.

        So a selection made with pandas can be drawn, followed or exported: any table will do that has the column
        ``session``. Raises KeyError where there is no such session.
        """
        return [self.session(int(number)) for number in table["session"].dropna().unique()]

    def find(self, **filters: Unpack[FiltersByName]) -> list[Session]:
        """Return the sessions for which all of this is true, in their order, or in that of ``sort``.

        The filters are those of the command line (``pop2dissect --help``). ``client`` and ``server`` are addresses,
        alone or with a port as in ``192.0.2.1:109``, or networks; the sessions start at ``since`` or later, and before
        ``until``. Of one filter several values can be given, of which one must be true. Raises SettingError, a
        ValueError, where a value is none that can be: for a time without a zone, say.
        """
        selection = Selection(Filters.of(filters))
        return list(selection.of(self.sessions, lambda session: session, lambda: self.findings))

    @property
    def tables(self) -> Tables:
        """All of it as pandas data frames, each made when asked for; docs/tables.md says what is in them."""
        from pop2dissect.tables.tables import Tables

        if self._tables is None:
            self._tables = Tables(
                self.sessions,
                self.probes,
                self.findings,
                self.mailboxes,
                captures=self._capture_rows,
            )
        return self._tables

    def _capture_rows(self) -> list[CaptureRow]:
        from pop2dissect.tables.rows import captures_of

        return captures_of(self.captures, self.sha256())

    def timeline(self, session: Session | int, show_passwords: bool = False) -> pd.DataFrame:
        """Return what happened in a session, named by its number or itself, as a pandas data frame.

        docs/tables.md says what its columns are. Raises KeyError where there is no such session.
        """
        from pop2dissect.tables.analysis import timeline_table

        return timeline_table(self.session(session) if isinstance(session, int) else session, show_passwords)

    def follow(self, session: Session | int, *, show_passwords: bool = False) -> str:
        """Return the conversation of a session, named by its number or itself, as text, as ``--follow`` prints it.

        Raises KeyError where there is no such session.
        """
        from pop2dissect.terminal.follow import conversation
        from pop2dissect.terminal.look import Look
        from pop2dissect.terminal.style import plain

        followed = self.session(session) if isinstance(session, int) else session
        lines = conversation(followed, Look(plain(), show_passwords=show_passwords))
        return "".join(f"{line}\n" for line in lines)

    def statistics(self) -> Statistics:
        """Add the sessions up: as a whole, and by server, client, user, protocol and command."""
        from pop2dissect.statistics.sums import Statistics

        return Statistics.of(self.sessions)

    def sha256(self) -> list[str | None]:
        """Return the SHA-256 of each capture in hexadecimal; None where it is not a regular file.

        Raises CaptureError where a capture is not the one any more that was read: results and hash would not belong
        together.
        """
        from pop2dissect.document.digests import digest_now

        if self._digests is None:
            digests = [digest_now(info) for info in self.captures]
            for info, stamp in zip(self.captures, self._stamps, strict=False):
                if info.before is None and _stamp(info.path) != stamp:
                    raise CaptureError(f"{info.path} was changed after it was read", path=info.path)
            self._digests = digests
        return self._digests

    def to_json(self, *, show_passwords: bool = False) -> str:
        """Return the JSON document, as ``--json`` writes it; schema.json describes it."""
        from pop2dissect.document.document import Document
        from pop2dissect.document.sessions import session_text

        rendering = self._rendering(show_passwords)
        seen = self._shown(show_passwords)
        document = Document(
            settings=self.settings,
            rendering=rendering,
            captures=self.captures,
            sha256=self.sha256(),
            warnings=self.general_warnings,
            probes=self.probes,
            findings=seen.findings,
            incidents=seen.incidents,
            mailboxes=seen.mailboxes,
            totals=self._totals(),
        )
        return "".join(document.pieces(session_text(session, rendering) for session in seen.sessions))

    def report(
        self,
        path: _Path,
        *,
        case: str | None = None,
        examiner: str | None = None,
        exhibit: str | None = None,
        notes: Sequence[str] = (),
        tz: str = "UTC",
        show_passwords: bool = False,
        scope: ReportScope = "noteworthy",
    ) -> Path:
        """Write the report as one HTML file, as ``--report`` does; docs/report.md says what is in it.

        If the name ends in ``.md``, it is Markdown.

        ``scope`` tells which sessions are printed in full; the screen shows all.

        Raises UsageError where the file exists, OutputError where it cannot be written.
        """
        from pop2dissect.html import Case, Choices, Report
        from pop2dissect.markdown import form_of
        from pop2dissect.text.values import zone_named
        from pop2dissect.writing import NewFile

        head = Case(case, examiner, exhibit, tuple(notes))
        outcome = _Outcome(self.captures, self.settings, self.general_warnings, self.probes)
        report = Report(
            outcome,
            Choices(head, self._rendering(show_passwords, zone_named(tz)), scope=scope),
            self.sha256(),
            form_of(os.fspath(path)),
        )
        seen = self._shown(show_passwords)
        for session in seen.sessions:
            report.add(session)
        with NewFile(path) as file:
            report.write(file, seen.findings, seen.incidents, seen.mailboxes)
        return Path(path)

    def export_mail(self, directory: _Path, *, show_passwords: bool = False) -> Path:
        """Write each message as ``.eml``, exactly as on the wire, with a manifest, as ``--export-mail`` does.

        Raises UsageError where the directory is not empty, OutputError where it cannot be written.
        """
        from contextlib import closing

        from pop2dissect.export.mail import MESSAGES
        from pop2dissect.export.manifest import FolderExport

        head = self._manifest_head(show_passwords)
        with closing(FolderExport(MESSAGES, os.fspath(directory), self._rendering(show_passwords))) as export:
            for session in self._shown(show_passwords).sessions:
                export.add(session)
            export.finish(head)
        return Path(directory)

    def annotate(self, path: _Path, *, show_passwords: bool = False) -> Path:
        """Write the sessions' frames as pcapng with comments for Wireshark and a manifest, as ``--annotate`` does.

        The captures are read again: raises UsageError where that cannot be, or where the file exists, CaptureError
        where they changed, OutputError where the file cannot be written.
        """
        from pop2dissect.export.annotate import Annotation
        from pop2dissect.export.recorded import RecordedFile

        annotation = Annotation(self.captures, self.settings, show_passwords=show_passwords)
        seen = self._shown(show_passwords)
        for session in seen.sessions:
            annotation.add(session)
        head = self._manifest_head(show_passwords)
        with RecordedFile("annotated", path) as file:
            file.finish(annotation.pieces(seen.findings), lambda: head)
        return Path(path)

    def verify(self, result: _Path) -> Verification:
        """Derive each claim of an earlier result again from these captures, as ``pop2dissect verify`` does.

        Raises ResultError where the result cannot be read, UsageError where it is about another number of captures.
        """
        from pop2dissect.verify import verify

        return verify(os.fspath(result), [info.file for info in self.captures])

    def _manifest_head(self, show_passwords: bool) -> Object:
        from pop2dissect.document.head import head_object, settings_object
        from pop2dissect.export.manifest import SCHEMA

        settings = settings_object(self.settings, show_passwords)
        return head_object(SCHEMA, settings, self.captures, self.sha256(), self.general_warnings)

    def _shown(self, show_passwords: bool) -> _Shown:
        from pop2dissect.masking import Redaction

        redaction = Redaction(show_passwords)
        sessions = [redaction.session(session) for session in self.sessions]
        return _Shown(
            sessions,
            redaction.findings(self.findings),
            redaction.mailboxes(self.mailboxes),
            redaction.incidents(self.incidents),
        )

    def _rendering(self, show_passwords: bool, zone: Zone = UTC_ZONE) -> Rendering:
        from pop2dissect.document.display_filters import openable

        return Rendering(
            zone=zone,
            show_passwords=show_passwords,
            several_captures=len(self.captures) > 1,
            captures=openable(self.captures),
        )

    def _totals(self) -> Totals:
        from pop2dissect.document.totals import Totals

        totals = Totals()
        for session in self.sessions:
            totals.add(session)
        totals.add_findings(self.findings)
        return totals


class _Outcome(NamedTuple):
    """What a report is about, beside the sessions."""

    captures: Sequence[CaptureInfo]
    settings: Settings
    warnings: Sequence[str]
    probes: Sequence[Probe]


class _Shown(NamedTuple):
    """What is shown, with passwords or without."""

    sessions: list[Session]
    findings: list[Finding]
    mailboxes: list[Mailbox]
    incidents: list[Incident]


class Choices(SettingsByName, FiltersByName, total=False):
    """Settings and filters by their names, for type checkers."""


def read(
    paths: Paths,
    ports: Iterable[int] | None = None,
    *,
    settings: Settings | None = None,
    jobs: int | None = 1,
    dask: str | None = None,
    **choices: Unpack[Choices],
) -> Capture:
    """Read captures whole: files, directories, globs, URLs of these, or ``-`` for standard input.

    Several are read as one, in the order of time. What :attr:`Capture.warnings` says also goes to the log
    ``pop2dissect`` of the module logging. Every setting of :class:`Settings` can be given by its name, alone
    or to change some of ``settings``: ``read(path, any_port=True, thresholds={"scan_servers": 3})``. Several, or
    the parts of a large one, are read in as many processes as ``jobs`` says, None standing for as many as pay, or by
    the workers of the Dask cluster at the address ``dask``, which changes nothing of the result.

    Raises :class:`pop2dissect.CaptureError` where no capture can be read, :class:`pop2dissect.SettingError`, a
    ValueError, where a setting cannot have its value, and :class:`pop2dissect.MissingProgramError` where tshark
    is asked for but missing or too old.
    """
    with Dissection(paths, _settings(settings, ports, choices), jobs=jobs, dask=dask) as dissection:
        stamps = [_stamp(info.path) for info in dissection.captures]
        sessions = sorted(dissection, key=lambda session: session.id)
        _log_warnings(dissection)
        return Capture(
            captures=dissection.captures,
            sessions=sessions,
            probes=dissection.probes,
            settings=dissection.settings,
            findings=dissection.findings,
            incidents=dissection.incidents,
            half_open=dissection.half_open,
            mailboxes=dissection.mailboxes,
            general_warnings=dissection.warnings,
            _stamps=stamps,
        )


def iter_sessions(
    paths: Paths,
    ports: Iterable[int] | None = None,
    *,
    settings: Settings | None = None,
    **choices: Unpack[Choices],
) -> Iterator[Session]:
    """Yield the sessions of captures one by one, each as soon as its connection is over.

    For captures larger than memory, and for live pipes. Warnings go to the log ``pop2dissect`` at the end. What later
    sessions show of a session's deletions is not in it, and its ``settled`` says so, unless ``as_they_end=False`` has
    those that deleted something wait for that.
    Takes and raises what :func:`read` does.
    """
    with Dissection(paths, _settings(settings, ports, {"as_they_end": True, **choices})) as dissection:
        yield from dissection
        _log_warnings(dissection)


def _all_warnings(captures: Iterable[CaptureInfo], general: Iterable[str]) -> list[str]:
    from pop2dissect.capture.paths import named_warnings

    return [*(warning for info in captures for warning in named_warnings(info)), *general]


def _log_warnings(dissection: Dissection) -> None:
    for warning in _all_warnings(dissection.captures, dissection.warnings):
        _LOG.warning("%s", warning)


def _settings(settings: Settings | None, ports: Iterable[int] | None, choices: Mapping[str, Any]) -> Settings:
    filters = {name: value for name, value in choices.items() if name in (*FILTERS, "sort", "top")}
    changed = {name: value for name, value in choices.items() if name not in filters}
    if ports is not None:
        changed["ports"] = ports
    if filters:
        changed["filters"] = Filters.of(filters)
    return replace(settings or Settings(), **changed)


_Stamp: TypeAlias = tuple[int, int, int, int] | None
"""What tells a file apart from another, or from itself after a change; None where there is no file."""


def _stamp(path: str) -> _Stamp:
    try:
        facts = Path(path).stat()
    except (OSError, ValueError):
        return None
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns
