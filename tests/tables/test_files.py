"""Tables as files: exact in Parquet, exact or harmless in CSV."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

import pop2dissect
from pop2dissect.tables import files
from pop2dissect.tables.columns import Kind
from pop2dissect.tables.files import write_csv, write_parquet
from pop2dissect.tables.rows import captures_of
from pop2dissect.tables.schema import TABLES
from pop2dissect.tables.spooled import SpooledTables
from pop2dissect.tables.tables import Tables
from tests.support.parquet import read_table
from tests.support.truth import capture_path


@pytest.mark.parametrize("name", ["incident_small", "raw_errors", "gaps_span_missed_3pct"])
def test_parquet_gives_back_what_was_written(name: str, tmp_path: Path) -> None:
    tables = pop2dissect.read(capture_path(name)).tables
    paths = tables.write_parquet(tmp_path)
    assert [path.stem for path in paths] == list(TABLES)
    for path in paths:
        back = read_table(path)
        frame = tables[path.stem]
        table, _ = TABLES[path.stem]
        pd.testing.assert_frame_equal(back, frame, check_dtype=False, check_categorical=False)
        for column in frame if len(frame) else []:
            # pandas keeps strings in more than one way, and libraries have objects of their own for UTC.
            kinds = [str(one[column].dtype) for one in (back, frame)]
            alike = kinds[0] == kinds[1] in ("string", "str", "datetime64[ns, UTC]")
            assert back[column].dtype == frame[column].dtype or alike, column
        stored = pq.read_schema(path)
        said = json.loads(stored.metadata[b"pop2dissect"])
        assert said["table"] == path.stem
        digest = hashlib.sha256(capture_path(name).read_bytes()).hexdigest()
        assert [one["sha256"] for one in said["captures"]] == [digest]
        for column in table.columns:
            about = stored.field(column.name).metadata
            assert about[b"meaning"].decode() == column.meaning
            assert column.unit in ("", about.get(b"unit", b"").decode()) or column.kind is Kind.DURATION
            assert column.kind is not Kind.DURATION or about[b"unit"] == b"s"


def test_exact_csv_gives_back_what_was_written(tmp_path: Path) -> None:
    tables = pop2dissect.read(capture_path("incident_small")).tables
    tables.write_csv(tmp_path, exact=True)
    back = pd.read_csv(tmp_path / "exchanges.csv", keep_default_na=False, dtype=str)
    assert back["reply_line"].tolist() == tables.exchanges["reply_line"].fillna("").tolist()
    assert pd.to_datetime(back["time"]).tolist() == tables.exchanges["time"].tolist()
    latencies = pd.to_numeric(back["latency"][1:])
    assert latencies.dropna().tolist() == tables.exchanges["latency"].dt.total_seconds().dropna().tolist()


def test_no_cell_of_csv_is_a_formula_or_holds_control_characters(tmp_path: Path) -> None:
    """Replies begin with = + and -: a spreadsheet program would run what follows."""
    for name in ("incident_small", "raw_errors", "not_pop2_on_109", "fold_probes"):
        for path in pop2dissect.read(capture_path(name)).tables.write_csv(tmp_path / name):
            text = path.read_bytes().decode()
            assert all(character >= " " or character in "\r\n" for character in text)
            with path.open(newline="", encoding="utf-8") as file:
                for row in csv.reader(file):
                    for cell in row:
                        assert cell[:1] not in ("=", "+", "@", "-") or _is_number(cell), (path.name, cell)


def test_files_are_the_same_each_time(tmp_path: Path) -> None:
    first, second = (pop2dissect.read(capture_path("incident_small")).tables for _ in range(2))
    for one, other in zip(first.write_csv(tmp_path / "1"), second.write_csv(tmp_path / "2"), strict=True):
        assert one.read_bytes() == other.read_bytes()
    for one, other in zip(first.write_parquet(tmp_path / "1"), second.write_parquet(tmp_path / "2"), strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_an_empty_capture_gives_headings(tmp_path: Path) -> None:
    for path in Tables().write_csv(tmp_path / "new" / "folder"):
        table, _ = TABLES[path.stem]
        assert path.read_text("utf-8").splitlines() == [",".join(column.name for column in table.columns)]
    for path in Tables().write_parquet(tmp_path):
        assert len(pd.read_parquet(path)) == 0


@pytest.mark.parametrize("name", ["incident_small", "gaps_span_missed_3pct"])
def test_what_was_spooled_in_any_order_gives_the_same_files(name: str, tmp_path: Path) -> None:
    capture = pop2dissect.read(capture_path(name))
    paths = [*capture.tables.write_csv(tmp_path / "1"), *capture.tables.write_parquet(tmp_path / "1")]
    with SpooledTables() as spooled:
        for session in reversed(capture.sessions):
            spooled.add(session)
        captures = captures_of(capture.captures, capture.sha256())
        spooled.add_rest(capture.probes, capture.findings, capture.mailboxes, captures)
        others = [*write_csv(spooled.rows, tmp_path / "2"), *write_parquet(spooled.rows, tmp_path / "2")]
    assert len(paths) == len(others) == 2 * len(TABLES)
    for one, other in zip(paths, others, strict=True):
        assert one.name == other.name
        assert one.read_bytes() == other.read_bytes()


def test_large_tables_are_written_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_ROW_GROUP", 7)
    tables = pop2dissect.read(capture_path("incident_small")).tables
    tables.write_parquet(tmp_path)
    assert pq.ParquetFile(tmp_path / "sessions.parquet").num_row_groups == -(-len(tables.sessions) // 7)
    back = read_table(tmp_path / "sessions.parquet")
    pd.testing.assert_frame_equal(back, tables.sessions, check_dtype=False, check_categorical=False)


def test_what_is_there_already_is_not_written_over(tmp_path: Path) -> None:
    tables = Tables()
    for write in (tables.write_csv, tables.write_parquet):
        write(tmp_path)
        with pytest.raises(FileExistsError):
            write(tmp_path)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
