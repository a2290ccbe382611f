"""What notebooks show: everything from the capture escaped, every control character visible."""

from __future__ import annotations

import unicodedata
from html.parser import HTMLParser

import pytest

import pop2dissect
from pop2dissect.notebook.html import capture_html, message_html, session_html
from tests.support.conversation import Conversation
from tests.support.truth import capture_names, capture_path
from tests.support.wire import save

ALLOWED = {
    "div",
    "p",
    "b",
    "ul",
    "li",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "pre",
    "span",
    "style",
    "details",
    "summary",
}
CLASSES = {
    "pop2dissect",
    *("r", "dim", "wire", "client", "server", "gap", "accepted", "refused", "none"),
    *("info", "low", "medium", "high", "critical", "inside"),
}


class Checker(HTMLParser):
    """Takes HTML apart: which elements, which text, and whether all that is opened is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        assert all(name == "class" and value in CLASSES for name, value in attrs)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data if self.open[-1:] != ["style"] else ""


def is_visible(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def check(html: str) -> str:
    checker = Checker()
    checker.feed(html)
    checker.close()
    assert not checker.open
    assert all(is_visible(character) or character == "\n" for character in html)
    return checker.text


@pytest.mark.parametrize("name", capture_names())
def test_recorded_captures(name: str) -> None:
    capture = pop2dissect.read(capture_path(name), [109, 10109])
    check(capture_html(capture))
    for session in capture.sessions[:50]:
        text = check(session_html(session))
        if session.password and len(session.password) > 8 and session.password != session.user:
            assert session.password not in text
        for message in session.messages:
            check(message_html(message))


def test_hostile_text(tmp_path) -> None:  # type: ignore[no-untyped-def]
    mail = b"Subject: <img src=x onerror=alert(1)>\r\nFrom: \x1b]0;title\x07\r\n\r\n</pre><script>\x1b[2J\x00\xff\r\n"
    talk = (
        Conversation()
        .handshake()
        .server(b"+ POP2 <b>host</b> \x1b[31m ready\r\n")
        .client(b'HELO <script>alert("1")</script> secret\r\n')
        .server(b"#1 \xe2\x80\xae<i>\r\n")
        .client(b"READ 1\r\n")
        .server(b"=%d &amp;\r\n" % len(mail))
        .client(b"RETR\r\n")
        .server(mail)
        .client(b"ACKS\r\n")
        .server(b"=0\r\n")
        .close()
    )
    path = tmp_path / "hostile.pcap"
    save(path, talk.packets)
    capture = pop2dissect.read(path)
    session = capture.sessions[0]
    assert '<script>alert("1")</script>' in check(capture_html(capture))
    text = check(session_html(session))
    assert r"\x1b[31m" in text
    assert r"\u202e<i>" in text
    text = check(message_html(session.messages[0]))
    assert r"</pre><script>\x1b[2J\x00ÿ" in text
    assert "<img src=x onerror=alert(1)>" in text


def test_long_lists_and_texts_are_cut() -> None:
    capture = pop2dissect.read(capture_path("many_sessions"))
    html = capture_html(capture)
    assert "… and 341 more sessions" in html
    assert len(html) < 40_000
    sessions = pop2dissect.read(capture_path("big_messages")).sessions
    messages = [message for session in sessions for message in session.messages]
    assert max(message.octets for message in messages) > 100_000
    assert all(len(message_html(message)) < 20_000 for message in messages)
