"""What made the report: program, versions, command line, and every setting that can change the result."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from pop2dissect.pipeline import Settings
from pop2dissect.version import __version__

_DEPENDENCIES = ("rich", "Jinja2", "MarkupSafe", "zstandard", "lz4")
"""Distributions that have a part in a report: the last two unpack captures."""


class Number(NamedTuple):
    """A threshold or a limit."""

    name: str
    value: int
    usual: bool
    """It is as by default."""


@dataclass(frozen=True, slots=True)
class Tool:
    """Names and values."""

    rows: tuple[tuple[str, str], ...]
    command: str
    settings: tuple[tuple[str, str], ...]
    thresholds: tuple[Number, ...]
    limits: tuple[Number, ...]


def tool_facts(
    settings: Settings, selected: Sequence[int] | None, command: Sequence[str], zone: str, *, masked: bool
) -> Tool:
    """Return the facts about this program and this run of it."""
    usual = Settings()
    return Tool(
        rows=tuple(_versions()),
        command=shlex.join(["pop2dissect", *command]),
        settings=(
            ("Server ports", ", ".join(str(port) for port in sorted(settings.ports))),
            ("Servers on other ports", "looked for by their greetings" if settings.any_port else "not looked for"),
            ("Of two copies that differ", f"the {settings.overlap} counts"),
            ("Checksums", "verified" if settings.check_checksums else "not verified"),
            ("Sessions", "all" if selected is None else ", ".join(str(number) for number in sorted(selected))),
            ("Passwords", "masked" if masked else "shown"),
            ("Times", "UTC" + (f" and {zone}" if zone else "")),
        ),
        thresholds=_numbers(settings.thresholds.as_dict(), usual.thresholds.as_dict()),
        limits=_numbers(settings.limits.as_dict(), usual.limits.as_dict()),
    )


def _numbers(values: Mapping[str, int], usual: Mapping[str, int]) -> tuple[Number, ...]:
    return tuple(Number(name, value, value == usual[name]) for name, value in values.items())


def _versions() -> Iterator[tuple[str, str]]:
    yield "pop2dissect", __version__
    yield "Python", f"{platform.python_implementation()} {platform.python_version()}"
    for name in _DEPENDENCIES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, "not installed"
