"""The helpers themselves."""

from __future__ import annotations

import pytest

from tests.support import programs, truth


def test_every_capture_has_its_truth() -> None:
    found = truth.captures()
    assert len(found) >= 49
    for capture, path in found:
        assert capture.parent == path.parent
        recorded = truth.load_truth(capture)
        assert recorded["capture"].removesuffix(".gz") == capture.name.removesuffix(".gz")
        assert recorded == truth.load_truth(path.name.partition(".")[0])
        assert recorded["session_count"] == len(recorded["sessions"])
    unpaired = {
        path.name.partition(".")[0] for folder in truth.FOLDERS for path in folder.iterdir() if ".pcap" in path.name
    } - set(truth.capture_names())
    assert not unpaired


def test_no_such_capture() -> None:
    with pytest.raises(FileNotFoundError, match=r"no nothing\.pcap"):
        truth.capture_path("nothing")


def test_data_stays_small() -> None:
    folders = (truth.ROOT / "samples", truth.ROOT / "tests" / "data")
    octets = sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())
    assert octets < 15_000_000


def test_a_missing_program(monkeypatch: pytest.MonkeyPatch) -> None:
    assert programs.need("python3") or programs.need("python")
    monkeypatch.setenv("CI", "false")
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not installed"):
        programs.need("no-such-program")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-program is not installed, but CI is set"):
        programs.need("no-such-program")
