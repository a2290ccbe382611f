"""The browser, driven by Textual's pilot: each key, and what is on the screen after it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from pop2dissect.browse.app import PANES, Browser
from pop2dissect.browse.book import Book
from pop2dissect.browse.rows import Rows
from pop2dissect.browse.screens import Ask, Over
from pop2dissect.cli import ExitStatus, main
from pop2dissect.document.display_filters import openable
from pop2dissect.filters import ORDERS
from pop2dissect.masking import Redaction
from pop2dissect.pipeline import Dissection
from pop2dissect.text.rendering import Rendering
from tests.support.truth import capture_path

Driven = Callable[[Browser, "Pilot[None]"], Awaitable[None]]


@pytest.fixture(scope="module")
def dissected() -> Iterator[Callable[[], Book]]:
    with Dissection(capture_path("incident_small")) as dissection:
        redaction = Redaction(False)
        sessions = sorted(dissection.wanted(redaction.session), key=lambda session: session.id)
        yield lambda: Book(
            sessions,
            redaction.findings(dissection.findings),
            redaction.incidents(dissection.incidents),
            dissection.captures,
            dissection.warnings,
            dissection.settings,
            Rendering(captures=openable(dissection.captures)),
        )


@pytest.fixture
def drive(dissected: Callable[[], Book]) -> Callable[[Driven], None]:
    def driven(script: Driven, size: tuple[int, int] = (80, 24)) -> None:
        async def run() -> None:
            app = Browser(dissected())
            async with app.run_test(size=size) as pilot:
                await pilot.pause()
                await script(app, pilot)

        asyncio.run(run())

    return driven


def screen(app: Browser) -> str:
    """Return what is shown, pane by pane, without what is not on the screen."""
    panes = (pane for pane in app.screen.query(Rows) if pane.display and pane.size.height)
    return "\n".join(pane.render_line(y).text for pane in panes for y in range(pane.scrollable_content_region.height))


def focused(app: Browser) -> str | None:
    return app.focused.id if app.focused else None


def test_all_panes_and_keys_fit_a_small_terminal(drive: Callable[[Driven], None]) -> None:
    """What happened is chosen at first, and told in full; the keys stand in the last line."""

    async def script(app: Browser, pilot: Pilot[None]) -> None:
        assert focused(app) == "story"
        assert "after 12 refused" in screen(app)
        for key, name in zip("12345", PANES, strict=True):
            await pilot.press("2", "enter", key)
            assert focused(app) == name
        for name in PANES:
            pane = app.query_one(f"#{name}", Rows)
            assert pane.size.height >= 5
            assert pane.region.right <= 80
            assert pane.region.bottom <= 23
        await pilot.press("1", "tab")
        assert focused(app) == "sessions"
        await pilot.press("shift+tab")
        assert focused(app) == "story"
        keys = app.query_one("#keys", Rows)
        assert keys.region.bottom == 24
        assert keys.render_line(0).text.split()[:4] == ["/", "find", "f", "follow"]
        assert keys.render_line(0).text.split()[-4:] == ["?", "keys", "q", "quit"]

    drive(script)


def test_enter_goes_deeper_from_an_incident_to_its_octets(drive: Callable[[Driven], None]) -> None:
    async def script(app: Browser, pilot: Pilot[None]) -> None:
        await pilot.press("down", "enter")
        assert focused(app) == "sessions"
        assert app.book.asked == "session:47"
        assert app.line is not None
        assert 3020 in map(int, app.line.frames)
        await pilot.press("enter", "enter")
        assert focused(app) == "details"
        await pilot.press("down", "down", "enter")
        assert focused(app) == "octets"
        assert "90 90 90 90 90 90 90 90" in screen(app)
        await pilot.press("escape")
        assert len(app.book.shown) == 54

    drive(script)


def test_lists_are_moved_through(drive: Callable[[Driven], None]) -> None:
    async def script(app: Browser, pilot: Pilot[None]) -> None:
        sessions = app.query_one("#sessions", Rows)
        await pilot.press("2")
        seen = []
        for key in ("down", "up", "end", "home", "pagedown", "pageup", "j", "k", "G", "g", "n", "p"):
            await pilot.press(key)
            seen.append(sessions.place)
        page = sessions.scrollable_content_region.height - 1
        assert seen == [1, 0, 53, 0, page, 0, 1, 0, 53, 0, 1, 0]
        before = screen(app)
        await pilot.press("right")
        assert screen(app) != before
        await pilot.press("left")
        assert screen(app) == before
        await pilot.press("3", "n")
        assert (focused(app), sessions.place) == ("lines", 1)
        await pilot.click(sessions, offset=(5, 3))
        assert sessions.place == 2

    drive(script)


def test_sessions_are_found_by_what_is_typed(drive: Callable[[Driven], None]) -> None:
    async def script(app: Browser, pilot: Pilot[None]) -> None:
        await pilot.press("slash")
        app.screen.query_one(Input).value = "user:bertil login:accepted"
        await pilot.press("enter")
        assert {session.user for session in app.book.shown} == {"bertil"}
        assert {session.login for session in app.book.shown} == {"accepted"}
        assert "found: user:bertil login:accepted" in app.query_one("#head", Rows).render_line(0).text
        await pilot.press("slash")
        app.screen.query_one(Input).value = "login:perhaps"
        await pilot.press("enter")
        assert "is none of" in screen(app)
        await pilot.press("escape", "slash", "escape")
        assert app.book.asked == "user:bertil login:accepted"
        await pilot.press("slash")
        app.screen.query_one(Input).value = "nowhere-to-be-found"
        await pilot.press("enter", "f", "m", "w", "2", "enter")
        assert app.session is None
        await pilot.press("escape")
        assert app.session is not None

    drive(script)


def test_order_zoom_follow_wireshark_and_keys(drive: Callable[[Driven], None]) -> None:
    async def script(app: Browser, pilot: Pilot[None]) -> None:
        await pilot.press("2", "o")
        assert app.book.order == ORDERS[1]
        assert app.book.shown[0].id in (41, 47)
        await pilot.press(*"o" * (len(ORDERS) - 1), "3", "z")
        assert app.query_one("#lines", Rows).size.height >= 20
        assert not app.query_one("#story", Rows).region
        await pilot.press("escape")
        assert app.query_one("#story", Rows).region
        await pilot.press("f")
        assert isinstance(app.screen, Over)
        assert "→ HELO hedda ********" in screen(app)
        await pilot.press("escape", "2", "enter", "down", "w")
        said = screen(app).replace("\n", "")
        assert f"wireshark -r {capture_path('incident_small')} -g 37 -Y" in " ".join(said.split())
        await pilot.press("q", "question_mark")
        assert "user:name" in screen(app)
        await pilot.press("escape", "q")
        assert app._exit

    drive(script)


def test_what_is_marked_is_exported_and_verified(drive: Callable[[Driven], None], tmp_path: Path) -> None:
    async def script(app: Browser, pilot: Pilot[None]) -> None:
        await pilot.press("e")
        assert "no session is marked" in screen(app)
        await pilot.press("escape", "2", "m", "down", "space")
        assert app.book.marked == {1, 2}
        assert "2 marked" in screen(app)
        for key, path in (("e", "mail"), ("a", "frames.pcapng"), ("a", "frames.pcapng")):
            await pilot.press(key)
            assert isinstance(app.screen, Ask)
            app.screen.query_one(Input).value = str(tmp_path / path)
            await pilot.press("enter")
            await app.workers.wait_for_complete()
            await pilot.pause()
            if (tmp_path / path).exists():
                said = screen(app)
            await pilot.press("escape", "escape")
        assert "exists" in said
        await pilot.press("M")
        assert len(app.book.marked) == 54
        await pilot.press("M")
        assert not app.book.marked

    drive(script)
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 7
    for path in ("mail", "frames.pcapng"):
        assert main(["verify", "--quiet", str(tmp_path / path), str(capture_path("incident_small"))]) == ExitStatus.DONE


def test_a_wide_terminal_has_more_room(dissected: Callable[[], Book]) -> None:
    async def run() -> None:
        app = Browser(dissected())
        async with app.run_test(size=(200, 50)) as pilot:
            await pilot.press("down", "enter", "enter")
            await pilot.pause()
            assert "90 90 90 90 90 90 90 90  90 90 90 90 90 90 90 90" in screen(app)
            assert "198.51.100.23:109" in screen(app)
            await pilot.resize_terminal(80, 24)
            await pilot.pause()
            assert "90 90 90 90 90 90 90 90  90" not in screen(app)

    asyncio.run(run())


def test_without_a_terminal_or_the_library_a_sentence_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    capture = str(capture_path("rfc937_normal"))
    assert main(["browse", capture]) == ExitStatus.USAGE
    assert "browse needs a terminal" in capsys.readouterr().err
    program = (
        "import sys; sys.modules['textual'] = None; from pop2dissect.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "browse", capture], capture_output=True, text=True, check=False
    )
    assert done.returncode == ExitStatus.USAGE
    assert "this needs textual" in done.stderr
    assert "pip install" in done.stderr
