"""How far the reading is: shown on a terminal where it takes a while, and gone when it is over."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator
from typing import Any, cast

import pytest

from pop2dissect.capture.record import CaptureInfo
from pop2dissect.pipeline import Dissection
from pop2dissect.terminal import progress


def test_of_several_captures_it_counts_the_files_and_says_how_fast() -> None:
    done = progress.Done(3, 8_000_000)
    done.add(2_000_000)
    line = f"reading [{'#' * 8}{'-' * 22}] 2.0 of 8.0 MB, 1 of 3 files, 1.0 MB/s, 0:00:06 left"
    assert done.line(2) == line


@pytest.mark.parametrize(
    ("read", "total", "seconds", "line"),
    [
        (0, 0, 1, "reading 0.0 MB"),
        (0, 5_000_000, 1, "reading 0.0 MB"),
        (7_250_000, 0, 3, "reading 7.2 MB"),
        (2_000_000, 8_000_000, 2, f"reading [{'#' * 8}{'-' * 22}] 2.0 of 8.0 MB, 0:00:06 left"),
        (10, 10, 5, f"reading [{'#' * 30}] 0.0 of 0.0 MB, 0:00:00 left"),
        (1_000_000, 7_322_000_000, 1, f"reading [{'-' * 30}] 1.0 of 7,322.0 MB, 2:02:01 left"),
    ],
)
def test_line(read: int, total: int, seconds: float, line: str) -> None:
    assert progress.progress_line(read, total, seconds) == line
    assert len(line) < 80


class Slow:
    """Stands for a dissection that takes a while."""

    octets = 10
    octets_read = 5
    captures = (CaptureInfo("read.pcap", packets=7), CaptureInfo("being read.pcap"))
    patience = 2000

    def __iter__(self) -> Iterator[Any]:
        yield "one"
        for _ in range(self.patience):
            if "reading" in cast("io.StringIO", sys.stderr).getvalue():
                break
            time.sleep(0.01)
        yield "two"


def test_it_appears_after_a_while_and_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_PATIENCE", 0.01)
    monkeypatch.setattr(progress, "_INTERVAL", 0.01)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert list(progress.watched(cast("Dissection", slow := Slow()), iter(slow))) == ["one", "two"]
    shown = cast("io.StringIO", sys.stderr).getvalue()
    assert "reading [###############---" in shown
    assert "1 of 2 files, " in shown
    assert shown.endswith("\r\x1b[K")


def test_short_work_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_PATIENCE", 60)
    monkeypatch.setattr(Slow, "patience", 0)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert list(progress.watched(cast("Dissection", slow := Slow()), iter(slow))) == ["one", "two"]
    assert cast("io.StringIO", sys.stderr).getvalue() == ""


def test_a_terminal_that_went_away_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(progress, "_PATIENCE", 0.01)
    monkeypatch.setattr(progress, "_INTERVAL", 0.01)
    monkeypatch.setattr(Slow, "patience", 0)
    monkeypatch.setattr(sys, "stderr", closed)
    assert list(progress.watched(cast("Dissection", slow := Slow()), iter(slow))) == ["one", "two"]
