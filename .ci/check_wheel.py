"""Whether a wheel holds what belongs to it, compiled too, and nothing else: ``python .ci/check_wheel.py WHEEL``."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

SHARED = ("pop2dissect/share/", "pop2dissect-")
"""What comes from elsewhere: pages, samples, the manual page, completion."""
PACKAGE = Path(__file__).parents[1] / "pop2dissect"


def main(wheel: str) -> int:
    """Compare the wheel's names with the sources; return the exit status."""
    names = zipfile.ZipFile(wheel).namelist()
    shipped = {name for name in names if ".dist-info/" not in name and not name.endswith(".so")}
    shipped = {name for name in shipped if not name.startswith(SHARED)}
    sources = {
        str(path.relative_to(PACKAGE.parent))
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".so"
    }
    faults = [f"not in the wheel: {name}" for name in sorted(sources - shipped)]
    faults += [f"not of the package: {name}" for name in sorted(shipped - sources)]
    if not any(name.startswith("pop2dissect/capture/scan.") and name.endswith(".so") for name in names):
        faults.append("the scan is not compiled")
    wanted = ("/share/docs/tables.md", "/share/samples/rfc937_normal.pcap", "/man1/pop2dissect.1")
    faults += [f"not in the wheel: {one}" for one in wanted if not any(name.endswith(one) for name in names)]
    if not any(name.endswith(".dist-info/licenses/LICENSE") for name in names):
        faults.append("no LICENSE in the wheel")
    print(*faults, sep="\n", end="\n" if faults else "")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
