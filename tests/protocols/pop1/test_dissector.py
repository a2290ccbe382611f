"""Dialogues of RFC 918; however they are cut, the events are the same."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.protocols import pop3
from pop2dissect.protocols.base import Closed, MessageData, ReplyKind, ReplyLine, Turn
from pop2dissect.protocols.pop1 import dissect
from pop2dissect.protocols.pop1.grammar import parse_broken_command
from pop2dissect.protocols.pop1.states import SERVER, ServerState, after_reply, allowed
from pop2dissect.tcp.stream import Gap, Stream
from tests.support.conversation import LEADING, Conversation, Script

MAIL = b"Subject: x\r\n\r\n+OK\r\n-ERR\r\n#3\r\nall the replies there are\r\n"


def script(before: bytes = b"", spelling: bytes = b"RCEV", announced: int = len(MAIL)) -> Script:
    return [
        ("S", b"+OK\r\n"),
        ("C", b"USER Fred\r\n"),
        ("S", b"+OK\r\n"),
        ("C", b"PASS pass word\r\n"),
        ("S", b"+OK\r\n"),
        ("C", b"RDEL mailbox\r\n"),
        ("S", b"#%d\r\n" % announced),
        ("C", spelling + b"\r\n"),
        ("S", before + MAIL),
        ("C", b"RCVD\r\n"),
        ("S", b"+OK\r\n"),
        ("C", b"QUIT\r\n"),
        ("S", b"+OK\r\n"),
    ]


SCRIPTS = [script(), script(b"+OK\r\n"), script(b"+OK it comes\r\n", b"RECV")]


def turns(said: Script, **options: bool) -> list[Turn]:
    return list(dissect(*Conversation().script(said).streams(**options)))


def data_of(found: list[Turn]) -> list[MessageData]:
    return [reply for turn in found for reply in turn.replies if isinstance(reply, MessageData)]


def violations(found: list[Turn]) -> set[str]:
    return {departure.id for turn in found for departure in turn.departures}


@pytest.mark.parametrize("said", SCRIPTS)
def test_the_normal_scenario(said: Script) -> None:
    found = turns(said)
    assert violations(found) == set()
    assert [turn.next_state for turn in found] == ["AUTH", "PASS", "MBOX", "ITEM", "NEXT", "MBOX", "DONE"]
    (data,) = data_of(found)
    assert (data.end - data.start, data.announced) == (len(MAIL), len(MAIL))
    assert [(turn.mailbox, turn.deletes) for turn in found[3:]] == [("mailbox", True)] * 3 + [(None, None)]
    password = found[2].command
    assert password is not None
    assert password.command.arguments == (b"pass word",)
    assert password.command.secret == (5, 14)


@st.composite
def resplit(draw: st.DrawFn) -> tuple[Script, Script]:
    said = draw(st.sampled_from(SCRIPTS))
    pieces: Script = []
    for who, octets in said:
        cuts = sorted({0, len(octets), *draw(st.lists(st.integers(0, len(octets)), max_size=6))})
        pieces += [(who, octets[first:last]) for first, last in itertools.pairwise(cuts)]
    return said, pieces


@given(resplit(), st.booleans())
def test_any_split_gives_the_same_events(both: tuple[Script, Script], ordered: bool) -> None:
    said, pieces = both
    assert list(dissect(*Conversation().script(pieces).streams(ordered=ordered))) == turns(said)


@pytest.mark.parametrize("said", SCRIPTS)
@pytest.mark.parametrize("ordered", [True, False])
def test_octet_by_octet_gives_the_same_events(said: Script, ordered: bool) -> None:
    assert list(dissect(*Conversation().script(said, size=1).streams(ordered=ordered))) == turns(said)


@pytest.mark.parametrize("before", [b"", b"+OK\r\n"])
def test_pipelined_it_is_the_same_apart_from_the_violation(before: bytes) -> None:
    said = script(before)
    commands = b"".join(octets for who, octets in said if who == "C")
    answers = [("S", octets) for who, octets in said if who == "S"]
    found = turns([answers[0], ("C", commands), *answers[1:]])
    assert [turn.replies for turn in found] == [turn.replies for turn in turns(said)]
    assert violations(found) == {"protocol.pipelining"}


SIGNS = st.sampled_from([b"+OK\r\n", b"-ERR\r\n", b"#3\r\n", b"USER a\r\n", b"PASS b\r\n", b"RETR c\r\n", b"RCEV\r\n",
                         b"RCVD\r\n", b"QUIT\r\n", b"\n", b"LIST\r\n", b".\r\n", b"+ \r\n", b"AUTH X\r\n"])  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from("CS"), st.one_of(SIGNS, st.binary(min_size=1, max_size=30))), max_size=25),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([dissect, pop3.dissect]),
)
def test_any_octets_give_turns_that_account_for_every_octet(
    said: Script, ordered: bool, from_start: bool, closed: bool, speak: object
) -> None:
    client, server = Conversation().script(said).streams(ordered=ordered, closed=closed)
    position = heard = 0
    assert callable(speak)
    for turn in speak(client, server, from_start=from_start):
        if turn.command is not None:
            assert LEADING.fullmatch(client.read(position, turn.command.start))
            position = turn.command.end
        for reply in turn.replies:
            if not isinstance(reply, Closed):
                assert heard <= reply.start <= reply.end <= server.length
                heard = reply.end
    assert LEADING.fullmatch(client.read(position, client.length))


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)), max_size=5), st.sampled_from([dissect, pop3.dissect]))
def test_gaps_anywhere_give_turns(holes: list[tuple[int, int]], speak: object) -> None:
    def pierce(stream: Stream) -> Stream:
        lost = {at for start, length in holes for at in range(start * 5, start * 5 + length)}
        spans = [
            span._replace(offset=span.offset + at, length=1, start=span.start + at)
            for span in stream.spans
            for at in range(span.length)
            if span.offset + at not in lost
        ]
        gaps = [Gap(at, 1, "not captured") for at in sorted(lost) if at < stream.length]
        return Stream(spans, gaps, finished=True)

    client, server = map(pierce, Conversation().script(script()).streams())
    assert callable(speak)
    found = list(speak(client, server))
    assert sum(turn.command.end - turn.command.start for turn in found if turn.command) == client.length
    for turn in found:
        command = turn.command
        if command is not None and command.raw.endswith(b"word"):
            assert command.command.secret is not None
            assert command.raw[: command.command.secret[0]].find(b"word") < 0


def test_a_gap_in_the_mailbox_does_not_break_framing() -> None:
    client, server = Conversation().script(script()).streams()
    span = next(span for span in server.spans if span.length == len(MAIL))
    parts = [span._replace(length=10), span._replace(offset=span.offset + 15, start=15, length=span.length - 15)]
    spans = sorted([one for one in server.spans if one is not span] + parts)
    found = list(dissect(client, Stream(spans, [Gap(span.offset + 10, 5, "not captured")], finished=True)))
    assert [turn.next_state for turn in found] == [turn.next_state for turn in turns(script())]
    assert data_of(found)[0].missing == 5
    assert violations(found) == set()


def test_only_the_client_was_captured() -> None:
    client, server = Conversation().script(script()).streams()
    found = list(dissect(client, Stream([], [Gap(0, server.length, "not captured")])))
    assert violations(found) == set()
    assert [turn.command.raw for turn in found if turn.command] == [
        octets[:-2] for who, octets in script() if who == "C"
    ]


def test_a_capture_that_starts_in_a_mailbox() -> None:
    said = [("S", MAIL[5:]), *script()[9:]]
    found = list(dissect(*Conversation().script(said).streams(), from_start=False))
    assert [turn.next_state for turn in found] == ["NEXT", "MBOX", "DONE"]
    assert violations(found) == set()


@pytest.mark.parametrize("rest", [b"", b"SS secret", b"ecret"])
def test_a_capture_that_starts_in_a_command_may_start_in_a_password(rest: bytes) -> None:
    said = [("C", rest + b"\r\n"), ("S", b"+OK\r\n"), ("C", b"RETR INBOX\r\n"), ("S", b"#0\r\n")]
    first, _ = found = list(dissect(*Conversation().script(said).streams(), from_start=False))
    assert first.command is not None
    assert first.command.command.secret == ((0, len(rest)) if rest else None)
    assert violations(found) == set()


def test_a_name_of_which_the_end_was_not_captured_is_not_given() -> None:
    assert parse_broken_command(b"USER fr", 7, before_login=True).arguments == ()
    assert parse_broken_command(b"RETR INB", 8, before_login=False).arguments == (b"INB",)


@pytest.mark.parametrize("announced", [1, len(MAIL) - 5, len(MAIL) + 7])
def test_a_wrong_announcement_is_found_by_what_the_server_had_heard(announced: int) -> None:
    found = turns(script(announced=announced))
    (data,) = data_of(found)
    assert data.end - data.start == len(MAIL)
    assert violations(found) == {"protocol.length_mismatch"}


def test_a_server_that_aborts_in_place_of_the_mail() -> None:
    found = turns(script()[:8])
    assert isinstance(found[-1].replies[0], Closed)
    assert found[-1].next_state == "DONE"


def test_an_error_in_place_of_the_mail() -> None:
    found = turns([*script()[:8], ("S", b"-ERR disk error\r\n")])
    (reply,) = found[-1].replies
    assert isinstance(reply, ReplyLine)
    assert reply.kind is ReplyKind.ERROR
    assert reply.text == "disk error"


def test_what_the_rfc_does_not_allow() -> None:
    said = [*script()[:5], ("C", b"RCVD\r\n"), ("S", b"-Error what\r\n"), ("C", b"FOLD x\r\n"), ("S", b"-ERR\r\n")]
    assert violations(turns(said)) == {"protocol.state", "protocol.unknown_command"}
    said = [*script()[:5], ("C", b"RETR\r\n"), ("S", b"-ERR name?\r\n"), ("C", b"NOOP x\n"), ("S", b"+OK\r\n")]
    assert violations(turns(said)) == {"protocol.syntax", "protocol.bare_lf"}
    assert violations(turns([*script()[:3], ("S", b"+OK again\r\n"), *script()[3:]])) == {"protocol.reply_injection"}
    assert violations(turns([("C", b"USER x\r\n"), ("S", b"+OK\r\n+OK\r\n")])) == {"protocol.pre_greeting"}


def test_states() -> None:
    assert allowed(ServerState.ITEM, "RECV")
    assert allowed(ServerState.UNKNOWN, "RCVD")
    assert not allowed(ServerState.NEXT, "QUIT")
    for (state, command), (reply, success, failure) in SERVER.items():
        assert after_reply(state, command, reply) is success
        assert after_reply(state, command, ReplyKind.ERROR) is failure
        assert after_reply(state, command, ReplyKind.CLOSE) is ServerState.DONE
    assert after_reply(ServerState.UNKNOWN, "", ReplyKind.COUNT) is ServerState.ITEM
    assert after_reply(ServerState.AUTH, "NOOP", ReplyKind.OK) is ServerState.AUTH


def test_every_state_can_be_reached_and_left() -> None:
    reached, new = {ServerState.AUTH}, {ServerState.AUTH}
    while new:
        new = {after for (state, _), row in SERVER.items() if state in reached for after in row[1:]} - reached
        reached |= new
    assert reached == set(ServerState) - {ServerState.UNKNOWN}
    assert {state for state, _ in SERVER} == reached - {ServerState.DONE}
