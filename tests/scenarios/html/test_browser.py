"""The report as a reader uses it, in Chromium: panes, search, keyboard, print, and no word to the network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import pop2dissect
from pop2dissect.document.display_filters import session_command
from pop2dissect.html import octets
from pop2dissect.text.rendering import Rendering
from tests.html.pages import OPTIONS, make_report
from tests.support.browser import Opened, opened
from tests.support.phrases import CASES
from tests.support.truth import capture_path

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "narrow": {"viewport": {"width": 390, "height": 844}},
    "wide": {"viewport": {"width": 2200, "height": 1200}},
}
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of three sessions: axe takes a second for a hundred rows."""
    sessions = [option for number in ("8", "41", "47") for option in ("--session", number)]
    return make_report(tmp_path_factory.mktemp("few"), capture_path("incident_small"), *OPTIONS, *sessions)


@pytest.fixture
def shown(browser: Browser, incident: Path) -> Iterator[Opened]:
    with opened(browser, incident) as shown:
        yield shown
        assert shown.requests == []
        assert shown.complaints == []


@pytest.fixture
def page(shown: Opened) -> Page:
    return shown.page


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_is_loaded_nothing_complained_of_and_it_fits(browser: Browser, incident: Path, look: str) -> None:
    with opened(browser, incident, "#s41", **LOOKS[look]) as shown:
        expect(shown.page.locator("#s41 [role=tree]")).to_be_visible()
        assert overflow(shown.page) == 0
        assert shown.requests == []
        assert shown.complaints == []


@pytest.mark.parametrize("look", ["light", "dark", "narrow"])
def test_axe_finds_no_fault(browser: Browser, few: Path, look: str) -> None:
    # The page's own policy rightly forbids scripts that are put into it from outside.
    with opened(browser, few, "#s41", **LOOKS[look], bypass_csp=True) as shown:
        shown.page.evaluate("text => { new Function(text)(); }", AXE)
        result = shown.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        grave = [
            (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
            for one in result["violations"]
            if one["impact"] in ("serious", "critical", "moderate")
        ]
        assert grave == [], json.dumps(grave, indent=1)


def test_the_policy_forbids_scripts_and_requests(browser: Browser, incident: Path) -> None:
    with opened(browser, incident) as shown:
        page = shown.page
        page.evaluate(
            "() => { const s = document.createElement('img'); s.src = 'http://192.0.2.1/x'; document.body.append(s); }"
        )
        page.evaluate("() => fetch('http://192.0.2.1/y').catch(() => null)")
        page.evaluate(
            "() => { const s = document.createElement('script'); try { s.text = 'window.ran = 1'; } catch { return; }"
            " document.body.append(s); }"
        )
        assert page.evaluate("window.ran") is None
        assert len([said for said in shown.complaints if "Content Security Policy" in said]) >= 2


def test_the_gravest_session_is_open_at_first(page: Page) -> None:
    expect(page.locator(".session.open h3")).to_contain_text("Session 41")
    expect(page.locator(".session:visible")).to_have_count(1)


def test_exchanges_fields_and_octets(page: Page) -> None:
    page.goto(page.url.split("#")[0] + "#s41")
    session = page.locator("#s41")
    session.locator("tr", has_text="FOLD /etc/passwd").click()
    tree = session.locator("[role=tree]")
    expect(tree.locator("> [role=treeitem]")).to_have_count(2)  # the command and the reply to it
    marked = session.locator(".hex .signs .on")
    assert "".join(marked.all_inner_texts()) == "FOLD /etc/passwd.."
    tree.get_by_text("Argument: /etc/passwd").click()
    assert "".join(marked.all_inner_texts()) == "/etc/passwd"
    expect(session.locator(".hex-head")).to_have_text("client, bytes 26–37 (11)")
    assert "".join(session.locator(".hex .digits .on").all_inner_texts()) == b"/etc/passwd".hex()


def test_an_octet_leads_to_its_field(page: Page) -> None:
    page.goto(page.url.split("#")[0] + "#s41")
    session = page.locator("#s41")
    session.locator("tr.data").first.click()
    first = session.locator(".hex .signs i").first
    first.click()
    selected = session.locator("[role=treeitem][aria-selected=true] > .label")
    expect(selected).to_have_text(re.compile(r"^.?\s?Header Date: "))


def test_a_password_is_masked_among_the_octets(page: Page) -> None:
    page.goto(page.url.split("#")[0] + "#s41")
    session = page.locator("#s41")
    session.locator("tr", has_text="HELO bertil").click()
    assert "sailing" not in session.inner_text()
    assert "".join(session.locator(".hex .signs i").all_inner_texts()) == "HELO bertil *******.."
    assert session.locator(".hex .digits i", has_text="**").count() == 7
    expect(session.get_by_role("treeitem", name="Password: ******** (masked)").last).to_be_visible()


def test_long_messages_are_turned_page_by_page(page: Page) -> None:
    page.goto(page.url.split("#")[0] + "#s41")
    session = page.locator("#s41")
    session.locator("tr.data").first.click()
    pager = session.locator(".pager")
    expect(pager).to_contain_text("144–1,168 of 144–1,363")
    expect(pager.get_by_role("button", name="Previous")).to_be_disabled()
    pager.get_by_role("button", name="Next").click()
    expect(pager).to_contain_text("1,168–1,363 of 144–1,363")
    expect(pager.get_by_role("button", name="Next")).to_be_disabled()


def test_octets_that_the_capture_lacks(browser: Browser, tmp_path: Path) -> None:
    path = make_report(tmp_path, capture_path("derived_gap_in_message"))
    with opened(browser, path, "#s1") as shown:
        session = shown.page.locator("#s1")
        session.locator("tr", has_text="bytes missing)").click()
        lost = session.locator(".hex .lost")
        for _ in range(12):
            if lost.count():
                break
            session.get_by_role("button", name="Next").click()
        expect(lost).to_have_text("··: not in the capture")
        assert session.locator(".hex .digits i", has_text="··").count() > 0


def test_octets_that_the_page_does_not_carry(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(octets, "BUDGET", 0)
    monkeypatch.setattr(octets, "LEAST", 600)
    path = make_report(tmp_path, capture_path("rfc937_normal"))  # its one message has 537 octets
    with opened(browser, path, "#s1") as shown:
        session = shown.page.locator("#s1")
        session.locator("tr.data").click()
        expect(session.locator(".hex .lost")).to_contain_text("the page carries at most 256 bytes of a line or message")
        assert session.locator(".hex .digits i", has_text="··").count() == 537 - 256
        expect(
            shown.page.get_by_text("To stay small enough to open, the page carries at most 256 bytes")
        ).to_be_visible()


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("198.51.100.104")
    expect(page.locator("#count")).to_have_text("3 of 54 sessions")
    page.locator("#list tbody tr:visible a").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"#s39$"))
    expect(page.locator("#s39 h3")).to_be_focused()
    current = page.locator("#s39 tr[aria-current]")
    for _ in range(6):  # past the findings and the table's region
        page.keyboard.press("Tab")
        if current.evaluate("one => one === document.activeElement"):
            break
    expect(current).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(current).to_contain_text("HELO wilma ********")
    page.keyboard.press("Enter")
    item = page.locator("#s39 [role=treeitem][aria-selected=true]")
    expect(item).to_be_focused()
    assert item.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowRight")
    expect(item.locator("> .label")).to_have_text("Keyword: HELO")
    page.keyboard.press("ArrowDown")
    expect(item.locator("> .label")).to_have_text("User: wilma")
    assert "".join(page.locator("#s39 .hex .signs .on").all_inner_texts()) == "wilma"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert item.get_attribute("aria-expanded") == "false"
    page.keyboard.press("Escape")
    expect(current).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#list tr[aria-current] a")).to_be_focused()
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile(r"#s52$"))
    page.keyboard.press("p")
    expect(page).to_have_url(re.compile(r"#s39$"))
    page.evaluate(
        "for (const key of 'npnp') document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}))"
    )
    expect(page).to_have_url(re.compile(r"#s39$"))


def test_single_keys_can_be_switched_off(page: Page) -> None:
    page.uncheck("#keys")
    page.locator("h1").click()
    page.keyboard.press("n")
    page.keyboard.press("/")
    expect(page.locator("#q")).not_to_be_focused()
    assert "#" not in page.url


def test_search_and_filters(page: Page) -> None:
    count = page.locator("#count")
    expect(count).to_have_text("54 of 54 sessions")
    page.fill("#q", "/etc/hosts.equiv")
    expect(count).to_have_text("1 of 54 sessions")
    page.get_by_role("button", name="Clear").click()
    expect(count).to_have_text("54 of 54 sessions")
    page.select_option("#f-login", "refused")
    expect(count).to_have_text("25 of 54 sessions")
    page.select_option("#f-login", "accepted")
    page.select_option("#f-severity", label="high and above")
    page.check("#f-messages")
    expect(count).to_have_text("2 of 54 sessions")
    assert page.locator("#list tbody tr:visible th").all_inner_texts() == ["41", "46"]
    page.get_by_role("button", name="Clear").click()
    page.select_option("#f-protocol", "SSH")
    expect(count).to_have_text("3 of 54 sessions")


def test_a_search_takes_phrases_and_filters(page: Page) -> None:
    """The same as ``browse``: see tests/browse/test_book.py."""
    for search, found in CASES:
        page.fill("#q", search)
        page.wait_for_timeout(200)
        shown = page.locator("#list tbody tr:not([hidden])").evaluate_all("all => all.map(r => Number(r.dataset.id))")
        assert sorted(shown) == found, search


def test_sessions_are_sorted_gravest_first_and_by_any_column(page: Page) -> None:
    numbers = page.locator("#list tbody th")
    severities = [
        row or "-1" for row in page.locator("#list tbody tr").evaluate_all("all => all.map(r => r.dataset.s)")
    ]
    assert severities == sorted(severities, key=int, reverse=True)
    page.get_by_role("button", name="No.").click()
    assert numbers.all_inner_texts() == [str(number) for number in range(1, 55)]
    page.get_by_role("button", name="No.").click()
    assert numbers.all_inner_texts() == [str(number) for number in range(54, 0, -1)]
    expect(page.locator("#list th[aria-sort]")).to_have_text("No.")
    page.get_by_role("button", name="Messages").click()
    most = [int(text or 0) for text in page.locator("#list tbody tr td:nth-child(9)").all_inner_texts()]
    assert most == sorted(most, reverse=True)


def test_from_the_search_to_the_list_by_keys(page: Page) -> None:
    page.fill("#q", "user:bertil login:accepted")
    page.press("#q", "ArrowDown")
    expect(page.locator("#list tbody tr:visible a").first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#q")).to_be_focused()
    page.fill("#q", '"FOLD /etc/passwd"')
    page.press("#q", "Enter")
    expect(page.locator("#s41 h3")).to_be_visible()


def test_a_frame_leads_to_its_line(page: Page) -> None:
    events = page.locator("#events tr", has_text='Asks for the folder "/etc/inetd.conf"')
    events.locator("a").click()
    expect(page.locator("#s41 tr[aria-current]")).to_contain_text("FOLD /etc/inetd.conf")
    expect(page.locator("#s41 tr[aria-current]")).to_be_focused()
    page.locator("#findings a", has_text="Session 47, frame 3020").first.click()
    expect(page.locator("#s47 tr[aria-current]")).to_contain_text("FOLD")
    session = pop2dissect.read(capture_path("incident_small")).session(47)
    command = session_command(session, Rendering(captures=(str(capture_path("incident_small")),)))
    expect(page.locator("#s47 dl.facts").first).to_contain_text(f"In Wireshark{command}")
    page.locator("#s47 .about a[data-frame]").first.click()
    expect(page.locator("#s47 tr[aria-current]")).to_be_focused()


def test_the_picture_can_be_read_on_a_telephone(browser: Browser, incident: Path) -> None:
    with opened(browser, incident, **LOOKS["narrow"]) as shown:
        expect(shown.page.locator(".timeline .broad")).to_be_hidden()
        name = shown.page.locator(".timeline .narrow .names text").first
        assert name.evaluate("one => one.getBoundingClientRect().height") >= 12


def test_all_sessions_that_match_can_be_shown(page: Page) -> None:
    page.fill("#q", "198.51.100.104")
    expect(page.locator("#count")).to_have_text("3 of 54 sessions")
    page.check("#all")
    assert page.locator(".session:visible").count() == 4  # the one that is open, and those that match


def test_it_can_be_read_without_scripts(browser: Browser, incident: Path) -> None:
    with opened(browser, incident, java_script_enabled=False) as shown:
        text = shown.page.locator("#s41")
        expect(text).to_contain_text("FOLD /etc/passwd")
        expect(text.locator("svg")).to_be_visible()
        expect(shown.page.locator("#s1")).to_be_visible()
        expect(shown.page.locator("form")).to_be_hidden()
        assert shown.complaints == []


@pytest.mark.parametrize(("paper", "width"), [("A4", 595), ("Letter", 612)])
def test_it_prints(browser: Browser, tmp_path: Path, paper: str, width: int) -> None:
    path = make_report(tmp_path, capture_path("rfc937_normal"), *OPTIONS)
    with opened(browser, path) as shown:
        pdf = shown.page.pdf(format=paper, path=tmp_path / "report.pdf")
    box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+)", pdf)
    assert box is not None
    assert round(float(box.group(1))) in range(width - 1, width + 2)
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 12


@pytest.mark.parametrize(("paper", "width", "height"), [("A4", 210, 297), ("Letter", 216, 279)])
def test_an_incident_prints_on_few_pages_and_says_on_the_first_what_happened(
    page: Page, paper: str, width: int, height: int
) -> None:
    pdf = page.pdf(format=paper)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 15
    # As wide as what is between the margins, the page is laid out as on paper.
    page.set_viewport_size({"width": round((width - 30) / 25.4 * 96), "height": 1000})
    page.emulate_media(media="print")
    expect(page.locator("figure.timeline .broad")).to_be_visible()
    expect(page.locator("figure.timeline .narrow")).to_be_hidden()
    sixth = page.locator(".story li").nth(5).bounding_box()
    assert sixth is not None
    assert sixth["y"] + sixth["height"] < (height - 32) / 25.4 * 96


def test_print_shows_what_is_noteworthy_and_all_that_match_on_request(page: Page) -> None:
    page.check("#all")
    page.emulate_media(media="print")
    expect(page.locator("#s1 .lines")).to_be_visible()
    page.emulate_media(media="screen")
    page.uncheck("#all")
    page.emulate_media(media="print")
    expect(page.locator("#s1 .lines")).to_be_hidden()
    expect(page.locator("#s41 .lines")).to_be_visible()
    expect(page.locator("#s41 .panes")).to_be_hidden()
    expect(page.locator("form.tools")).to_be_hidden()
    assert overflow(page) == 0


@pytest.mark.parametrize("severity", ["critical", "high", "medium", "low", "info"])
def test_severities_are_dark_on_white_paper(page: Page, severity: str) -> None:
    page.emulate_media(media="print")
    look = "one => [getComputedStyle(one).backgroundColor, getComputedStyle(one).color]"
    background, colour = page.locator(f".sev.{severity}").first.evaluate(look)
    assert background == "rgba(0, 0, 0, 0)"
    assert max(map(int, re.findall(r"\d+", colour))) < 64
