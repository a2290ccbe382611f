"""Damaged captures: every export gives what there is or one sentence, and what it gives can be verified."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pop2dissect.cli import ExitStatus, main
from tests.support.truth import capture_path

EXPORTS = ("mail", "streams", "attachments", "mbox", "case", "dfxml")


def damaged(octets: bytes, seed: int) -> bytes:
    """Change some octets, leave some out, put some in."""
    number = random.Random(seed)
    made = bytearray(octets)
    for _ in range(number.choice([1, 5, 50])):
        place = number.randrange(len(made))
        match number.randrange(4):
            case 0:
                del made[place : place + number.randrange(60)]
            case 1:
                made[place:place] = number.randbytes(number.randrange(20))
            case _:
                made[place] = number.randrange(256)
    return bytes(made)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("name", ["format_pcapng", "derived_conflicting_overlap"])
def test_nothing_breaks(name: str, seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture = tmp_path / "damaged"
    capture.write_bytes(damaged(capture_path(name).read_bytes(), seed))
    options = [f"--export-{what}={tmp_path / what}" for what in EXPORTS]
    status = main(["--quiet", "--json", *options, f"--annotate={tmp_path / 'a.pcapng'}", str(capture)])
    printed = capsys.readouterr()
    if status != ExitStatus.DONE:
        assert status == ExitStatus.UNREADABLE
        assert printed.err.count("\n") == 1
        return
    (tmp_path / "result.json").write_text(printed.out)
    for result in ("result.json", "mail", "attachments", "streams"):
        assert main(["verify", "--quiet", str(tmp_path / result), str(capture)]) == ExitStatus.DONE
