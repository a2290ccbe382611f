"""POP3 dialogues; however they are cut, the events are the same."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.protocols.base import Closed, Interpretation, MessageData, ReplyKind, Turn
from pop2dissect.protocols.pop3 import dissect
from pop2dissect.protocols.pop3.meaning import interpret
from tests.protocols.pop3.stuffing import stuff, unstuff
from tests.support.conversation import LEADING, Conversation

Script = list[tuple[str, bytes]]

SCRIPT: Script = [
    ("S", b"+OK ready <1.2@host>\r\n"),
    ("C", b"CAPA\r\n"),
    ("S", b"+OK\r\nPIPELINING\r\n.\r\n"),
    ("C", b"AUTH PLAIN\r\n"),
    ("S", b"+ \r\n"),
    ("C", b"AGZyZWQAcGFzcw==\r\n"),
    ("S", b"-ERR [IN-USE] no\r\n"),
    ("C", b"USER fred\r\n"),
    ("S", b"+OK\r\n"),
    ("C", b"PASS  two words \r\n"),
    ("S", b"+OK\r\n"),
    ("C", b"LIST\r\n"),
    ("S", b"+OK\r\n1 20\r\n2 5\r\n.\r\n"),
    ("C", b"UIDL\r\n"),
    ("S", b"+OK\r\n1 abc\r\n2 def\r\n.\r\n"),
    ("C", b"RETR 1\r\nRETR 2\r\n"),
    ("S", b"+OK 20 octets\r\nSubject: x\r\n\r\n..\r\n+OK\r\n.\r\n-ERR gone\r\n"),
    ("C", b"TOP 1 0\r\n"),
    ("S", b"+OK\r\nSubject: x\r\n\r\n.\r\n"),
    ("C", b"DELE 1\r\n"),
    ("S", b"+OK\r\n"),
    ("C", b"QUIT\r\n"),
    ("S", b"+OK bye\r\n"),
]


def read(said: Script, size: int | None = None) -> tuple[list[Turn], Interpretation]:
    client, server = Conversation().script(said, size=size).streams(closed=True)
    turns = list(dissect(client, server))
    return turns, interpret(turns, client, server)


def told(turns: list[Turn]) -> list[object]:
    return [
        (turn.keyword, turn.state, turn.next_state, turn.number, [reply[:2] for reply in turn.replies])
        for turn in turns
    ]


def test_a_session() -> None:
    turns, meaning = read(SCRIPT)
    assert [turn.next_state for turn in turns] == [*["AUTHORIZATION"] * 5, *["TRANSACTION"] * 7, "UPDATE"]
    assert [(one.mechanism, one.user, one.password, one.outcome, one.credentials_right) for one in meaning.logins] == [
        ("AUTH PLAIN", "fred", "pass", "refused", True),
        ("PASS", "fred", " two words ", "accepted", False),
    ]
    (message,) = meaning.messages
    assert (message.number, message.identifier, message.declared_octets, message.whole) == (1, "abc", 20, True)
    assert len(message.skipped) == 1
    assert (message.disposition, message.committed) == ("deleted", True)
    assert [(one.number, one.transferred) for one in meaning.deletions] == [(1, True)]
    assert [(one.messages, one.outcome) for one in meaning.folders] == [(2, "opened")]
    assert not [one.id for turn in turns for one in turn.departures]


def places(meaning: Interpretation) -> list[tuple[int, int, int, int | None]]:
    return [(one.exchange, one.start, one.end, one.number) for one in meaning.messages]


@given(st.integers(1, 40))
def test_segments_of_any_size_give_the_same_turns(size: int) -> None:
    turns, meaning = read(SCRIPT, size)
    expected, same = read(SCRIPT)
    assert told(turns) == told(expected)
    assert places(meaning) == places(same)
    assert [(one.user, one.password, one.outcome) for one in meaning.logins] == [
        (one.user, one.password, one.outcome) for one in same.logins
    ]


CONTENTS = st.lists(
    st.sampled_from([b".", b"..", b"\r\n", b"\r", b"\n", b"+OK", b"-ERR no\r\n", b"QUIT\r\n", b"\0", b"x"]), max_size=12
).map(lambda pieces: b"".join(pieces) + b"\r\n")
LOGINS = st.sampled_from(
    [
        [(b"USER fred", b"+OK"), (b"PASS two words", b"+OK")],
        [(b"AUTH PLAIN", b"+ "), (b"AGZyZWQAcGFzcw==", b"+OK")],
        [(b"AUTH LOGIN", b"+ VXNlcg=="), (b"*", b"-ERR"), (b"USER fred", b"+OK"), (b"PASS x", b"+OK")],
    ]
)
COMMANDS = st.lists(
    st.one_of(
        CONTENTS.map(lambda content: (b"RETR 1", b"+OK 7 octets\r\n" + stuff(content) + b".")),
        st.sampled_from(
            [
                (b"STAT", b"+OK 2 9"),
                (b"LIST", b"+OK\r\n1 4\r\n2 5\r\n."),
                (b"TOP 1 0", b"+OK\r\n\r\n."),
                (b"RETR 9", b"-ERR no"),
                (b"DELE 1", b"+OK"),
                (b"RSET", b"+OK"),
                (b"XYZ", b"-ERR"),
            ]
        ),
    ),
    max_size=8,
)


@given(LOGINS, COMMANDS, st.booleans(), st.data())
def test_conversations_cut_anywhere_give_the_same_events(
    login: list[tuple[bytes, bytes]], commands: list[tuple[bytes, bytes]], at_once: bool, data: st.DataObject
) -> None:
    talk = [*login, *([] if at_once else commands), (b"QUIT", b"+OK")]
    if at_once and commands:
        talk.insert(-1, (b"\r\n".join(said for said, _ in commands), b"\r\n".join(reply for _, reply in commands)))
    whole: Script = [("S", b"+OK <1@h>\r\n")]
    for command, reply in talk:
        whole += [("C", command + b"\r\n"), ("S", reply + b"\r\n")]
    cut: Script = []
    for side, octets in whole:
        ends = sorted(data.draw(st.sets(st.integers(1, len(octets) - 1), max_size=4)))
        cut += [(side, octets[start:end]) for start, end in zip([0, *ends], [*ends, len(octets)], strict=True)]
    expected, meaning = read(whole)
    for turns, same in (read(cut), read(whole, 1)):
        assert told(turns) == told(expected)
        assert contents(turns, whole) == contents(expected, whole)
        assert [(one.user, one.password, one.outcome) for one in same.logins] == [
            (one.user, one.password, one.outcome) for one in meaning.logins
        ]
        assert [(one.number, one.disposed.value, one.released.value) for one in same.deletions] == [
            (one.number, one.disposed.value, one.released.value) for one in meaning.deletions
        ]
    retrieved = [reply for said, reply in commands if said == b"RETR 1"]
    assert contents(expected, whole) == [unstuff(one.split(b"\r\n", 1)[1][:-1]) for one in retrieved]


def contents(turns: list[Turn], said: Script) -> list[bytes]:
    """Return the messages that were found, without what byte-stuffing added."""
    server = b"".join(octets for side, octets in said if side == "S")
    return [
        unstuff(server[reply.start : reply.end - (reply.end_mark or 0)])
        for turn in turns
        for reply in turn.replies
        if isinstance(reply, MessageData) and reply.is_message
    ]


SCRAPS = st.lists(
    st.one_of(
        st.binary(max_size=8),
        st.sampled_from([b"+OK\r\n", b"+ \r\n", b"-ERR\r\n", b".\r\n", b"RETR 1\r\n", b"AUTH PLAIN\r\n", b"*\r\n"]),
        st.sampled_from([b"STLS\r\n", b"\x16\x03\x01", b"QUIT\r\n", b"CAPA\r\n", b"PASS x\r\n", b"\n", b"\r\n"]),
    ),
    max_size=12,
).map(b"".join)


@given(st.lists(st.tuples(st.sampled_from("CS"), SCRAPS), max_size=8), st.booleans())
def test_any_octets_give_turns(said: Script, from_start: bool) -> None:
    client, server = Conversation().script(said).streams()
    turns = list(dissect(client, server, from_start))
    assert isinstance(interpret(turns, client, server), Interpretation)
    lines = [(turn.command.start, turn.command.end) for turn in turns if turn.command is not None]
    ends = [0, *(end for _, end in lines)]
    for end, (start, _) in zip(ends, lines, strict=False):
        assert LEADING.fullmatch(client.read(end, start))
    if not any("TLS follows" in note for turn in turns for note in turn.notes):
        assert LEADING.fullmatch(client.read(ends[-1], client.length))
    replies = [reply for turn in turns for reply in turn.replies if not isinstance(reply, Closed)]
    assert all(before.end <= after.start for before, after in pairwise(replies))


def fate(*said: bytes) -> list[tuple[object, object]]:
    script: Script = [("S", b"+OK <1@h>\r\n"), ("C", b"APOP a 0123456789abcdef0123456789abcdef\r\n"), ("S", b"+OK\r\n")]
    for command in said:
        script += [("C", command + b"\r\n"), ("S", b"+OK\r\n")]
    _, meaning = read(script)
    return [(one.disposed.value, one.released.value) for one in meaning.deletions]


def test_only_quit_deletes_and_rset_takes_back() -> None:
    assert fate(b"DELE 1", b"QUIT") == [("deleted", True)]
    assert fate(b"DELE 1") == [("deleted", False)]
    assert fate(b"DELE 1", b"RSET", b"DELE 2", b"QUIT") == [("kept", False), ("deleted", True)]


def test_nothing_behind_stls_is_read_as_lines() -> None:
    hello = b"\x16\x03\x01\x00\x05USER x\nPASS y\r\n"
    script: Script = [
        ("S", b"+OK POP3\r\n"),
        ("C", b"STLS\r\n"),
        ("S", b"+OK\r\n"),
        ("C", hello),
        ("S", b"\x16\x03\x03\0\1\n+OK\r\n"),
    ]
    turns, meaning = read(script)
    assert [turn.keyword for turn in turns] == ["", "STLS"]
    assert [len(turn.replies) for turn in turns] == [1, 1]
    assert not meaning.logins


def test_plain_text_behind_stls_is_told_and_is_no_login() -> None:
    for behind, departure in ((b"\x16\x03\x01\0\0", "tls.injection"), (b"", "tls.plaintext_after_stls")):
        script: Script = [
            ("S", b"+OK POP3\r\n"),
            ("C", b"STLS\r\nUSER x\r\nPASS y\r\n" + behind),
            ("S", b"+OK\r\n"),
        ]
        turns, meaning = read(script)
        assert [turn.keyword for turn in turns] == ["", "STLS", "USER", "PASS"]
        assert [one.id for turn in turns[2:] for one in turn.departures] == [departure] * 2
        assert turns[3].command is not None
        assert turns[3].command.command.secret == (5, 6)
        assert not meaning.logins


def test_a_server_that_says_ok_and_sends_nothing() -> None:
    script = [*SCRIPT[:1], ("C", b"RETR 1\r\n"), ("S", b"+OK 296\r\n"), ("C", b"RETR 2\r\n"), ("S", b"-ERR\r\n")]
    turns, _ = read(script)
    assert [[reply.kind for reply in turn.replies if not isinstance(reply, MessageData)] for turn in turns[1:]] == [  # type: ignore[union-attr]
        [ReplyKind.OK],
        [ReplyKind.ERROR],
    ]


def test_a_line_without_an_end_is_a_login_only_where_the_server_need_not_wait_for_it() -> None:
    for name, outcomes in ((b"x" * 300, ["refused"]), (b"x", [])):
        script: Script = [("S", b"+OK POP3\r\n"), ("C", b"USER " + name), ("S", b"-ERR no\r\n")]
        assert [one.outcome for one in read(script)[1].logins] == outcomes


@pytest.mark.parametrize(("name", "tried"), [(b"", 0), (b" ", 0), (b" " + b"X" * 500, 1), (b" \xff", 1), (b" X", 1)])
def test_a_mechanism_that_cannot_be_one_was_tried(name: bytes, tried: int) -> None:
    """AUTH alone asks for the list of mechanisms; whatever stands behind it is an attempt (RFC 5034, section 4)."""
    script: Script = [("S", b"+OK POP3\r\n"), ("C", b"AUTH" + name + b"\r\n"), ("S", b"-ERR unsupported\r\n")]
    assert [one.outcome for one in read(script)[1].logins] == ["refused"] * tried


def test_a_message_that_the_client_sends_is_no_command() -> None:
    said = [b"XTND XMIT\r\n", b"Subject: x\r\n\r\nQUIT\r\nPASS y\r\n..\r\n\xe9\r\n.\r\n", b"DELE 1\r\n"]
    script = [*SCRIPT[:1], *(one for octets in said for one in (("C", octets), ("S", b"+OK\r\n")))]
    turns, meaning = read(script)
    assert [(turn.keyword, len(turn.replies)) for turn in turns] == [
        *[("", 1), ("XTND", 1)],
        *[("", 0)] * 6,
        *[("", 1), ("DELE", 1)],
    ]
    assert not meaning.logins
    assert not [one.id for turn in turns[2:-1] for one in turn.departures]
    refused, _ = read([*SCRIPT[:1], ("C", said[0]), ("S", b"-ERR\r\n"), ("C", b"QUIT\r\n"), ("S", b"+OK\r\n")])
    assert [turn.keyword for turn in refused] == ["", "XTND", "QUIT"]


def test_let_in_and_then_no_mailbox() -> None:
    login: Script = [*SCRIPT[:1], ("C", b"USER a\r\n"), ("S", b"+OK\r\n"), ("C", b"PASS b\r\n")]
    for words, outcome in ((b"[SYS/TEMP] Internal error", "accepted"), (b"wrong password", "unknown")):
        (one,) = read([*login, ("S", b"+OK Logged in.\r\n-ERR " + words + b"\r\n")])[1].logins
        assert one.outcome == outcome
        assert "before the server answered" not in one.verdict.because


def test_last_words_answer_nothing() -> None:
    script = [*SCRIPT[:1], ("C", b"NOOP\r\n"), ("S", b"+OK\r\n"), ("S", b"-ERR timeout\r\n")]
    turns, _ = read(script)
    assert len(turns[1].replies) == 2
    assert not [one for one in turns[1].departures if one.id == "protocol.reply_injection"]
