"""How the package is built beyond what setuptools does (pyproject.toml names the classes).

The wheel also has the pages of docs/ and the sample captures. The sdist is the same octets for the same sources, with
the time of SOURCE_DATE_EPOCH, else of 1980; wheels heed that by themselves.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
from pathlib import Path

from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

_EARLIEST = 315532800  # 1980, as zip archives begin there
SHIPPED = {"docs": ("*.md", "*/*.md"), "samples": ("*.pcap", "*.pcapng", "README.md")}
"""Folders of the source tree that go into ``pop2dissect/share/``, and which files of them."""


class BuildPy(build_py):
    """Copies pages and samples into the package, unless it is used where its sources are."""

    def run(self) -> None:
        """Build."""
        super().run()
        if not self.editable_mode:
            for source in shipped():
                target = Path(self.build_lib, "pop2dissect", "share", source)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)


def shipped() -> list[Path]:
    """Return the files that go along, below the folder of the project, which is the present one."""
    return [path for folder, kinds in SHIPPED.items() for kind in kinds for path in sorted(Path(folder).glob(kind))]


class Sdist(sdist):
    """Writes the archive in order, with one time and no owners."""

    def make_archive(
        self,
        base_name: str,
        format: str,  # noqa: A002 (setuptools calls it so)
        root_dir: str | None = None,
        base_dir: str | None = None,
        owner: str | None = None,
        group: str | None = None,
    ) -> str:
        """Write the archive; return its name."""
        if format != "gztar" or root_dir is not None or base_dir is None:
            return str(super().make_archive(base_name, format, root_dir, base_dir, owner, group))
        time = max(int(os.environ.get("SOURCE_DATE_EPOCH", _EARLIEST)), _EARLIEST)

        def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            member.mtime = time
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            return member

        with (
            Path(f"{base_name}.tar.gz").open("wb") as file,
            gzip.GzipFile("", "wb", fileobj=file, mtime=time) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            archive.add(base_dir, filter=plain)  # goes through folders in the order of names
        return file.name
