"""The tables of what the streams consist of, and of what is missing of them."""

from __future__ import annotations

from pop2dissect.capture.record import capture_index, frame_number
from pop2dissect.session import DIRECTIONS
from pop2dissect.tables.columns import Column, Kind, Table
from pop2dissect.tables.rows import GapRow, SegmentRow
from pop2dissect.tables.schema.shared import CAPTURE_OF, SESSION_ID

SEGMENTS: Table[SegmentRow] = Table(
    "segments",
    "What the streams consist of: runs of bytes, each from one frame, no byte twice. A segment that was "
    "sent again is here once, as it counts; one that was cut by others is several runs.",
    ("session", "direction", "segment"),
    (
        Column("session", Kind.INTEGER, SESSION_ID, lambda row: row.session),
        Column("direction", Kind.CATEGORY, "who sent it", lambda row: row.direction, categories=DIRECTIONS),
        Column("segment", Kind.INTEGER, "counted from 0 in the stream", lambda row: row.place),
        Column("time", Kind.TIME, "of its frame", lambda row: row.time),
        Column("capture", Kind.INTEGER, CAPTURE_OF, lambda row: capture_index(row.frame) + 1),
        Column("frame", Kind.INTEGER, "frame that carried it", lambda row: frame_number(row.frame)),
        Column("offset", Kind.INTEGER, "of its first byte in the stream", lambda row: row.offset, "bytes"),
        Column("octets", Kind.INTEGER, "its length", lambda row: row.length, "bytes"),
        Column(
            "acknowledged",
            Kind.INTEGER,
            "how much of the peer's stream its sender had received by then; NA where not known",
            lambda row: row.acknowledged,
            "bytes",
        ),
        Column(
            "late",
            Kind.BOOLEAN,
            "captured after bytes that follow it: reordered, or sent again after a loss",
            lambda row: row.late,
        ),
    ),
)

GAPS: Table[GapRow] = Table(
    "gaps",
    "Runs of bytes that were sent, but are not in the capture.",
    ("session", "direction", "gap"),
    (
        Column("session", Kind.INTEGER, SESSION_ID, lambda row: row.session),
        Column("direction", Kind.CATEGORY, "who sent it", lambda row: row.direction, categories=DIRECTIONS),
        Column("gap", Kind.INTEGER, "counted from 0 in the stream", lambda row: row.place),
        Column("time", Kind.TIME, "of the last byte before it, else of the first after it", lambda row: row.time),
        Column("offset", Kind.INTEGER, "of its first byte in the stream", lambda row: row.gap.offset, "bytes"),
        Column("octets", Kind.INTEGER, "its length", lambda row: row.gap.length, "bytes"),
        Column("reason", Kind.TEXT, "`not captured`, `cut by the snap length`", lambda row: row.gap.reason),
    ),
)
