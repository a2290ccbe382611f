"""An sdist is the same octets whenever it is made of the same files."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest
from setuptools.dist import Distribution

from tools.build import Sdist, shipped


def test_an_archive_says_what_is_in_the_files_and_not_who_made_it_when(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    folder = tmp_path / "name-1"
    made = []
    for mode, names in ((0o600, "ab"), (0o664, "ba")):
        folder.mkdir()
        for name in names:
            folder.joinpath(name).write_text(name)
            folder.joinpath(name).chmod(mode)
            os.utime(folder / name, (mode, mode))
        archive = Path(Sdist(Distribution()).make_archive("name-1", "gztar", base_dir="name-1"))
        made.append(archive.read_bytes())
        with tarfile.open(archive) as opened:
            assert {(one.mtime, one.uid, one.uname) for one in opened} == {(1700000000, 0, "")}
        for path in (*folder.iterdir(), archive):
            path.unlink()
        folder.rmdir()
    assert made[0] == made[1]


def test_pages_and_samples_go_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    assert {"docs/options.md", "docs/howto/analysts.md", "samples/README.md", "samples/rfc937_normal.pcap"} <= {
        str(path) for path in shipped()
    }
