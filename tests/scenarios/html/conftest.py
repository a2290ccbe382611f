"""A browser for each module that asks for one, and one report of the incident for all tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.html.conftest import incident
from tests.support.browser import chromium

__all__ = ["browser", "incident"]


@pytest.fixture(scope="module")  # and no longer: while it runs, no other test of the process can use asyncio
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser
