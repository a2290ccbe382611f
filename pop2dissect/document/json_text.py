"""Writes JSON: in plain ASCII, with numbers exact, always the same way.

Not by the :mod:`json` module alone, for two reasons. Durations are decimal seconds down to the nanosecond,
and a floating-point number cannot hold them all: :class:`Seconds` keeps the digits. And its indented
form puts every frame number on a line of its own; here a list of plain values stays on one. What stands
on one line its encoder writes, in a fraction of the time, with marks where the durations belong.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from json.encoder import JSONEncoder, encode_basestring_ascii
from typing import Any, TypeAlias

from pop2dissect.text.values import decimal_seconds, rfc3339

Json: TypeAlias = "str | int | float | bool | Seconds | Sequence[Json] | Mapping[str, Json] | None"
Object: TypeAlias = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Seconds:
    """A duration that is written with all digits of its nanoseconds, which no number of Python's would be."""

    nanoseconds: int


def maybe_time(time: int | None) -> str | None:
    """Return a time as the document has it; None where it is not known."""
    return None if time is None else rfc3339(time)


def to_line(value: Json) -> str:
    """Write a value on one line."""
    durations: list[str] = []

    def mark(other: object) -> int:
        if not isinstance(other, Seconds):
            raise _NotEncodedError
        durations.append(decimal_seconds(other.nanoseconds))
        return _MARK

    try:
        text = JSONEncoder(check_circular=False, separators=(",", ":"), default=mark).encode(value)
    except _NotEncodedError:
        return _write(value, None)
    if not durations:
        return text
    pieces = text.split(str(_MARK))
    if len(pieces) != len(durations) + 1:  # what looks like the mark was captured, which nobody can bring about
        return _write(value, None)
    return "".join(chain.from_iterable(zip(pieces, durations, strict=False))) + pieces[-1]


def to_text(value: Json, depth: int = 0) -> str:
    """Write a value indented by one space per level, as if it stood ``depth`` levels deep."""
    return _write(value, "\n" + " " * depth)


class _NotEncodedError(Exception):
    """There is something in a value that the encoder of :mod:`json` does not know."""


_MARK = 1 << 128 | int.from_bytes(os.urandom(16))
"""Stands for a duration until all else is written."""


class _Scalars(dict[type, "Callable[[Any], str] | None"]):
    """How values of a type are written that fit on a line; None for objects and arrays."""

    def __missing__(self, kind: type) -> Callable[[Any], str] | None:
        base = next((base for base in (str, int, float) if issubclass(kind, base)), None)
        self[kind] = None if base is None else self[base]
        return self[kind]


_SCALARS = _Scalars(
    {
        str: encode_basestring_ascii,
        int: int.__repr__,
        float: float.__repr__,
        bool: {True: "true", False: "false"}.__getitem__,
        type(None): {None: "null"}.__getitem__,
        Seconds: lambda seconds: decimal_seconds(seconds.nanoseconds),
    }
)
_key = lru_cache(maxsize=1024)(encode_basestring_ascii)


def _write(value: Json, line: str | None) -> str:
    """Write a value. ``line`` begins a new line at its level; None keeps everything on one."""
    scalar = _SCALARS[type(value)]
    if scalar is not None:
        return scalar(value)
    if isinstance(value, Mapping):
        return _write_object(value, line)
    assert isinstance(value, Sequence)
    return _write_array(value, line)


def _write_object(value: Mapping[str, Json], line: str | None) -> str:
    if not value:
        return "{}"
    inner, colon = (None, ":") if line is None else (line + " ", ": ")
    members = []
    for key, member in value.items():
        scalar = _SCALARS[type(member)]
        members.append(f"{_key(key)}{colon}{_write(member, inner) if scalar is None else scalar(member)}")
    joint = f",{inner or ''}"
    return f"{{{inner or ''}{joint.join(members)}{line or ''}}}"


def _write_array(value: Sequence[Json], line: str | None) -> str:
    scalars = [scalar(member) for member in value if (scalar := _SCALARS[type(member)]) is not None]
    if len(scalars) == len(value):
        return f"[{(',' if line is None else ', ').join(scalars)}]"
    inner = None if line is None else line + " "
    joint = f",{inner or ''}"
    return f"[{inner or ''}{joint.join([_write(member, inner) for member in value])}{line or ''}]"
