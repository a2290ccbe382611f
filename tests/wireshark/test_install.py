"""The plugin gets to where Wireshark looks for it, and away from there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pop2dissect.errors import MissingLibraryError, UsageError
from pop2dissect.wireshark import install as module
from pop2dissect.wireshark import pyshark_helper
from pop2dissect.wireshark.install import install, personal_plugin_folder, plugin_path, run, uninstall
from tests.support.truth import capture_path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home of its own, so that no test touches a person's settings."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return tmp_path


def test_there_is_a_plugin() -> None:
    assert "RFC 937" in plugin_path().read_text(encoding="utf-8")
    assert run("path") == str(plugin_path())


def test_install_and_uninstall(home: Path) -> None:
    target = install()
    assert target == personal_plugin_folder() / "pop2.lua"
    assert target.is_relative_to(home)
    assert target.read_bytes() == plugin_path().read_bytes()
    assert install() == target, "again, over the old one"
    assert run("install").startswith(f"installed {target}")
    assert uninstall() == target
    assert uninstall() is None
    assert run("uninstall") == "the plugin was not installed"


def test_tshark_finds_it_there(home: Path, tshark: str) -> None:
    install()
    listed = subprocess.run([tshark, "-G", "protocols"], capture_output=True, text=True, check=True)
    assert "\tpop2\n" in listed.stdout


def test_without_tshark(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    if sys.platform != "win32":
        assert personal_plugin_folder() == home / ".local" / "lib" / "wireshark" / "plugins"


def test_a_folder_that_cannot_be_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "personal_plugin_folder", lambda: home / "file" / "plugins")
    (home / "file").write_text("in the way")
    with pytest.raises(UsageError, match="cannot be written"):
        install()
    with pytest.raises(UsageError, match="cannot be removed"):
        uninstall()


def test_pyshark_is_named_when_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyshark", None)
    with pytest.raises(MissingLibraryError, match=r"pip install 'pop2dissect\[tshark\]'"):
        pyshark_helper.open_capture("any.pcap")


PYSHARK = """
from pop2dissect.wireshark.pyshark_helper import open_capture
with open_capture({capture!r}, display_filter="pop2.user") as capture:
    print([packet.pop2.user for packet in capture])
"""


def test_pyshark_reads_with_the_plugin(tshark: str) -> None:
    # In a process of its own: pyshark leaves an event loop and a signal handler behind.
    script = PYSHARK.format(capture=str(capture_path("rfc937_normal")))
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout == "['Fred']\n"
