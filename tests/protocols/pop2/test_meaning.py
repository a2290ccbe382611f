"""What a conversation comes to, and on what ground: nothing is called so that the capture does not show."""

from __future__ import annotations

import pytest

from pop2dissect.protocols.base import Interpretation
from pop2dissect.protocols.pop2 import dissect
from pop2dissect.protocols.pop2.meaning import interpret
from pop2dissect.session import Ground
from pop2dissect.tcp.stream import Acknowledged, Gap, Stream
from tests.support.conversation import Conversation

MAIL = b"Subject: x\r\n\r\nbody\r\n"


def greeted() -> Conversation:
    return Conversation().server(b"+ POP2 host ready\r\n")


def logged_in(messages: int = 1) -> Conversation:
    talk = greeted().client(b"HELO fred secret\r\n")
    return talk.server(b"#%d messages in /var/mail/fred\r\n" % messages)


def read_and_marked(acknowledgement: bytes = b"ACKD") -> Conversation:
    talk = logged_in().client(b"READ 1\r\n").server(b"=%d characters in message 1\r\n" % len(MAIL))
    return talk.client(b"RETR\r\n").server(MAIL).client(acknowledgement + b"\r\n").server(b"=0 no more messages\r\n")


def meaning(client: Stream, server: Stream) -> Interpretation:
    return interpret(list(dissect(client, server)), client, server)


def of(talk: Conversation, *, closed: bool = True) -> Interpretation:
    return meaning(*talk.streams(closed=closed))


def test_a_reply_shows_a_login() -> None:
    (login,) = of(logged_in()).logins
    assert (login.user, login.outcome, login.verdict.ground) == ("fred", "accepted", Ground.SHOWN)
    assert login.verdict.frames


@pytest.mark.parametrize(
    ("replies", "outcome"),
    [
        ((b"- Bad login\r\n",), "refused"),
        ((b"+ Checking, please wait\r\n", b"- Bad login\r\n"), "refused"),
        ((b"+ Checking, please wait\r\n", b"#1 messages in /var/mail/fred\r\n"), "accepted"),
        ((b"+ No mail, sorry\r\n",), "accepted"),
        ((b"+ Sayonara\r\n",), "refused"),
        ((b"Welcome\r\n",), "unknown"),
    ],
)
def test_the_last_word_on_a_login_counts(replies: tuple[bytes, ...], outcome: str) -> None:
    talk = greeted().client(b"HELO fred secret\r\n")
    for reply in replies:
        talk.server(reply)
    (login,) = of(talk.client(b"QUIT\r\n")).logins
    assert login.outcome == outcome


def test_what_a_client_sends_next_shows_nothing_of_its_login() -> None:
    talk = greeted().client(b"HELO fred secret\r\nREAD 1\r\nRETR\r\nACKD\r\nQUIT\r\n")
    found = of(talk, closed=False)
    assert [(login.outcome, login.verdict.ground) for login in found.logins] == [("unknown", Ground.UNKNOWN)]
    assert not any(message.committed for message in found.messages)


def test_a_line_that_never_ended_is_no_login() -> None:
    talk = greeted().client(b"HELO fred secr").server(b"- Autologout; idle for too long\r\n")
    assert of(talk).logins == ()


def test_a_lost_reply_is_concluded_from_what_the_server_serves() -> None:
    client, server = read_and_marked().streams()
    lost = server.spans[1]
    broken = Stream(
        [server.spans[0], *server.spans[2:]], [Gap(lost.offset, lost.length, "not captured")], finished=True
    )
    (login,) = meaning(client, broken).logins
    assert (login.outcome, login.verdict.ground) == ("accepted", Ground.CONCLUDED)
    assert login.verdict.because


def test_the_server_alone_shows_a_login_and_whose() -> None:
    client, server = read_and_marked().client(b"QUIT\r\n").server(b"+ Sayonara\r\n").streams()
    unseen = Stream([], [Gap(0, client.length, "not captured")], finished=True)
    found = meaning(unseen, server)
    assert [(login.user, login.outcome) for login in found.logins] == [("fred", "accepted")]
    assert [message.disposition for message in found.messages] == ["unknown"]
    assert [message.committed for message in found.messages] == [None]


def test_an_answered_quit_commits() -> None:
    (message,) = of(read_and_marked().client(b"QUIT\r\n").server(b"+ Sayonara\r\n")).messages
    assert (message.disposition, message.committed) == ("deleted", True)
    assert message.released.ground is Ground.SHOWN


def test_a_quit_that_nothing_shows_to_have_arrived_commits_nothing() -> None:
    (message,) = of(read_and_marked().client(b"QUIT\r\n"), closed=False).messages
    assert message.disposition == "deleted"
    assert (message.committed, message.released.ground) == (None, Ground.UNKNOWN)


def test_a_quit_that_tcp_acknowledged_is_concluded() -> None:
    client, server = read_and_marked().client(b"QUIT\r\n").streams(closed=False)
    client.acknowledged = Acknowledged(client.length, 99)
    (message,) = meaning(client, server).messages
    assert (message.committed, message.released.ground) == (True, Ground.CONCLUDED)
    assert 99 in message.released.frames


def test_a_refused_quit_commits_nothing() -> None:
    (message,) = of(read_and_marked().client(b"QUIT\r\n").server(b"- no\r\n")).messages
    assert message.committed is False


def test_a_client_that_leaves_without_quit_commits_nothing_and_that_is_shown() -> None:
    (message,) = of(read_and_marked()).messages
    assert (message.committed, message.released.ground) == (False, Ground.SHOWN)
    (unsure,) = of(read_and_marked(), closed=False).messages
    assert (unsure.committed, unsure.released.ground) == (None, Ground.UNKNOWN)


def test_a_lost_acknowledgement_is_not_known_and_what_the_server_says_next_is_told() -> None:
    client, server = read_and_marked().client(b"QUIT\r\n").server(b"+ Sayonara\r\n").streams()
    lost = client.spans[3]
    broken = Stream(
        [*client.spans[:3], *client.spans[4:]], [Gap(lost.offset, lost.length, "not captured")], finished=True
    )
    (message,) = meaning(broken, server).messages
    assert (message.disposition, message.committed) == ("unknown", None)
    assert "acknowledgement is missing" in message.disposed.because


@pytest.mark.parametrize("reset", [False, True])
def test_a_quit_that_ends_in_silence_is_not_known_to_commit(reset: bool) -> None:
    """The server's TCP had it, and the server closed, or reset, without a word."""
    client, server = read_and_marked().client(b"QUIT\r\n").streams()
    client.acknowledged = Acknowledged(client.length, 99)
    server.finished, server.reset = not reset, reset
    (message,) = meaning(client, server).messages
    assert (message.committed, message.released.ground) == (None, Ground.UNKNOWN)
