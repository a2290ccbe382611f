"""Where the pages of the documentation and the sample captures are: ``python -m pop2dissect.shipped`` says it."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """Return the folder ``docs`` or ``samples``: in an installed package its own, else the one of the source tree."""
    installed = _PACKAGE / "share" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def samples() -> dict[str, Path]:
    """Return the sample captures by name; README.md beside them says what each shows.

    >>> import pop2dissect
    >>> len(pop2dissect.read(pop2dissect.samples()["rfc937_normal"]))
    1
    """
    return {path.stem: path for path in sorted(folder("samples").glob("*.pcap*"))}


if __name__ == "__main__":
    print(folder("docs"), folder("samples"), sep="\n")
