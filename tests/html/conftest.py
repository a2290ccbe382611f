"""One report of the incident for all tests here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.html.pages import OPTIONS, ReadPage, make_report
from tests.support.truth import capture_path


@pytest.fixture(scope="session")
def incident(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_report(
        tmp_path_factory.mktemp("incident"), capture_path("incident_small"), *OPTIONS, "--tz", "Europe/Berlin"
    )


@pytest.fixture(scope="session")
def read_incident(incident: Path) -> ReadPage:
    return ReadPage(incident)
