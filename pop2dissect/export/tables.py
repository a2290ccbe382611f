"""``--csv`` and ``--parquet``: the tables as files."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

from pop2dissect.errors import UsageError
from pop2dissect.export.manifest import MANIFEST
from pop2dissect.export.output import Export, Run
from pop2dissect.export.recorded import manifest_of
from pop2dissect.session import Session
from pop2dissect.tables.files import Last, Rows, csv_paths, need_parquet, parquet_paths, write_csv, write_parquet
from pop2dissect.tables.rows import captures_of
from pop2dissect.tables.spooled import SpooledTables
from pop2dissect.text.values import count
from pop2dissect.writing import already_exists


class _TablesOutput(Export):
    """All tables as files of one kind, and a manifest.

    Raises UsageError where one of the files exists, or a library is missing: before the captures are
    read, not after.
    """

    noun: ClassVar[str]

    def __init__(self, run: Run, path: str) -> None:
        super().__init__(run, path)
        self._paths = self.paths(path)
        _check_new(Path(path), [*self._paths, Path(path) / MANIFEST])
        self._spooled = self.held.enter_context(SpooledTables(show_passwords=run.look.show_passwords))

    @staticmethod
    @abstractmethod
    def paths(directory: str) -> list[Path]:
        """Return the files that will be written."""

    @staticmethod
    @abstractmethod
    def write(rows: Rows, directory: str, last: Last) -> None:
        """Write them, and a last one."""

    def add(self, session: Session) -> None:
        """Spool the session's rows."""
        self._spooled.add(session)

    def finish(self) -> None:
        """Write the files."""
        run, dissection = self.run, self.run.dissection
        captures = captures_of(dissection.captures, run.digests.results())
        self._spooled.add_rest(dissection.probes, run.spanning_findings(), run.mailboxes(), captures)
        head = run.head()
        self.write(self._spooled.rows, self.path, (MANIFEST, lambda files: manifest_of(head, self.kind, files)))

    def written(self) -> str:
        """Return how many tables there are."""
        return f"{count(len(self._paths), 'table')} as {self.noun} in {self.path}"


class CsvOutput(_TablesOutput):
    """As CSV."""

    kind = "csv"
    noun = "CSV"

    @staticmethod
    def paths(directory: str) -> list[Path]:
        """Return the files that will be written."""
        return csv_paths(directory)

    @staticmethod
    def write(rows: Rows, directory: str, last: Last) -> None:
        """Write them, and a last one."""
        write_csv(rows, directory, last=last)


class ParquetOutput(_TablesOutput):
    """As Parquet."""

    kind = "parquet"
    noun = "Parquet"

    @staticmethod
    def paths(directory: str) -> list[Path]:
        """Return the files that will be written."""
        need_parquet()
        return parquet_paths(directory)

    @staticmethod
    def write(rows: Rows, directory: str, last: Last) -> None:
        """Write them, and a last one."""
        write_parquet(rows, directory, last=last)


def _check_new(directory: Path, paths: list[Path]) -> None:
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory} already exists and is not a directory")
    for path in paths:
        if path.exists() or path.is_symlink():
            raise already_exists(path)
