"""Tables of what is worked out of sessions: the timeline of one, and the statistics of many."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
