"""What all protocols conclude in the same way: nothing is called so that the capture does not show."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pop2dissect.protocols import pop1, pop2, pop3
from pop2dissect.protocols.base import Interpretation, Protocol
from pop2dissect.session import Ground
from pop2dissect.tcp.stream import Gap, Stream
from tests.support.conversation import Conversation

MAIL = b"From x\r\nSubject: x\r\n\r\nbody\r\n"


def lacking(stream: Stream, index: int, last: int | None = None) -> Stream:
    """Return a stream of which the octets of one utterance, from some of them on, were not captured."""
    index %= len(stream.spans)
    span = stream.spans[index]
    kept = 0 if last is None else span.length - last
    gap = Gap(span.offset + kept, span.length - kept, "not captured")
    there = [span._replace(length=kept)] if kept else []
    return Stream([*stream.spans[:index], *there, *stream.spans[index + 1 :]], [gap], finished=stream.finished)


def meaning(protocol: Protocol, client: Stream, server: Stream, *, from_start: bool = True) -> Interpretation:
    assert protocol.dissect is not None
    assert protocol.interpret is not None
    return protocol.interpret(list(protocol.dissect(client, server, from_start)), client, server)


def read_by_rfc918(asked: bytes, *after: tuple[str, bytes]) -> Conversation:
    talk = Conversation().server(b"+OK ready\r\n").client(b"USER fred\r\n").server(b"+OK\r\n")
    talk.client(b"PASS secret\r\n").server(b"+OK in\r\n").client(asked + b" mailbox\r\n")
    talk.server(b"#%d\r\n" % len(MAIL)).client(b"RCEV\r\n").server(MAIL)
    return talk.script(after)


@pytest.mark.parametrize(("asked", "expected"), [(b"RETR", "kept"), (b"RDEL", "deleted")])
def test_by_rfc_918_the_command_that_asked_for_it_decides_what_became_of_a_mailbox(asked: bytes, expected: str) -> None:
    client, server = read_by_rfc918(asked, ("C", b"RCVD\r\n"), ("S", b"+OK\r\n")).streams()
    (message,) = meaning(pop1.PROTOCOL, client, server).messages
    assert (message.disposition, message.disposed.ground) == (expected, Ground.SHOWN)


def test_where_that_command_is_not_in_the_capture_it_is_not_known() -> None:
    talk = Conversation().client(b"RCEV\r\n").server(MAIL).client(b"RCVD\r\n").server(b"+OK\r\n")
    (message,) = meaning(pop1.PROTOCOL, *talk.streams(), from_start=False).messages
    assert (message.disposition, message.committed) == ("unknown", None)
    assert "RETR or RDEL" in message.disposed.because


@pytest.mark.parametrize(
    ("protocol", "talk"),
    [
        (pop1.PROTOCOL, read_by_rfc918(b"RDEL", ("C", b"RCVD\r\n"), ("S", b"+OK\r\n"))),
        (
            pop2.PROTOCOL,
            Conversation()
            .server(b"+ POP2 host ready\r\n")
            .client(b"HELO fred secret\r\n")
            .server(b"#1 messages in /var/mail/fred\r\n")
            .client(b"READ 1\r\n")
            .server(b"=%d characters in message 1\r\n" % len(MAIL))
            .client(b"RETR\r\n")
            .server(MAIL)
            .client(b"ACKD\r\n")
            .server(b"=0 no more messages\r\n"),
        ),
    ],
    ids=["RFC 918", "RFC 937"],
)
def test_half_a_line_after_a_message_does_not_show_that_nobody_acknowledged_it(
    protocol: Protocol, talk: Conversation
) -> None:
    client, server = talk.streams()
    (message,) = meaning(protocol, lacking(client, -1, last=3), server).messages
    assert (message.disposition, message.committed) == ("unknown", None)


def deleted_and_went_on(*after: tuple[str, bytes]) -> tuple[Stream, Stream]:
    talk = Conversation().server(b"+ POP2 host ready\r\n").client(b"HELO fred secret\r\n")
    talk.server(b"#1 messages in /var/mail/fred\r\n").client(b"READ 1\r\n").server(b"=%d characters\r\n" % len(MAIL))
    talk.client(b"RETR\r\n").server(MAIL).client(b"ACKD\r\n").server(b"=0 no more messages\r\n")
    return talk.script(after).streams()


def marked_and_went_on(*after: tuple[str, bytes]) -> tuple[Stream, Stream]:
    talk = Conversation().server(b"+OK POP3 ready\r\n").client(b"USER fred\r\n").server(b"+OK\r\n")
    talk.client(b"PASS secret\r\n").server(b"+OK\r\n").client(b"RETR 1\r\n").server(b"+OK\r\n" + MAIL + b".\r\n")
    return talk.client(b"DELE 1\r\n").server(b"+OK\r\n").script(after).streams()


@pytest.mark.parametrize(
    ("protocol", "said"),
    [(pop2.PROTOCOL, deleted_and_went_on), (pop3.PROTOCOL, marked_and_went_on)],
    ids=["RFC 937", "RFC 1939"],
)
def test_what_is_missing_after_a_deletion_may_have_made_it_final_and_what_is_missing_before_not(
    protocol: Protocol, said: Callable[..., tuple[Stream, Stream]]
) -> None:
    client, server = said(("C", b"NOOP\r\n"), ("S", b"- no\r\n"), ("C", b"NOOP\r\n"), ("S", b"- no\r\n"))
    committed = [meaning(protocol, lacking(client, index), server).messages[0].committed for index in (1, -2)]
    assert committed == [False, None]


def test_a_challenge_that_nothing_follows_is_not_called_missing() -> None:
    talk = Conversation().server(b"+OK POP3 ready\r\n").client(b"AUTH LOGIN\r\n").server(b"+ VXNlcm5hbWU6\r\n")
    (login,) = meaning(pop3.PROTOCOL, *talk.streams(closed=False)).logins
    assert (login.outcome, login.verdict.because) == ("unknown", "the reply was not captured whole, or says neither")


def test_an_error_after_a_login_was_accepted_is_no_refusal() -> None:
    talk = Conversation().server(b"+OK ready\r\n").client(b"USER fred\r\n").server(b"+OK\r\n")
    talk.client(b"PASS secret\r\n").server(b"+OK in\r\n").server(b"-ERR idle for too long\r\n")
    (login,) = meaning(pop1.PROTOCOL, *talk.streams()).logins
    assert login.outcome == "accepted"
