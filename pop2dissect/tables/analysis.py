"""Tables of what is worked out of sessions: the timeline of one, and the statistics of many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pop2dissect.errors import SettingError
from pop2dissect.masking import shown
from pop2dissect.optional import extra
from pop2dissect.session import Session
from pop2dissect.statistics.sums import Statistics, largest
from pop2dissect.tables.rows import timeline_rows

if TYPE_CHECKING:
    import pandas as pd


def timeline_table(session: Session, show_passwords: bool = False) -> pd.DataFrame:
    """Return what happened in a session, one row per entry, with the columns that docs/tables.md describes.

    Raises MissingLibraryError where pandas is missing.
    """
    with extra("analysis"):
        from pop2dissect.tables.frames import data_frame
        from pop2dissect.tables.schema.timeline import TIMELINE

    return data_frame(TIMELINE, timeline_rows(shown(session, show_passwords), show_passwords))


def statistics_table(statistics: Statistics, name: str) -> pd.DataFrame:
    """Return ``servers``, ``clients``, ``users``, ``protocols`` or ``commands`` of statistics, those with most first.

    docs/tables.md describes the columns, under groups and commands. Raises KeyError where there is no such
    table, and MissingLibraryError where pandas is missing.
    """
    with extra("analysis"):
        from pop2dissect.tables.frames import data_frame
        from pop2dissect.tables.schema.groups import COMMANDS, GROUPS, CommandRow, GroupRow

    if name == "commands":
        return data_frame(COMMANDS, [CommandRow(key, tally) for key, tally in statistics.most_used()])
    groups = {
        "servers": statistics.servers,
        "clients": statistics.clients,
        "users": statistics.users,
        "protocols": statistics.protocols,
    }
    return data_frame(GROUPS, [GroupRow(key, tally) for key, tally in largest(groups[name])])


def with_log(table: pd.DataFrame, log: pd.DataFrame, time: str, when: str, by: Mapping[str, str]) -> pd.DataFrame:
    """Return a table with the last entry of a log beside each row; see :meth:`Tables.with_log`."""
    import pandas as pd

    moments = log[when] if pd.api.types.is_datetime64_any_dtype(log[when]) else pd.to_datetime(log[when])
    if moments.dt.tz is None:
        raise SettingError(f"the times of {when!r} have no zone: give them one, as by .dt.tz_localize('UTC')")
    alike = {theirs: log[theirs].astype(table[ours].dtype) for ours, theirs in by.items()}
    moments = moments.dt.tz_convert("UTC").dt.as_unit("ns")
    exact = log.assign(**{**alike, when: moments}).sort_values(when, kind="stable")
    place = "_place"
    rows = table.assign(**{place: range(len(table))}).dropna(subset=[time]).sort_values(time, kind="stable")
    joined = pd.merge_asof(rows, exact, left_on=time, right_on=when, left_by=list(by), right_by=list(by.values()))
    kept = joined[[place, *(name for name in joined if name not in rows)]]
    whole = table.assign(**{place: range(len(table))}).merge(kept, on=place, how="left", validate="one_to_one")
    return whole.drop(columns=place)
