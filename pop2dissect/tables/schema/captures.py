"""The table of captures."""

from __future__ import annotations

from pop2dissect.tables.columns import Column, Kind, Table
from pop2dissect.tables.rows import CaptureRow
from pop2dissect.version import __version__

CAPTURES: Table[CaptureRow] = Table(
    "captures",
    "The captures that were read, in their order. `capture` of the other tables names their numbers.",
    ("capture",),
    (
        Column("capture", Kind.INTEGER, "number, counted from 1", lambda row: row.number),
        Column("path", Kind.TEXT, "as it was given", lambda row: row.info.path),
        Column("sha256", Kind.TEXT, "of the file as stored; NA for a pipe", lambda row: row.sha256),
        Column("size", Kind.INTEGER, "of the file as stored; NA for a pipe", lambda row: row.info.size, "bytes"),
        Column("format", Kind.TEXT, "its format, and how it is compressed", lambda row: row.info.format),
        Column("packets", Kind.INTEGER, "packets that could be read", lambda row: row.info.packets, "packets"),
        Column("first_time", Kind.TIME, "earliest time stamp", lambda row: row.info.first_time),
        Column("last_time", Kind.TIME, "latest time stamp", lambda row: row.info.last_time),
        Column("truncated", Kind.BOOLEAN, "it ends within a record, or is damaged", lambda row: row.info.truncated),
        Column("warnings", Kind.TEXT, "warnings about it", lambda row: "; ".join(row.info.warnings)),
        Column("tool_version", Kind.TEXT, "version of pop2dissect that read it", lambda row: __version__),
    ),
)
