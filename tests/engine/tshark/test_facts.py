"""What capinfos tells, as its versions word it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pop2dissect.capture.record import CaptureInfo
from pop2dissect.engine.tshark.facts import gather_facts

OLD = """\
First packet time:   1795420003.462517
Last packet time:    1795420004.119886
"""
NEW = """\
Earliest packet time: 1795420003.462517
Latest packet time:   1795420004.119886
"""


def told(folder: Path, times: str) -> CaptureInfo:
    capture, capinfos = folder / "capture.pcap", folder / "capinfos"
    capture.write_bytes(b"any")
    capinfos.write_text(
        "#!/bin/sh\ncat <<END\n"
        f"File name:           {capture}\nFile type:           pcap\nFile encapsulation:  ether\n"
        f"Number of packets:   175\n{times}END\n"
    )
    capinfos.chmod(0o755)
    info = CaptureInfo(str(capture))
    gather_facts(str(capinfos), str(capture), info)
    return info


@pytest.mark.parametrize("times", [OLD, NEW], ids=["4.0", "4.4"])
def test_first_and_last_time(times: str, tmp_path: Path) -> None:
    info = told(tmp_path, times)
    assert (info.first_time, info.last_time) == (1795420003462517000, 1795420004119886000)
    assert info.packets == 175


def test_a_capture_without_times(tmp_path: Path) -> None:
    info = told(tmp_path, "Earliest packet time: n/a\nLatest packet time:   n/a\n")
    assert (info.first_time, info.last_time) == (None, None)
