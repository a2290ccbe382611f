"""What made the report: program, versions, command line, and every setting that can change the result."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from pop2dissect.limits import Numbers
from pop2dissect.settings import SETTINGS, Named, Settings
from pop2dissect.version import __version__

_DEPENDENCIES = ("Jinja2", "MarkupSafe", "zstandard", "lz4")
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
    numbers: tuple[tuple[str, tuple[Number, ...]], ...]
    """Settings that are many numbers, each with a heading."""


def tool_facts(settings: Settings, command: Sequence[str], zone: str, *, masked: bool) -> Tool:
    """Return the facts about this program and this run of it."""
    values = [(setting, getattr(settings, name)) for name, setting in SETTINGS.items()]
    return Tool(
        rows=tuple(_versions()),
        command=shlex.join(["pop2dissect", *command]) if command else "none: made by a program in Python",
        settings=(
            *((setting.label, setting.shown(value)) for setting, value in values if not isinstance(setting, Named)),
            ("Sessions", settings.filters.words()),
            ("Passwords", "masked" if masked else "shown"),
            ("Times", "UTC" + (f" and {zone}" if zone else "")),
        ),
        numbers=tuple(
            (setting.label, tuple(_numbers(setting, value))) for setting, value in values if isinstance(setting, Named)
        ),
    )


def _numbers(setting: Named[Numbers], value: Numbers) -> Iterator[Number]:
    unusual = setting.unusual(value)
    return (Number(name, number, name not in unusual) for name, number in value.as_dict().items())


def _versions() -> Iterator[tuple[str, str]]:
    yield "pop2dissect", __version__
    yield "Python", f"{platform.python_implementation()} {platform.python_version()}"
    for name in _DEPENDENCIES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, "not installed"
