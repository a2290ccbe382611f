"""Chromium, for tests that look at a page as a reader does. It may not load anything from anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.programs import need

_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Opened(NamedTuple):
    """A page in the browser, and what it did that it should not."""

    page: Page
    requests: list[str]
    """All but the page itself and what the page carries."""
    complaints: list[str]
    """Errors and warnings of the console, uncaught exceptions, dialogs."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser; it keeps what it stores in a folder of its own, which is taken away at the end."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=need("chromium"), args=list(_ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, path: Path, fragment: str = "", **look: Any) -> Iterator[Opened]:
    """Open a file as a page; ``look`` is what Playwright calls the options of a context."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **look})
    page = context.new_page()
    requests: list[str] = []
    complaints: list[str] = []
    url = path.resolve().as_uri()
    page.on("request", lambda request: None if request.url.startswith((url, "data:")) else requests.append(request.url))
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
    page.goto(url + fragment)
    yield Opened(page, requests, complaints)
    context.close()
