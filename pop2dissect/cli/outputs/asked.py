"""Which outputs the options ask for."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pop2dissect.cli.outputs.base import Run
from pop2dissect.cli.outputs.declared import FILES, PRINTED, USUAL, WITH_FILES, load
from pop2dissect.errors import UsageError
from pop2dissect.export.output import FileOutput, Output


def needs_end(options: argparse.Namespace) -> bool:
    """Whether something that the options ask for is made of all sessions of the captures together."""
    homes = [one.home for one in (*PRINTED, *FILES) if getattr(options, one.name)]
    return any(load(home).needs_end for home in homes or [USUAL])


def outputs_for(run: Run, options: argparse.Namespace) -> Iterator[Output]:
    """Yield what the options ask for. Raises UsageError where two outputs would go into one folder."""
    asked: list[tuple[Any, str]] = [(one, path) for one in FILES if (path := getattr(options, one.name)) is not None]
    folders = [Path(path).resolve() for one, path in asked if one.needs_own_folder]
    if len(set(folders)) < len(folders):
        raise UsageError("each export needs a folder of its own")
    files = []
    for one, path in asked:
        output: FileOutput = load(one.home)(run, path)
        files.append(output)
        yield output  # each is entered before the next is made: if that fails, the first is taken back
    printed = next((one.home for one in PRINTED if getattr(options, one.name)), None)
    if printed is None and files:
        yield load(WITH_FILES)(run, files)
    else:
        yield load(printed or USUAL)(run)
