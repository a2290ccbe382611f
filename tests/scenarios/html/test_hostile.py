"""A capture made by somebody who knows that it will be reported as HTML."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.html.pages import ReadPage, make_report
from tests.support.browser import opened
from tests.support.conversation import Conversation, merge
from tests.support.hostile import everywhere
from tests.support.wire import save

SCRIPT = b"<script>window.pwned=1</script><img src=http://192.0.2.9/i onerror=window.pwned=2>"
BREAKOUT = b"</script></style></title></bdi></svg><style>*{display:none}</style><svg onload=window.pwned=3>"
TEXTS = {
    "html": SCRIPT,
    "breakout": BREAKOUT,
    "attribute": b'" onmouseover="window.pwned=4" \' onfocus=\'window.pwned=5',
    "template": b"{{ 7*7 }}{% raw %}${7*7}#{7*7}<%= 7*7 %>",
    "comment": b"<!-- --!> ]]> <![CDATA[ <plaintext> &#60;b&#62; &lt;",
    "ansi": b"\x1b[2J\x1b]0;owned\x07\x9b31m",
    "bidi": "\u202egnp.exe\u202c \u2066\u2067 abc \u05e9\u05dc\u05d5\u05dd 109 \u0627\u0644".encode(),
    "nul": b"a\0b\0\x01\x7f\xff\xfe",
    "path": b"../../../../etc/passwd\0..\\..\\C:\\aux",
    "css": b"@import url(http://192.0.2.9/c);}*{background:url(http://192.0.2.9/b)}\\3c style\\3e",
    "long": b"W" * 10_000,
    "combining": "Z\u0351\u0300\u0301\u0302".encode() * 500,
    "wide": "漢字\ufdfd𒐫".encode() * 200,
}


def conversation(number: int, text: bytes) -> Conversation:
    """Return it wherever something can be said."""
    line = text.replace(b"\n", b" ")
    name = text.replace(b'"', b"'").replace(b"\n", b" ")
    mail = (
        b"From: " + line + b"\r\nTo: " + line + b"\r\nSubject: " + line + b"\r\nX-" + b"A" * 60 + b": " + line + b"\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/html\r\n\r\n" + text + b"\r\n"
        b'--b\r\nContent-Type: application/octet-stream; name="' + name + b'"\r\n'
        b'Content-Disposition: attachment; filename="' + name + b'"\r\n\r\nx\r\n--b--\r\n'
    )
    return everywhere(line, mail, client=(f"10.9.1.{number + 1}", 40000), seed=number, start=number * 10**9)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    capture = save(
        folder / "<b>&'.pcap",
        merge(*(conversation(number, text).packets for number, text in enumerate(TEXTS.values()))),
    )
    words = '</title></style><script>window.pwned=6</script>\\";}*{display:none}\n\u202e'
    options = [part for name in ("--case", "--examiner", "--exhibit", "--note") for part in (name, words)]
    return make_report(folder, capture, *options)


def test_the_capture_cannot_add_to_the_markup(hostile: Path) -> None:
    html = hostile.read_text(encoding="utf-8")
    assert html.count("<script") == 3 + len(TEXTS)  # first, report, claims; and the octets of each session
    assert html.count("<style") == 1
    assert "<img" not in html
    assert not re.search(r"<[^>]*\son\w+=", html)
    assert not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]", html)


def test_the_texts_are_there_to_be_read(hostile: Path) -> None:
    page = ReadPage(hostile)
    assert len(page.sessions) == len(TEXTS)
    said = [" ".join(row[-4] for row in session.rows) for session in page.sessions.values()]
    assert "FOLD " + SCRIPT.decode() in said[0]
    assert r"\x1b[2J\x1b]0;owned\x07" in said[5]
    assert r"\u202egnp.exe\u202c" in said[6]
    assert "W" * 10_000 in said[10]


@pytest.mark.parametrize("look", [{}, {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}}])
def test_it_is_harmless_in_a_browser(hostile: Path, browser: Browser, look: dict[str, object]) -> None:
    with opened(browser, hostile, **look) as shown:
        page = shown.page
        page.check("#all")
        for number in range(1, len(TEXTS) + 1):
            page.evaluate(f"location.hash = 's{number}'")
            page.locator(f"#s{number} .lines tbody tr:not(.note)").nth(1).click()
        page.locator("details.long > summary").first.click()
        assert page.evaluate("window.pwned") is None
        assert page.evaluate("document.scripts.length") == 3 + len(TEXTS)
        assert page.evaluate("getComputedStyle(document.body).display") != "none"
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        # No table cell, heading or field runs out of the page or over its neighbour's column.
        runs_out = page.evaluate(
            "Array.from(document.querySelectorAll('h3, h5, dd, .finding p, .seen td, #events td, caption'))"
            ".filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1 && one.clientWidth)"
            ".map(one => one.outerHTML.slice(0, 200))"
        )
        assert runs_out == []
        assert shown.requests == []
        assert shown.complaints == []
