"""The profile and the colours that docs/wireshark.md offers are as Wireshark takes them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.truth import capture_path
from tests.wireshark.plugin_support import PLUGIN, run_tshark

PROFILE = Path(__file__).parents[3] / "docs" / "wireshark-profile" / "POP2"


def test_the_profile_is_taken(tshark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    shutil.copytree(PROFILE, tmp_path / ".config" / "wireshark" / "profiles" / "POP2")
    command = [tshark, "-C", "POP2", "-n", "-X", f"lua_script:{PLUGIN}", "-r", str(capture_path("rfc937_normal"))]
    listed = subprocess.run([*command, "-Y", "pop2.command == RETR"], capture_output=True, text=True, check=True)
    assert "POP2 3 ITEM C: RETR" in listed.stdout, "the columns of the profile"
    assert "tshark:" not in listed.stderr


def test_the_colours_are_filters(tshark: str) -> None:
    lines = (PROFILE / "colorfilters").read_text("utf-8").splitlines()
    rules = [line.split("@") for line in lines if line.startswith("@")]
    assert len(rules) > 5
    together = " || ".join(f"({rule[2]})" for rule in rules)
    assert run_tshark("-r", capture_path("rfc937_normal"), "-Y", together).returncode == 0
