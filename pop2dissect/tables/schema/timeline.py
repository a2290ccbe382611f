"""The table of what happened in a session."""

from __future__ import annotations

from typing import get_args

from pop2dissect.session import DIRECTIONS
from pop2dissect.session.timeline import Event
from pop2dissect.tables.columns import Column, Kind, Table
from pop2dissect.tables.rows import EntryRow
from pop2dissect.tables.schema.shared import SERVER_STATES
from pop2dissect.text.values import cite

TIMELINE: Table[EntryRow] = Table(
    "timeline",
    "What happened in one session, in the order of the conversation: `capture.timeline(1)`.",
    (),
    (
        Column("time", Kind.TIME, "when; NA where not captured", lambda row: row.entry.time),
        Column(
            "delta",
            Kind.DURATION,
            "since the row before; negative where the capture's clock went backwards, or both sides spoke at once",
            lambda row: None if row.entry.time is None or row.before is None else row.entry.time - row.before,
        ),
        Column(
            "direction",
            Kind.CATEGORY,
            "who sent it; NA for the connection itself",
            lambda row: row.entry.direction,
            categories=DIRECTIONS,
        ),
        Column(
            "event", Kind.CATEGORY, "what kind of thing it is", lambda row: row.entry.event, categories=get_args(Event)
        ),
        Column(
            "state",
            Kind.CATEGORY,
            "the server's state by the RFC: before a command, after a reply",
            lambda row: row.entry.state,
            categories=SERVER_STATES,
        ),
        Column("what", Kind.TEXT, "the line as on the wire, or a description", lambda row: row.entry.what),
        Column("octets", Kind.INTEGER, "its length", lambda row: row.entry.octets, "bytes"),
        Column("frames", Kind.TEXT, "frames that carried it", lambda row: cite(row.entry.frames)),
    ),
)
