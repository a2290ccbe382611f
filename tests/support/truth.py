"""The recorded captures, and what the programs that made them say really happened.

They lie in two folders: ``samples/`` holds those that are instructive for people, ``tests/data/captures/``
all others. Beside ``NAME.pcap``, ``NAME.pcapng`` or either with ``.gz`` lies ``NAME.truth.json``, if it is
long as ``NAME.truth.json.gz``. ``tests/data/captures/README.md`` says what is in them.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "samples", ROOT / "tests" / "data" / "captures")

_CAPTURE_ENDINGS = (".pcap", ".pcapng", ".pcap.gz", ".pcapng.gz")
_TRUTH_ENDINGS = (".truth.json", ".truth.json.gz")


def captures() -> list[tuple[Path, Path]]:
    """Return all captures that have a truth file, with it, in the order of their names."""
    return [(capture_path(name), truth_path(name)) for name in capture_names()]


@cache
def capture_names() -> tuple[str, ...]:
    """Return the names of all captures that have a truth file: the file name up to its first dot."""
    return tuple(
        sorted(
            path.name.partition(".")[0]
            for folder in FOLDERS
            for path in folder.iterdir()
            if path.name.endswith(_TRUTH_ENDINGS)
        )
    )


def capture_path(name: str) -> Path:
    """Find a capture by its name, such as ``fetchmail_fold``."""
    return _find(name, _CAPTURE_ENDINGS)


def truth_path(name: str) -> Path:
    """Find the truth file of a capture by its name."""
    return _find(name, _TRUTH_ENDINGS)


@cache
def _read_truth(path: Path) -> str:
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes()).decode()
    return path.read_text(encoding="utf-8")


def load_truth(capture: str | Path) -> dict[str, Any]:
    """Read the truth of a capture, given its name or its path or that of the truth file."""
    truth: dict[str, Any] = json.loads(_read_truth(truth_path(Path(capture).name.partition(".")[0])))
    return truth


def _find(name: str, endings: tuple[str, ...]) -> Path:
    for folder in FOLDERS:
        for ending in endings:
            path = folder / (name + ending)
            if path.is_file():
                return path
    raise FileNotFoundError(f"no {name}{endings[0]} or the like in {' or '.join(map(str, FOLDERS))}")
