"""Writes what was kept of a capture as one Parquet file, and the index of an extract. Needs pyarrow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from pop2dissect.archive.sift import Kept, Sifting
from pop2dissect.capture.extract.facts import METADATA, Facts
from pop2dissect.capture.extract.read import parquet
from pop2dissect.decode.segment import FlowKey, Segment
from pop2dissect.writing import NewFile

_GROUP_OCTETS, _GROUP_PACKETS = 1 << 20, 1 << 13
"""What a row group holds at the most: so much is in memory of each file that is open."""
_NAMES: Final = ["capture", "source", "destination"]
"""Columns that say the same again and again."""
_LARGEST_STAMP: Final = (1 << 63) - 1


def _time() -> Any:
    import pyarrow as pa

    return pa.timestamp("ns", "UTC")


def packets_schema() -> Any:
    """Return the columns of packets. docs/archives.md says what they mean."""
    import pyarrow as pa

    name = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [
            pa.field("capture", name, nullable=False),
            pa.field("frame", pa.int64(), nullable=False),
            pa.field("time", _time()),
            pa.field("time_exact", pa.decimal128(38, 0)),
            pa.field("interface", pa.int32(), nullable=False),
            pa.field("link_type", pa.int32(), nullable=False),
            pa.field("captured", pa.int64(), nullable=False),
            pa.field("original", pa.int64(), nullable=False),
            pa.field("place", pa.int64()),
            pa.field("source", name),
            pa.field("source_port", pa.int32()),
            pa.field("destination", name),
            pa.field("destination_port", pa.int32()),
            pa.field("flags", pa.int32()),
            pa.field("sequence", pa.int64()),
            pa.field("acknowledgement", pa.int64()),
            pa.field("payload", pa.int64()),
            pa.field("payload_at", pa.int64()),
            pa.field("octets", pa.large_binary(), nullable=False),
        ]
    )


def write_packets(sifting: Sifting, path: Path) -> Facts:
    """Write the packets that matter, if there are any; return the facts about the capture."""
    import pyarrow as pa

    schema, facts = packets_schema(), sifting.facts
    name = facts.shown().file
    with NewFile(path) as file:
        with parquet().ParquetWriter(file, schema, compression="zstd", use_dictionary=_NAMES) as writer:
            for some in _groups(sifting):
                columns = zip(*(_row(name, kept) for kept in some), strict=True)
                arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            writer.add_key_value_metadata({METADATA.decode(): facts.to_json()})
        if facts.problem is not None:
            file.discard()
    return facts


def _groups(sifting: Sifting) -> Iterable[list[Kept]]:
    some: list[Kept] = []
    octets = 0
    for kept in sifting:
        some.append(kept)
        octets += len(kept.octets)
        if octets >= _GROUP_OCTETS or len(some) >= _GROUP_PACKETS:
            yield some
            some, octets = [], 0
    if some:
        yield some


def _row(file: str, kept: Kept) -> tuple[object, ...]:
    time = _fitting(kept.time)
    return (
        _text(file),
        kept.frame,
        time,
        kept.time if time is None else None,
        kept.interface,
        kept.link_type,
        len(kept.octets),
        kept.original,
        kept.place,
        *_tcp(kept.segment),
        kept.payload_at,
        kept.octets,
    )


def _tcp(segment: Segment | None) -> tuple[object, ...]:
    """Return what SQL may ask of a segment: the ends, flags, numbers, length of the payload."""
    if segment is None:
        return (None,) * 8
    ends = FlowKey.of(segment.key)
    return (
        str(ip_address(ends.source)),
        ends.source_port,
        str(ip_address(ends.destination)),
        ends.destination_port,
        segment.flags,
        segment.seq,
        segment.ack,
        segment.length,
    )


def _text(path: str) -> str:
    """Return a path as Parquet can hold it: what is no valid text in it is escaped."""
    return path.encode("utf-8", "backslashreplace").decode()


def _texts(sentences: Sequence[str]) -> list[str]:
    return [_text(one) for one in sentences]


def write_index(captures: Sequence[Facts], path: Path, *, small: bool) -> None:
    """Write the captures in their order; a name appears when the file is whole, and then replaces an older one."""
    import pyarrow as pa

    captures = [facts.shown() for facts in captures]
    columns: dict[str, tuple[Any, Iterable[object]]] = {
        "path": (pa.string(), (_text(facts.path) for facts in captures)),
        "file": (pa.string(), (_text(facts.file) for facts in captures)),
        "size": (pa.int64(), (facts.size for facts in captures)),
        "sha256": (pa.string(), (facts.sha256 for facts in captures)),
        "problem": (pa.string(), (facts.problem for facts in captures)),
        "format": (pa.string(), (facts.info.get("format") for facts in captures)),
        "link_types": (pa.list_(pa.int32()), (facts.info.get("link_types") for facts in captures)),
        "snap_length": (pa.int64(), (facts.info.get("snap_length") for facts in captures)),
        "packets": (pa.int64(), (facts.info.get("packets") for facts in captures)),
        "first_time": (_time(), (_fitting(facts.info.get("first_time")) for facts in captures)),
        "last_time": (_time(), (_fitting(facts.info.get("last_time")) for facts in captures)),
        "truncated": (pa.bool_(), (facts.info.get("truncated") for facts in captures)),
        "warnings": (pa.list_(pa.string()), (_texts(facts.info.get("warnings", ())) for facts in captures)),
        "kept": (pa.int64(), (facts.kept for facts in captures)),
        "packets_file": (pa.string(), (None if facts.problem else facts.name for facts in captures)),
        "facts": (pa.string(), (facts.to_json() for facts in captures)),
    }
    arrays = [pa.array(list(values), kind) for kind, values in columns.values()]
    metadata = {METADATA: b"small" if small else b"large"}
    schema = pa.schema([pa.field(name, kind) for name, (kind, _) in columns.items()], metadata)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)  # of a run that was ended between two lines
    with NewFile(new) as file:
        parquet().write_table(pa.Table.from_arrays(arrays, schema=schema), file)
    new.replace(path)


def _fitting(time: int | None) -> int | None:
    """Return a time stamp if Parquet can hold it."""
    return time if time is not None and abs(time) <= _LARGEST_STAMP else None
