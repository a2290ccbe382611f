"""Several processes give what one gives, whatever becomes of them."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import pytest

import pop2dissect
from pop2dissect.archive import ahead
from pop2dissect.archive.ahead import sift_apart
from pop2dissect.cli import main
from pop2dissect.cli.status import ExitStatus
from tests.support.archive import write_archive
from tests.support.network import Network, login
from tests.support.wire import save


def ends_in_the_second(path: str, *others: Any) -> Any:
    if Path(path).name == "1.pcap":
        os.kill(os.getpid(), signal.SIGKILL)
    return sift_apart(path, *others)


def test_the_result_is_that_of_one_process_also_where_a_worker_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "_IN_MEMORY", 2000)  # of some captures the packets go through files
    paths = write_archive(tmp_path, 24)
    expected = pop2dissect.read(paths)
    with pop2dissect.Dissection(paths, jobs=2) as dissection:
        workers = multiprocessing.active_children()
        sessions = iter(dissection)
        found = [next(sessions)]
        workers[0].kill()
        found += sessions
        assert sorted(found, key=lambda session: session.id) == expected.sessions
        assert dissection.octets_read == dissection.octets
        assert [*dissection.captures] == expected.captures
        assert dissection.warnings == expected.general_warnings
    assert not set(multiprocessing.active_children()) & set(workers)


def test_a_capture_that_ends_each_worker_is_named_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        save(tmp_path / f"{number}.pcap", Network().session(login(f"user{number}")).packets)
    monkeypatch.setattr(ahead, "sift_apart", ends_in_the_second)
    assert main(["--jobs", "2", "--jsonl", str(tmp_path)]) == ExitStatus.UNREADABLE
    out, err = capsys.readouterr()
    assert "user0" in out
    assert "user1" not in out
    assert "user2" in out
    assert f"{tmp_path}/1.pcap cannot be read: the process that read it was ended by SIGKILL, 3 times" in err
