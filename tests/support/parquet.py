"""Tables back from Parquet files, for comparing them with data frames."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pop2dissect.tables.columns import Kind
from pop2dissect.tables.schema import TABLES


def read_table(path: Path) -> pd.DataFrame:
    """Read a table; its durations, which are decimal seconds in there, are durations again."""
    frame = pd.read_parquet(path)
    for column in TABLES[path.stem][0].columns:
        if column.kind is Kind.DURATION:
            exact = [None if value is None else int(value.scaleb(9)) for value in frame[column.name]]
            frame[column.name] = pd.array(exact, "Int64").astype("timedelta64[ns]")
    return frame
