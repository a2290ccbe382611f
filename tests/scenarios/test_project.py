"""What a user, a packager and a contributor read is true."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pop2dissect.cli.options import parser
from pop2dissect.cli.status import ExitStatus
from pop2dissect.version import __version__
from tests.support.truth import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_licence_is_the_one_that_is_declared() -> None:
    assert PROJECT["license"] == "MIT"
    assert PROJECT["license-files"] == ["LICENSE"]
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License\n\nCopyright (c) ")


def test_every_exit_status_is_in_the_readme_and_in_the_help() -> None:
    said = parser().format_help().partition("exit status:")[2].partition("\n\n")[0]
    table = README.partition("| exit status | |")[2].partition("\n\n")[0]
    for status in ExitStatus:
        assert re.search(rf"\b{status.value}\b", said), status
        assert re.search(rf"\b{status.value}\b", table), status


def test_verify_names_its_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    from pop2dissect.cli import main

    assert main(["verify", "--help"]) == ExitStatus.DONE
    said = capsys.readouterr().out.partition("exit status:")[2]
    assert set(map(int, re.findall(r"\b\d+\b", said))) == {status.value for status in ExitStatus}


NAMES_AN_EXTRA = r"""pop2dissect\[(\w+)\]|\b(?:extra|how_to_install)\(["'](\w+)["']\)"""


def test_extras_that_messages_name_exist() -> None:
    named = set()
    for path in (ROOT / "pop2dissect").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        named |= {"".join(found) for found in re.findall(NAMES_AN_EXTRA, text)}
    assert named == {"analysis", "browse", "compression", "dask", "parquet", "remote"}
    assert named < set(PROJECT["optional-dependencies"])


def test_ci_has_a_version_of_each_library_that_is_declared() -> None:
    lines = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    kept = [Requirement(line) for line in lines if not line.startswith("#")]
    declared = [Requirement(one) for extra in PROJECT["optional-dependencies"].values() for one in extra]
    for wanted in [*map(Requirement, PROJECT["dependencies"]), *declared]:
        if wanted.name != PROJECT["name"]:
            pins = [one.specifier for one in kept if canonicalize_name(one.name) == canonicalize_name(wanted.name)]
            versions = [spec.version for pin in pins for spec in pin]
            assert versions, wanted.name
            assert all(map(wanted.specifier.contains, versions)), wanted


def test_the_changelog_has_this_version() -> None:
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert __version__ in headings


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SECURITY.md"])
def test_files_that_a_page_names_are_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    places = [ROOT, ROOT / "pop2dissect", *(ROOT / "pop2dissect").iterdir()]
    named = [name for name in re.findall(r"`([\w/.]+(?:\.(?:py|md|json)|/))`", text) if "NAME" not in name]
    linked = re.findall(r"\]\(([\w/.]+)\)", text)
    missing = [name for name in (*named, *linked) if not any((place / name).exists() for place in places)]
    assert named or linked
    assert [name for name in missing if name not in ("grammar.py", "states.py", "dissector.py", "meaning.py")] == []


def test_the_command_is_the_one_of_the_module() -> None:
    assert PROJECT["scripts"]["pop2dissect"] == "pop2dissect.__main__:run"
    assert "\ndef run() -> int:\n" in (ROOT / "pop2dissect" / "__main__.py").read_text(encoding="utf-8")
