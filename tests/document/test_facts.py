"""Every way out says the same of a session: its facts, what was said, what became of messages, what is in doubt."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape

import pytest

import pop2dissect
from pop2dissect.document.facts import brief_facts, conflict_text, facts, fate, gap_text, remarks
from pop2dissect.document.lines import session_lines
from pop2dissect.export.comments import Comments
from pop2dissect.export.flows import Frame
from pop2dissect.export.timesketch import session_events
from pop2dissect.html.page import session_markup
from pop2dissect.html.sessions import session_row, session_view
from pop2dissect.masking import Mask
from pop2dissect.notebook.html import session_html
from pop2dissect.session import Session
from pop2dissect.session.timeline import conversation
from pop2dissect.terminal.conversation import session_timeline
from pop2dissect.terminal.look import Look
from pop2dissect.terminal.style import plain
from pop2dissect.terminal.tree import session_tree
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.safe import terminal_safe
from tests.support.truth import capture_path

NAMES = (
    *(
        "rfc937_normal",
        "rfc918_cases",
        "derived_gap_in_message",
        "derived_conflicting_overlap",
        "popclient_keep_delete",
    ),
    *("not_pop2_on_109", "snaplen96"),
)
LOOK = Look(plain())


def sessions() -> Iterator[Session]:
    for name in NAMES:
        yield from pop2dissect.read(capture_path(name), [109, 10109]).sessions


def page(session: Session) -> str:
    view = session_view(session, session_row(session, (), LOOK), (), 100, LOOK, brief=True)
    return unescape(session_markup(view, "", printed=True))


def comments(session: Session) -> str:
    made = Comments(LOOK)
    made.add(session)
    frames = {frame for entry in session.timeline() for frame in entry.frames}
    return "\n".join(made.of(frame, Frame(frame, session.id, True, 0, 0, None)) for frame in frames)


@pytest.fixture(scope="module", params=list(sessions()), ids=lambda session: f"{session.protocol}-{session.id}")
def session(request: pytest.FixtureRequest) -> Session:
    return request.param


def test_facts(session: Session) -> None:
    tree, shown = "\n".join(session_tree(session, LOOK)), page(session)
    for fact in facts(session, LOOK):
        assert f"  {fact.name}: {terminal_safe(fact.value)}" in tree
        assert terminal_safe(fact.value) in shown
    told = [list(session_timeline(session, LOOK))[1], unescape(session_html(session)), comments(session)]
    for text in brief_facts(session, LOOK):
        assert all(terminal_safe(text) in one for one in told)


def test_what_was_said(session: Session) -> None:
    said = list(conversation(session))
    assert len(said) == sum(
        max((exchange.raw is not None) + len(exchange.replies), 1) for exchange in session.exchanges
    )
    text = "\n".join(session_timeline(session, LOOK))
    noted = comments(session)
    events = [event["message"] for event in session_events(session)]
    lines = [line.text for line in session_lines(session, Mask(session))]
    for entry in said:
        what = terminal_safe(entry.what)
        assert (f" {what}" if entry.quoted or what.startswith("(") else f" ({what})") in text
        assert entry.what in lines
        assert any(str(event).endswith(f"{entry.direction}: {what}") for event in events)
        if entry.event != "message" and entry.frames and entry.what != "(closes the connection)":
            assert f" {what}"[:150] in noted


def test_what_became_of_messages_and_what_is_remarkable(session: Session) -> None:
    shown = page(session)
    told = ["\n".join(session_timeline(session, LOOK)), "\n".join(session_tree(session, LOOK)), shown]
    for message in session.messages:
        assert all(fate(message, session.protocol) in text for text in (*told, comments(session)))
    for exchange in session.exchanges:
        for remark in remarks(exchange):
            assert all(terminal_safe(remark) in text for text in told)


def test_what_is_missing_or_differs(session: Session) -> None:
    tree, shown = "\n".join(session_tree(session, LOOK)), page(session)
    for direction, stream in session.streams():
        for gap in stream.gaps:
            assert gap_text(gap, direction) in tree
            assert gap_text(gap, direction) in shown
        for conflict in stream.conflicts:
            assert conflict_text(conflict, direction, LOOK) in tree
            assert conflict_text(conflict, direction, LOOK) in shown


def test_passwords_are_shown_only_when_asked_for() -> None:
    (session,) = pop2dissect.read(capture_path("rfc937_normal")).sessions
    shown = Rendering(show_passwords=True)
    for rendering, expected in ((Rendering(), "********"), (shown, session.password)):
        assert {fact.value for fact in facts(session, rendering) if fact.name == "Password"} == {expected}
