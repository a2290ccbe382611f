"""A browser for each module that asks for one, and one report of the incident for all tests here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.html.pages import OPTIONS, ReadPage, make_report
from tests.support.browser import chromium
from tests.support.truth import capture_path


@pytest.fixture(scope="module")  # and no longer: while it runs, no other test of the process can use asyncio
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def incident(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_report(
        tmp_path_factory.mktemp("incident"), capture_path("incident_small"), *OPTIONS, "--tz", "Europe/Berlin"
    )


@pytest.fixture(scope="session")
def read_incident(incident: Path) -> ReadPage:
    return ReadPage(incident)
