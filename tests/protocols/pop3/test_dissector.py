"""POP3 dialogues; however they are cut, the events are the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.protocols.base import Interpretation, MessageData, ReplyKind, Turn
from pop2dissect.protocols.pop3 import dissect
from pop2dissect.protocols.pop3.meaning import interpret
from tests.support.conversation import Conversation

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


def test_last_words_answer_nothing() -> None:
    script = [*SCRIPT[:1], ("C", b"NOOP\r\n"), ("S", b"+OK\r\n"), ("S", b"-ERR timeout\r\n")]
    turns, _ = read(script)
    assert len(turns[1].replies) == 2
    assert not [one for one in turns[1].departures if one.id == "protocol.reply_injection"]
