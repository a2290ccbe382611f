"""Existing files are never overwritten."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from pop2dissect.errors import UsageError
from pop2dissect.export.folder import Folder
from pop2dissect.writing import NewFile


def test_a_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "case" / "mail")
    written = folder.write("a.eml", [b"one", memoryview(b"two")])
    assert (tmp_path / "case" / "mail" / "a.eml").read_bytes() == b"onetwo"
    assert written == (6, hashlib.sha256(b"onetwo").hexdigest())


def test_an_empty_folder_will_do_and_one_with_something_in_it_will_not(tmp_path: Path) -> None:
    Folder(tmp_path)
    (tmp_path / ".hidden").touch()
    with pytest.raises(UsageError, match="is not empty"):
        Folder(tmp_path)


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is not a directory"):
        Folder(tmp_path / "file")


def test_nothing_is_written_twice(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write("a", [b"first"])
    with pytest.raises(FileExistsError):
        folder.write("a", [b"second"])
    assert (tmp_path / "a").read_bytes() == b"first"


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\\b", "a\0b", "c:x"])
def test_a_name_must_not_lead_anywhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="lead anywhere"):
        Folder(tmp_path / "folder").write(name, [b"x"])
    assert list(tmp_path.rglob("*")) == [tmp_path / "folder"]


def test_a_link_that_waits_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "folder")
    (tmp_path / "folder" / "a").symlink_to(tmp_path / "victim")
    with pytest.raises(FileExistsError):
        folder.write("a", [b"x"])
    assert not (tmp_path / "victim").exists()


def test_a_new_file_is_never_an_old_one(tmp_path: Path) -> None:
    path = tmp_path / "x.mbox"
    with NewFile(path) as file:
        file.write(b"kept")
    with pytest.raises(UsageError, match="not overwritten"), NewFile(path):
        pass
    assert path.read_bytes() == b"kept"


def test_a_file_that_could_not_be_completed_does_not_stay(tmp_path: Path) -> None:
    with pytest.raises(KeyError), NewFile(tmp_path / "x") as file:
        file.write(b"half")
        raise KeyError
    assert os.listdir(tmp_path) == []  # noqa: PTH208
