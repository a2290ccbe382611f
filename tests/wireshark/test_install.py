"""The plugin gets to where Wireshark looks for it, and away from there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pop2dissect.errors import UsageError
from pop2dissect.wireshark import install as module
from pop2dissect.wireshark.install import install, loading_problem, personal_plugin_folder, plugin_path, run, uninstall


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
    assert any("pop2" in line.split("\t") for line in listed.stdout.splitlines())  # newer versions add columns
    assert loading_problem() is None


@pytest.mark.parametrize(
    ("version", "root", "problem"),
    [
        ("Compiled with Lua 5.4.7, with GnuTLS", True, "not load it for root"),
        ("Compiled with Lua 5.4.7, with GnuTLS", False, "see 'tshark -G protocols'"),
        ("Compiled without Lua, with GnuTLS", True, "built without Lua"),
        ("Without:\n  -Lua", False, "built without Lua"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="a script stands in for tshark")
def test_a_plugin_that_is_not_loaded(
    home: Path, monkeypatch: pytest.MonkeyPatch, version: str, root: bool, problem: str
) -> None:
    silent = home / "tshark"
    silent.write_text(
        f"#!/bin/sh\ncase $2$1 in protocols*) echo 'Post Office Protocol\tPOP\tpop';; "
        f"*version) echo '{version}';; esac\n"
    )
    silent.chmod(0o755)
    monkeypatch.setenv("PATH", f"{home}:/usr/bin:/bin")
    monkeypatch.setattr(module.os, "geteuid", lambda: 0 if root else 1000)
    said = run("install")
    assert said.startswith(f"installed {install()}; ")
    assert problem in said


def test_without_tshark(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_program", lambda name: None)
    if sys.platform != "win32":
        assert personal_plugin_folder() == home / ".local" / "lib" / "wireshark" / "plugins"


def test_a_folder_that_cannot_be_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "personal_plugin_folder", lambda: home / "file" / "plugins")
    (home / "file").write_text("in the way")
    with pytest.raises(UsageError, match="cannot be written"):
        install()
    with pytest.raises(UsageError, match="cannot be removed"):
        uninstall()
