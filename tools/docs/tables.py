"""The description of the tables for people: docs/tables.md is what ``python -m tools.docs.tables`` says."""

from __future__ import annotations

from collections.abc import Iterator

from pop2dissect.tables.columns import Column, Kind
from pop2dissect.tables.schema import TABLES
from pop2dissect.tables.schema.groups import COMMANDS, GROUPS
from pop2dissect.tables.schema.timeline import TIMELINE

_HEAD = """\
# The tables

`capture.tables` gives what was found as pandas data frames: `capture.tables.sessions`,
`capture.tables.exchanges` and so on, each made when it is first asked for.
`capture.tables.write_csv(directory)` and `write_parquet(directory)` write them all to files, as do `--csv DIR` and
`--parquet DIR` on the command line. Of a capture larger than memory,
`pop2dissect.tables.tables.collect(pop2dissect.iter_sessions(path))` makes them while the sessions pass.

Names and types are stable, and the same for an empty capture. What is not known, or does not
apply, is NA (NaT for times). Times are UTC to the nanosecond. Frames are counted from 1 in their capture, as
Wireshark does; lists of frames read `6, 8-12`, those of a second capture read together with others `2:8-12`.
Text is as on the wire, whatever it holds, but passwords are masked: `capture.tables.with_passwords()`
gives them.

In CSV, times are RFC 3339, durations are decimal seconds, and text is made harmless: control
characters are escapes, and an apostrophe stands before what a spreadsheet program would run as a
formula. Parquet has the types and the text exactly, with durations as decimal seconds; each column has its meaning
and unit as metadata, each file the table, the version of pop2dissect and the captures with their hashes
(`pop2dissect`, as JSON).

`capture.tables` is a mapping: `dict(capture.tables)`, `"sessions" in capture.tables`. Text is of the type that pandas 3
has for text. docs/howto/analysts.md joins them with a log.

`capture.timeline(1)` gives what happened in session 1, and `session.timeline()` the same as a list of entries, without
pandas. `--timesketch FILE` writes the timelines of all sessions, and the findings, for Timesketch and Plaso: JSON, an
event a line, with `message`, `datetime`, `timestamp`, `timestamp_desc`, `data_type` (`pop2dissect:session:command` ...)
and what is known of the session: `session`, `protocol`, `src_ip`, `src_port`, `dst_ip`, `dst_port`, `username`,
`direction`, `state`, `octets`, `frames`.
`nanoseconds` is the exact time.

This page is generated: `python -m tools.docs.tables > docs/tables.md`.
"""


def describe() -> str:
    """Write the description of all tables as Markdown."""
    return "\n".join([_HEAD, *_sections()])


def _sections() -> Iterator[str]:
    for table in (*(table for table, _ in TABLES.values()), TIMELINE, GROUPS, COMMANDS):
        yield f"## {table.name}\n"
        yield f"{table.meaning}\n"
        if table.key:
            yield f"Key: {', '.join(f'`{name}`' for name in table.key)}.\n"
        yield "| column | type | unit | meaning |\n|---|---|---|---|"
        yield from map(_line, table.columns)
        yield ""


def _line(column: Column[object]) -> str:
    kind = column.kind.value
    if column.kind is Kind.CATEGORY:
        kind = (
            ("ordered " if column.ordered else "")
            + "category: "
            + " ".join(f"`{category}`" for category in column.categories)
        )
    return f"| `{column.name}` | {kind} | {column.unit} | {column.meaning} |"


if __name__ == "__main__":
    print(describe(), end="")
