"""Writes JSON: in plain ASCII, with numbers exact, always the same way.

Not by the :mod:`json` module, for two reasons. Durations are decimal seconds down to the nanosecond,
and a floating-point number cannot hold them all: :class:`Seconds` keeps the digits. And its indented
form puts every frame number on a line of its own; here a list of plain values stays on one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring_ascii
from typing import TypeAlias

from pop2dissect.text.values import SECOND, decimal_seconds, rfc3339

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"
Object: TypeAlias = dict[str, Json]
_Put: TypeAlias = Callable[[str], None]


class Seconds(float):
    """A duration in s: a number to other programs, but written with all digits of its nanoseconds."""

    __slots__ = ("nanoseconds",)
    nanoseconds: int

    def __new__(cls, nanoseconds: int) -> Seconds:
        """Take a duration in ns."""
        self = super().__new__(cls, nanoseconds / SECOND)
        self.nanoseconds = nanoseconds
        return self


def maybe_time(time: int | None) -> str | None:
    """Return a time as the document has it; None where it is not known."""
    return None if time is None else rfc3339(time)


def to_line(value: Json) -> str:
    """Write a value on one line."""
    pieces: list[str] = []
    _write(value, pieces.append, None)
    return "".join(pieces)


def to_text(value: Json, depth: int = 0) -> str:
    """Write a value indented by one space per level, as if it stood ``depth`` levels deep."""
    pieces: list[str] = []
    _write(value, pieces.append, "\n" + " " * depth)
    return "".join(pieces)


def _scalar(value: Json) -> str | None:
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Seconds):
        return decimal_seconds(value.nanoseconds)
    if isinstance(value, float):
        return repr(value)
    return None


def _write(value: Json, put: _Put, line: str | None) -> None:
    """Write a value. ``line`` begins a new line at its level; None keeps everything on one."""
    scalar = _scalar(value)
    if scalar is not None:
        put(scalar)
    elif isinstance(value, Mapping):
        _write_object(value, put, line)
    else:
        assert not isinstance(value, str | int | float)
        _write_array(value or (), put, line)


def _write_object(value: Mapping[str, Json], put: _Put, line: str | None) -> None:
    inner = None if line is None else line + " "
    separator = "{" + (inner or "")
    colon = ":" if inner is None else ": "
    for key, member in value.items():
        put(f"{separator}{encode_basestring_ascii(key)}{colon}")
        scalar = _scalar(member)
        if scalar is None:
            _write(member, put, inner)
        else:
            put(scalar)
        separator = "," + (inner or "")
    put(f"{line or ''}}}" if value else "{}")


def _write_array(value: Sequence[Json], put: _Put, line: str | None) -> None:
    scalars = [scalar for member in value if (scalar := _scalar(member)) is not None]
    if len(scalars) == len(value):
        put("[" + ("," if line is None else ", ").join(scalars) + "]")
        return
    inner = None if line is None else line + " "
    separator = "[" + (inner or "")
    for member in value:
        put(separator)
        _write(member, put, inner)
        separator = "," + (inner or "")
    put(f"{line or ''}]")
