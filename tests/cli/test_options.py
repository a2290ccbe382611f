"""What the options mean, and which values they refuse."""

from __future__ import annotations

import json

import pytest

from pop2dissect.cli import ExitStatus, main
from pop2dissect.cli.options import parser, settings_of
from pop2dissect.errors import UsageError
from pop2dissect.findings.catalogue import CATALOGUE
from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.settings import Settings
from tests.support.truth import capture_path


def test_without_options_the_settings_are_the_defaults() -> None:
    assert settings_of(parser().parse_args(["x.pcap"])) == Settings()


def test_thresholds_are_set_by_name_and_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    options = parser().parse_args(["--threshold", "scan_servers=3", "--threshold", "nop_run=9", "x.pcap"])
    assert settings_of(options).thresholds == Thresholds(scan_servers=3, nop_run=9)
    assert main(["--json", "--threshold", "scan_servers=3", str(capture_path("rfc937_normal"))]) == ExitStatus.DONE
    assert json.loads(capsys.readouterr().out)["settings"]["thresholds"]["scan_servers"] == 3


@pytest.mark.parametrize("value", ["nop_run", "nop_run=", "nop_run=x", "nop_run=-1", "nop=1", "=1", ""])
def test_wrong_thresholds_are_refused(value: str) -> None:
    with pytest.raises(UsageError):
        parser().parse_args(["--threshold", value, "x.pcap"])


def test_a_threshold_decides(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(capture_path("incident_small"))
    ids = []
    for servers in ("12", "13"):
        assert main(["--json", "--threshold", f"scan_servers={servers}", path]) == ExitStatus.DONE
        ids.append({finding["id"] for finding in json.loads(capsys.readouterr().out)["findings"]})
    assert ids[0] - ids[1] == {"recon.scan"}


def test_the_catalogue_is_listed_without_a_capture(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["findings", "--catalogue"]) == ExitStatus.DONE
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [one.id for one in CATALOGUE]


def test_any_port_finds_servers_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(capture_path("inetd_port_10109"))
    assert main(["--json", path]) == ExitStatus.DONE
    assert json.loads(capsys.readouterr().out)["sessions"] == []
    assert main(["--json", "--any-port", path]) == ExitStatus.DONE
    document = json.loads(capsys.readouterr().out)
    assert {session["server"]["port"] for session in document["sessions"]} == {10109}
    assert document["settings"]["any_port"] is True
