"""Dialogues read like transcripts; however they are cut, the events are the same."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.protocols.base import Closed, MessageData, ReplyLine, Turn
from pop2dissect.protocols.pop2 import dissect
from pop2dissect.tcp.stream import Gap, Stream
from tests.support.conversation import LEADING, Conversation, Script

MAIL = b"From: a@example.test\r\nSubject: x\r\n\r\n" + b"= + - # all signs\r\n" * 20

NORMAL: Script = [
    ("S", b"+ POP2 Server Ready\r\n"),
    ("C", b"HELO POSTEL SECRET\r\n"),
    ("S", b"#2 messages in /usr/spool/mail/postel\r\n"),
    ("C", b"READ 1\r\n"),
    ("S", b"=%d characters in message 1\r\n" % len(MAIL)),
    ("C", b"RETR\r\n"),
    ("S", MAIL),
    ("C", b"ACKD\r\n"),
    ("S", b"=5 characters in message 2\r\n"),
    ("C", b"RETR\r\n"),
    ("S", b"-\r\n-\n"),
    ("C", b"ACKS\r\n"),
    ("S", b"=0 No more messages\r\n"),
    ("C", b"QUIT\r\n"),
    ("S", b"+ Bye\r\n"),
]


def turns(script: Script, **options: bool) -> list[Turn]:
    return list(dissect(*Conversation().script(script).streams(**options)))


def summary(found: list[Turn]) -> list[tuple[str, list[str]]]:
    """Put turns into words: the command, and a line or the number of octets for each reply."""
    return [
        (
            turn.command.raw.decode("latin-1") if turn.command else "",
            [
                reply.raw.decode("latin-1") if isinstance(reply, ReplyLine)
                else "closed" if isinstance(reply, Closed)
                else f"<{reply.end - reply.start} octets>"
                for reply in turn.replies
            ],
        )
        for turn in found
    ]  # fmt: skip


def violations(found: list[Turn]) -> set[str]:
    return {departure.id for turn in found for departure in turn.departures}


def test_the_normal_scenario() -> None:
    found = turns(NORMAL)
    assert summary(found) == [
        ("", ["+ POP2 Server Ready"]),
        ("HELO POSTEL SECRET", ["#2 messages in /usr/spool/mail/postel"]),
        ("READ 1", [f"={len(MAIL)} characters in message 1"]),
        ("RETR", [f"<{len(MAIL)} octets>"]),
        ("ACKD", ["=5 characters in message 2"]),
        ("RETR", ["<5 octets>"]),
        ("ACKS", ["=0 No more messages"]),
        ("QUIT", ["+ Bye"]),
    ]
    assert [turn.next_state.value for turn in found] == [
        "AUTH",
        "MBOX",
        "ITEM",
        "NEXT",
        "ITEM",
        "NEXT",
        "ITEM",
        "DONE",
    ]
    assert [turn.client_state.value for turn in found] == [
        "CALL", "CALL", "NMBR", "SIZE", "XFER", "SIZE", "XFER", "SIZE",
    ]  # fmt: skip
    assert violations(found) == set()
    assert found[3].number == 1
    assert found[5].number == 2
    assert found[3].mailbox == "/usr/spool/mail/postel"


@st.composite
def resplit(draw: st.DrawFn) -> Script:
    """The normal scenario, each utterance said in random pieces."""
    script: Script = []
    for who, octets in NORMAL:
        cuts = sorted({0, len(octets), *draw(st.lists(st.integers(0, len(octets)), max_size=6))})
        script += [(who, octets[first:last]) for first, last in itertools.pairwise(cuts)]
    return script


@given(resplit(), st.booleans())
def test_any_split_gives_the_same_events(script: Script, ordered: bool) -> None:
    assert list(dissect(*Conversation().script(script).streams(ordered=ordered))) == turns(NORMAL)


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("size", [1, 2, 7])
def test_octet_by_octet_gives_the_same_events(size: int, ordered: bool) -> None:
    assert list(dissect(*Conversation().script(NORMAL, size=size).streams(ordered=ordered))) == turns(NORMAL)


def test_each_end_fed_whole_gives_the_same_events() -> None:
    client = b"".join(octets for who, octets in NORMAL if who == "C")
    server = b"".join(octets for who, octets in NORMAL if who == "S")
    streams = Conversation().client(client).server(server).streams(ordered=False)
    assert list(dissect(*streams)) == turns(NORMAL)


SIGNS = st.sampled_from([b"+ ok\r\n", b"- no\r\n", b"#3\r\n", b"=7\r\n", b"HELO a b\r\n", b"READ\r\n", b"RETR\r\n",
                         b"ACKD\r\n", b"QUIT\r\n", b"\n", b"+ Sayonara\r\n", b"x" * 9])  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from("CS"), st.one_of(SIGNS, st.binary(min_size=1, max_size=30))), max_size=25),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_any_octets_give_turns_that_account_for_every_octet(
    script: Script, ordered: bool, from_start: bool, closed: bool
) -> None:
    client, server = Conversation().script(script).streams(ordered=ordered, closed=closed)
    position = 0
    heard = 0
    for turn in dissect(client, server, from_start=from_start):
        if turn.command is not None:
            assert LEADING.fullmatch(client.read(position, turn.command.start))
            position = turn.command.end
        for reply in turn.replies:
            if not isinstance(reply, Closed):
                assert heard <= reply.start <= reply.end <= server.length
                heard = reply.end
    assert LEADING.fullmatch(client.read(position, client.length))


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 8)), max_size=5), st.data())
def test_gaps_anywhere_give_turns(holes: list[tuple[int, int]], data: st.DataObject) -> None:
    def pierce(stream: Stream) -> Stream:
        lost = {at for start, length in holes for at in range(start * 7, start * 7 + length)}
        spans = [
            span._replace(offset=span.offset + at, length=1, start=span.start + at)
            for span in stream.spans
            for at in range(span.length)
            if span.offset + at not in lost
        ]
        gaps = [Gap(at, 1, "not captured") for at in sorted(lost) if at < stream.length]
        return Stream(spans, gaps, finished=True)

    client, server = Conversation().script(NORMAL).streams()
    which = data.draw(st.sampled_from(["client", "server", "both"]))
    client = client if which == "server" else pierce(client)
    server = server if which == "client" else pierce(server)
    assert (
        sum(turn.command.end - turn.command.start for turn in dissect(client, server) if turn.command) == client.length
    )


def test_an_error_in_two_lines_is_one_reply_to_one_command() -> None:
    found = turns(
        [
            ("S", b"+ POP2 host 2010.75 server ready\r\n"),
            ("C", b"HELO a b\r\n"),
            ("S", b"- Bad login\r\n"),
            ("C", b"QUIT\r\n"),
            ("S", b"+ Sayonara\r\n"),
        ]
    )
    assert summary(found)[1:] == [("HELO a b", ["- Bad login", "+ Sayonara"]), ("QUIT", [])]
    assert violations(found) == set()


def test_pipelined_commands_are_answered_in_order() -> None:
    everything = b"".join(octets for who, octets in NORMAL if who == "C")
    answers = [("S", octets) for who, octets in NORMAL if who == "S"]
    found = turns([answers[0], ("C", everything), *answers[1:]])
    assert summary(found) == summary(turns(NORMAL))
    assert violations(found) == {"protocol.pipelining"}


def test_commands_before_the_greeting() -> None:
    found = turns([("C", b"QUIT\r\n"), ("S", b"+ POP2 host\r\n"), ("S", b"+ Bye\r\n")])
    assert summary(found) == [("", ["+ POP2 host"]), ("QUIT", ["+ Bye"])]
    assert violations(found) == {"protocol.pre_greeting"}


@pytest.mark.parametrize("announced", [1, len(MAIL) - 5, len(MAIL) + 7])
def test_a_wrong_announcement_is_found_by_what_the_server_had_heard(announced: int) -> None:
    script = [
        *NORMAL[:4],
        ("S", b"=%d characters in message 1\r\n" % announced),
        *NORMAL[5:],
    ]
    found = turns(script)
    assert summary(found)[3:5] == [
        ("RETR", [f"<{len(MAIL)} octets>"]),
        ("ACKD", ["=5 characters in message 2"]),
    ]
    assert violations(found[3:4]) == {"protocol.length_mismatch"}


def test_a_line_where_data_was_announced() -> None:
    found = turns([*NORMAL[:4], ("S", b"=2 characters in message 1\r\n"), ("C", b"RETR\r\n"), ("S", b"+ Sayonara\r\n")])
    assert summary(found)[-1] == ("RETR", ["+ Sayonara"])
    assert found[-1].next_state.value == "DONE"


def test_a_reply_that_nothing_asked_for_is_injected() -> None:
    found = turns([*NORMAL[:3], ("S", b"#9 messages\r\n"), *NORMAL[3:]])
    assert summary(found)[1] == (
        "HELO POSTEL SECRET",
        ["#2 messages in /usr/spool/mail/postel", "#9 messages"],
    )
    assert violations(found) == {"protocol.reply_injection"}
    assert summary(found)[2:] == summary(turns(NORMAL))[2:]


def test_the_last_words_of_a_server_are_no_injection() -> None:
    found = turns([*NORMAL[:3], ("S", b"- Autologout; idle for too long\r\n")])
    assert violations(found) == set()


def test_a_server_that_closes_instead_of_replying() -> None:
    found = turns([*NORMAL[:3], ("C", b"READ 1\r\n"), ("S", b"=0\r\n"), ("C", b"RETR\r\n")])
    (reply,) = found[-1].replies
    assert isinstance(reply, Closed)
    assert found[-1].next_state.value == "DONE"


def test_bare_line_ends_keywords_in_any_case_and_states() -> None:
    found = turns([("S", b"+ POP2 host\n"), ("C", b"quit\n"), ("S", b"+ Bye\r\n")])
    assert violations(found) == {"protocol.bare_lf"}
    found = turns([("S", b"+ POP2 host\r\n"), ("C", b"READ 1\r\n"), ("S", b"- Bogus or out of sequence command\r\n")])
    assert violations(found) == {"protocol.state"}


def test_a_gap_in_a_message_does_not_break_framing() -> None:
    client, server = Conversation().script(NORMAL).streams()
    data = next(span for span in server.spans if span.length == len(MAIL))
    parts = [
        data._replace(length=100),
        data._replace(offset=data.offset + 150, start=150, length=data.length - 150),
    ]
    spans = sorted([span for span in server.spans if span is not data] + parts)
    broken = Stream(spans, [Gap(data.offset + 100, 50, "not captured")], finished=True)
    found = list(dissect(client, broken))
    assert summary(found) == summary(turns(NORMAL))
    (message,) = found[3].replies
    assert isinstance(message, MessageData)
    assert message.missing == 50
    assert violations(found) == set()


def test_only_the_client_was_captured() -> None:
    client, server = Conversation().script(NORMAL).streams()
    found = list(dissect(client, Stream([], [Gap(0, server.length, "not captured")])))
    assert [turn.command.raw for turn in found if turn.command] == [octets[:-2] for who, octets in NORMAL if who == "C"]
    retrieved = [reply for turn in found for reply in turn.replies if isinstance(reply, MessageData)]
    assert [(reply.end - reply.start, reply.missing) for reply in retrieved] == [
        (len(MAIL), len(MAIL)),
        (5, 5),
    ]
    assert violations(found) == set()


def test_only_the_server_was_captured() -> None:
    client, server = Conversation().script(NORMAL).streams()
    found = list(dissect(Stream([], [Gap(0, client.length, "not captured")]), server))
    assert [replies for _, replies in summary(found)] == [replies for _, replies in summary(turns(NORMAL))]
    assert [turn.next_state for turn in found] == [turn.next_state for turn in turns(NORMAL)]
    assert violations(found) == set()


def test_a_capture_that_starts_in_a_message() -> None:
    script = [("S", MAIL[100:]), *NORMAL[7:]]
    found = list(dissect(*Conversation().script(script).streams(), from_start=False))
    assert summary(found) == [("", [f"<{len(MAIL) - 100} octets>"]), *summary(turns(NORMAL))[4:]]
    assert violations(found) == set()


def test_a_capture_that_starts_in_a_reply() -> None:
    script = [("S", b"racters in message 1\r\n"), ("C", b"RETR\r\n"), ("S", MAIL), ("C", b"ACKS\r\n"), ("S", b"=0\r\n")]
    found = list(dissect(*Conversation().script(script).streams(), from_start=False))
    assert summary(found) == [("", ["racters in message 1"]), ("RETR", [f"<{len(MAIL)} octets>"]), ("ACKS", ["=0"])]
    assert violations(found) == set()


def test_what_was_lost_before_the_login_is_the_greeting_and_no_message() -> None:
    script = [("S", b"+ POP2 host\r\n"), ("C", b"HELO a b\r\n"), ("S", b"#1 messages\r\n")]
    client, server = Conversation().script(script).streams()
    lossy = Stream(server.spans[1:], [Gap(0, server.spans[0].length, "")])
    found = list(dissect(client, lossy, from_start=False))
    assert summary(found)[1:] == [("HELO a b", ["#1 messages"])]
    assert violations(found) == set()
    assert not any(isinstance(reply, MessageData) for turn in found for reply in turn.replies)


def test_a_message_of_one_line_is_no_reply_to_who_acknowledges_it() -> None:
    script = [("S", b"e last line\r\n"), ("C", b"ACKS\r\n"), ("S", b"=0\r\n")]
    found = list(dissect(*Conversation().script(script).streams(), from_start=False))
    assert summary(found)[0] == ("", ["<13 octets>"])


@pytest.mark.parametrize("rest", [b"", b"LO fred secret", b"red secret", b"ret", b"EAD 1"])
def test_a_capture_that_starts_in_a_command_may_start_in_a_password(rest: bytes) -> None:
    script = [("C", rest + b"\r\n"), ("S", b"#1 messages\r\n"), ("C", b"READ 1\r\n"), ("S", b"=9\r\n")]
    first, _ = found = list(dissect(*Conversation().script(script).streams(), from_start=False))
    assert first.command is not None
    assert first.command.command.secret == ((0, len(rest)) if rest else None)
    assert first.command.command.keyword == ""
    assert violations(found) == set()


def test_behind_the_greeting_no_line_is_torn() -> None:
    script = [("S", b"+ POP2 host\r\n"), ("C", b"GET / HTTP/1.0\r\n"), ("S", b"- what?\r\n")]
    assert violations(list(dissect(*Conversation().script(script).streams(), from_start=False))) == {
        "protocol.unknown_command"
    }


def test_a_message_that_is_asked_for_after_lost_commands() -> None:
    talk = Conversation().server(b"+ POP2 host\r\n").client(b"HELO a b\r\n").server(b"#2 messages\r\n")
    talk.client(b"READ 1\r\n").server(b"=7 octets\r\n").client(b"RETR\r\n").server(b"1234567").client(b"ACKS\r\n")
    talk.server(b"=9 ").server(b"octets\r\n").client(b"RETR\r\n").server(b"a\x1bb\nc\xffd\r\n").client(b"ACKS\r\n")
    client, server = talk.server(b"=0\r\n").streams()
    command, reply = client.spans[3], server.spans[4]  # ACKS, and the start of the reply to it
    lossy = (
        Stream([span for span in client.spans if span is not command], [Gap(command.offset, command.length, "")]),
        Stream([span for span in server.spans if span is not reply], [Gap(reply.offset, reply.length, "")]),
    )
    found = list(dissect(*lossy))
    assert summary(found)[-2:] == [("RETR", ["<9 octets>"]), ("ACKS", ["=0"])]


def test_a_burst_of_losses_takes_a_reply_and_the_next_command() -> None:
    talk = Conversation().server(b"+ POP2 host\r\n").client(b"HELO a b\r\n").server(b"#1 messages\r\n")
    talk.client(b"READ 1\r\n").server(b"=7 octets\r\n").client(b"RETR\r\n").server(b"1234567").client(b"ACKS\r\n")
    client, server = talk.server(b"=0\r\n").client(b"QUIT\r\n").server(b"+ bye\r\n").streams()
    whole = list(dissect(client, server))
    for number in range(4):  # the greeting and HELO; #1 and READ; =7 and RETR; the message and ACKS
        reply, command = server.spans[number], client.spans[number]
        lossy = (
            Stream([span for span in client.spans if span is not command], [Gap(command.offset, command.length, "")]),
            Stream([span for span in server.spans if span is not reply], [Gap(reply.offset, reply.length, "")]),
        )
        turns = list(dissect(*lossy))
        assert [turn.departures for turn in turns] == [()] * len(turns)
        assert [turn.replies for turn in turns][-2:] == [turn.replies for turn in whole][-2:]
        assert len(turns) == len(whole)


@pytest.mark.parametrize(("goes_on", "state"), [(False, "?"), (True, "ITEM")])
def test_a_lost_reply_counts_as_success_only_if_the_client_went_on(goes_on: bool, state: str) -> None:
    talk = Conversation().server(b"+ POP2 host\r\n").client(b"HELO a b\r\n").server(b"- ").server(b"Bad login\r\n")
    if goes_on:
        talk.client(b"READ\r\n").server(b"=7 octets\r\n")
    client, server = talk.streams()
    lost = server.spans[1]
    lossy = Stream(
        [span for span in server.spans if span is not lost], [Gap(lost.offset, lost.length, "")], finished=True
    )
    assert list(dissect(client, lossy))[-1].next_state == state


@pytest.mark.parametrize("blank", [b"", b"\r\n", b"\r\n\r\n"])
def test_without_a_greeting_blank_lines_shift_nothing(blank: bytes) -> None:
    talk = Conversation()
    if blank:
        talk.client(blank)
    talk.client(b"HELO a b\r\n").server(b"#1 message\r\n").client(b"READ 1\r\n").server(b"=9 characters\r\n")
    found = [turn for turn in dissect(*talk.streams()) if turn.keyword]
    assert [turn.keyword for turn in found] == ["HELO", "READ"]
    assert [[reply.raw for reply in turn.replies if isinstance(reply, ReplyLine)] for turn in found] == [
        [b"#1 message"],
        [b"=9 characters"],
    ]
