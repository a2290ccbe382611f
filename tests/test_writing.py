"""Every byte is written or an error names the file; files appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import pop2dissect.writing
from fuzz.disks import violations
from pop2dissect.cli import ExitStatus
from pop2dissect.errors import ExistingFileError, OutputError
from pop2dissect.text.spool import Spool
from pop2dissect.writing import FullWriter, NewFile
from tests.support.truth import capture_path


@pytest.fixture(params=["without a name", "hidden"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder, on a system with files without names and on one without."""
    if request.param == "hidden":
        monkeypatch.setattr(pop2dissect.writing, "_DESCRIPTORS", str(tmp_path / "nothing"))
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder


def listed(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))  # noqa: PTH208


def test_a_file_has_its_name_when_it_is_complete(folder: Path) -> None:
    path = folder / "x"
    with NewFile(path) as file:
        file.write(b"one")
        file.flush()
        assert not path.exists()
        file.write(b"two")
        file.seek(1)
        file.write(b"N")
        file.seek(6)
    assert path.read_bytes() == b"oNetwo"
    assert listed(folder) == ["x"]
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_file_that_is_not_completed_was_never_there(folder: Path) -> None:
    with pytest.raises(KeyError), NewFile(folder / "x") as file:
        file.write(b"half" * 100_000)
        raise KeyError
    assert listed(folder) == []


def test_what_is_there_or_comes_in_between_is_kept(folder: Path) -> None:
    path = folder / "x"
    with pytest.raises(ExistingFileError, match="already exists and is not overwritten"), NewFile(path) as file:
        file.write(b"ours")
        path.write_bytes(b"theirs")
    assert path.read_bytes() == b"theirs"
    with pytest.raises(ExistingFileError) as raised:
        NewFile(path)
    assert isinstance(raised.value, FileExistsError)
    assert raised.value.path == str(path)
    (folder / "link").symlink_to(folder / "nowhere")
    with pytest.raises(ExistingFileError):
        NewFile(folder / "link")
    assert listed(folder) == ["link", "x"]


def test_where_no_file_can_have_two_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(pop2dissect.writing, "_DESCRIPTORS", "/nothing")
    monkeypatch.setattr(os, "link", refuse)
    with NewFile(folder / "x") as file:
        file.write(b"whole")
    assert (folder / "x").read_bytes() == b"whole"
    with pytest.raises(ExistingFileError), NewFile(folder / "y"):
        (folder / "y").touch()
    assert listed(folder) == ["x", "y"]


def test_errors_name_the_file(folder: Path) -> None:
    (folder / "no").touch()
    with pytest.raises(OutputError, match="x cannot be written: Not a directory") as raised:
        NewFile(folder / "no" / "x")
    assert raised.value.path == str(folder / "no" / "x")
    with pytest.raises(OutputError, match="device cannot be written: No space left"):
        FullWriter(os.open("/dev/full", os.O_WRONLY), "device").write(b"x")


def test_short_writes_are_continued(monkeypatch: pytest.MonkeyPatch) -> None:
    written = bytearray()

    def write(_descriptor: int, octets: memoryview) -> int:
        if len(written) % 3 == 2:
            written.extend(octets[:1])
            raise_once.append(None)
            if len(raise_once) % 2:
                del written[-1]
                raise BlockingIOError
            return 1
        written.extend(octets[:1])
        return 1

    raise_once: list[None] = []
    monkeypatch.setattr(os, "write", write)
    monkeypatch.setattr(pop2dissect.writing.select, "select", lambda *_: None)
    assert FullWriter(1, "x").write(b"abcdefghij") == 10
    assert written == b"abcdefghij"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("mode", ["--json", "-V"])
def test_a_slow_reader_of_a_non_blocking_pipe_gets_all(mode: str, unbuffered: str) -> None:
    command = [sys.executable, "-m", "pop2dissect", mode, str(capture_path("incident_small"))]
    whole = subprocess.run(command, capture_output=True, check=True).stdout
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    got = bytearray()

    def read() -> None:
        while octets := os.read(reading, 5000):
            got.extend(octets)

    reader = threading.Thread(target=read)
    with subprocess.Popen(
        command, stdout=writing, stderr=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": unbuffered}
    ) as process:
        os.close(writing)
        reader.start()
        assert process.wait(60) == ExitStatus.DONE
        assert process.stderr is not None
        assert process.stderr.read() == b""
    reader.join(20)
    os.close(reading)
    assert got == whole


def test_a_full_folder_for_temporary_files_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def write(self, _: bytes) -> int:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            pass

    spool = Spool()
    monkeypatch.setattr(spool, "_file", Full())
    with pytest.raises(OutputError, match=r"a temporary file.* cannot be written: No space left on device"):
        spool.add(1, "x")


def test_a_full_disk_leaves_nothing_partial_and_is_never_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """``python -m fuzz.disks`` has as many sizes as are wanted; here are few, for every output."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "500000000")
    assert list(violations(capture_path("rfc937_normal"), sizes=4)) == []


def test_what_is_lost_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = FullWriter.write

    def silent(self: FullWriter, octets: bytes) -> int:
        with contextlib.suppress(OutputError):
            whole(self, octets)
        return len(octets)

    monkeypatch.setattr(FullWriter, "write", silent)
    found = list(violations(capture_path("rfc937_normal"), sizes=3, names=frozenset({"json", "export_mbox"})))
    assert any("json: at " in one and "status 0, but not all is there" in one for one in found)
    assert any("export_mbox: at " in one and "are not whole" in one for one in found)
