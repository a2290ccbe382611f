"""``--csv`` and ``--parquet``: the tables as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pop2dissect.cli.outputs.base import FileOutput, Run
from pop2dissect.errors import UsageError
from pop2dissect.session import Session
from pop2dissect.tables.files import Rows, csv_paths, need_parquet, parquet_paths, write_csv, write_parquet
from pop2dissect.tables.spooled import TablesAside
from pop2dissect.text.values import count
from pop2dissect.writing import already_exists


class _Target(NamedTuple):
    kind: str
    directory: str
    paths: list[Path]
    write: Callable[[Rows, str], list[Path]]


class TablesOutput(FileOutput):
    """All tables as files, of one kind or of both, which may go to one directory.

    Raises UsageError where one of the files exists, or a library is missing: before the captures are
    read, not after.
    """

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._targets = []
        if run.options.csv is not None:
            self._targets.append(_Target("CSV", run.options.csv, csv_paths(run.options.csv), write_csv))
        if run.options.parquet is not None:
            need_parquet()
            directory = run.options.parquet
            self._targets.append(_Target("Parquet", directory, parquet_paths(directory), write_parquet))
        for target in self._targets:
            _check_new(target)
        self._aside = self.held.enter_context(TablesAside(show_passwords=run.options.show_passwords))

    def add(self, session: Session) -> None:
        """Put the session's rows aside."""
        self._aside.add(session)

    def finish(self) -> None:
        """Write the files."""
        probes = self.run.dissection.probes if self.run.selected is None else []
        self._aside.add_rest(probes, self.run.spanning_findings())
        for target in self._targets:
            target.write(self._aside.rows, target.directory)

    def written(self) -> str:
        """Return how many tables there are."""
        return "; ".join(
            f"{count(len(target.paths), 'table')} as {target.kind} in {target.directory}" for target in self._targets
        )


def _check_new(target: _Target) -> None:
    directory = Path(target.directory)
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory} already exists and is not a directory")
    for path in target.paths:
        if path.exists() or path.is_symlink():
            raise already_exists(path)
