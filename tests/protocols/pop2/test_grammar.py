from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.protocols.pop2.grammar import (
    COMMANDS,
    ReplyKind,
    is_greeting,
    mailbox_of,
    message_number_of,
    parse_broken_command,
    parse_broken_reply,
    parse_command,
    parse_reply,
    unquote,
)


@pytest.mark.parametrize(
    ("line", "keyword", "arguments"),
    [
        (b"HELO Fred Secret", "HELO", (b"Fred", b"Secret")),  # RFC 937, example 1
        (
            b"helo tobias seven tall lamps",
            "HELO",
            (b"tobias", b"seven tall lamps"),
        ),  # UW: the rest of the line
        (rb"HELO odette umber\\lid", "HELO", (b"odette", rb"umber\lid")),
        (rb"HELO a\ b pw", "HELO", (b"a b", b"pw")),
        (b"HELO marlowe gravel-kettle-9 ", "HELO", (b"marlowe", b"gravel-kettle-9 ")),
        (b"HELO marlowe", "HELO", (b"marlowe",)),
        (b"HELO", "HELO", ()),
        (b"FOLD /usr/spool/mail/smith", "FOLD", (b"/usr/spool/mail/smith",)),  # RFC 937, example 2
        (b"FOLD mail/saved items", "FOLD", (b"mail/saved items",)),
        (b"READ  27", "READ", (b"27",)),  # RFC 937, example 2: two blanks
        (b"READ 2junk", "READ", (b"2junk",)),
        (b"  RETR", "RETR", ()),
        (b"ACKS 1", "ACKS", (b"1",)),
        (b"GET / HTTP/1.1", "GET", (b"/ HTTP/1.1",)),
        (b"\xff\xfb\x1fHELO a b", "", ()),
        (b"", "", ()),
    ],
)
def test_command_lines(line: bytes, keyword: str, arguments: tuple[bytes, ...]) -> None:
    command = parse_command(line)
    assert (command.keyword, command.arguments) == (keyword, arguments)


@pytest.mark.parametrize(
    ("line", "number", "well_formed"),
    [(b"READ", None, True), (b"READ 7", 7, True), (b"READ 2junk", 2, False), (b"READ -1", None, False),
     (b"READ abc", None, False), (b"RETR 2", None, False), (b"FOLD", None, False), (b"QUIT now", None, False),
     (b"HELO a", None, False), (b"HELO a b", None, True)],
)  # fmt: skip
def test_arguments_that_the_grammar_does_not_have(line: bytes, number: int | None, well_formed: bool) -> None:
    command = parse_command(line)
    assert (command.number, command.well_formed) == (number, well_formed)


@pytest.mark.parametrize(
    ("line", "secret"),
    [(b"HELO anna pass word", b"pass word"), (b"helo anna pw", b"pw"), (b"PASS hunter2", b"hunter2"),
     (b"\xff\xfb\x1fHELO a b", b"b"), (b"HELOO anna pw", b"pw"), (b"READ 1", b""), (b"HELO anna", b""),
     (b"FOLD PASS", b"")],
)  # fmt: skip
def test_where_a_password_stands(line: bytes, secret: bytes) -> None:
    span = parse_command(line).secret
    assert (line[slice(*span)] if span else b"") == secret


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"+ POP2 USC-ISIF.ARPA Server", (ReplyKind.OK, None, "POP2 USC-ISIF.ARPA Server")),
        (b"#13 messages for you", (ReplyKind.COUNT, 13, "messages for you")),
        (b"=537 characters in that message", (ReplyKind.LENGTH, 537, "characters in that message")),
        (b"- Bad login", (ReplyKind.ERROR, None, "Bad login")),
        (b"+OK POP2 Server (ready).", (ReplyKind.OK, None, "OK POP2 Server (ready).")),
        (b"=0", (ReplyKind.LENGTH, 0, "")),
        (b"#", (ReplyKind.UNKNOWN, None, "#")),
        (b"=" + b"9" * 5000, (ReplyKind.UNKNOWN, None, "=" + "9" * 5000)),
        (b"caf\xe9", (ReplyKind.UNKNOWN, None, "café")),
    ],
)
def test_reply_lines(line: bytes, reply: tuple[ReplyKind, int | None, str]) -> None:
    assert parse_reply(line) == reply


def test_greetings() -> None:
    assert is_greeting(b"+ POP2 pop.example.test 2010.75 server ready")
    assert is_greeting(b"- POP2 server disabled on this system")
    assert is_greeting(b"+OK POP2 Server (ready).")
    assert not is_greeting(b"+OK POP3 server ready")
    assert not is_greeting(b"+ POP20 host")


def test_what_reply_texts_name() -> None:
    assert mailbox_of("messages in /var/spool/mail/marlowe") == "/var/spool/mail/marlowe"
    assert mailbox_of("messages in <none>") is None
    assert mailbox_of("messages in this folder") is None
    assert message_number_of("characters in message 12") == 12
    assert message_number_of("characters in Message #3") == 3
    assert message_number_of("No more messages") is None


@given(st.binary(max_size=80))
def test_any_line_is_a_command_and_a_reply(line: bytes) -> None:
    command = parse_command(line)
    assert command.keyword == command.keyword.upper()
    if command.secret:
        first, last = command.secret
        assert 0 <= first < last <= len(line)
    parse_reply(line)
    for head in range(len(line) + 1):
        parse_broken_command(line, head, before_login=True)
        parse_broken_reply(line, head)


@given(st.sampled_from(COMMANDS), st.binary(max_size=10), st.integers(0, 10))
def test_what_may_be_part_of_a_password_is_masked_where_octets_are_lost(word: str, rest: bytes, head: int) -> None:
    line = b"HELO user secret" + rest
    head = min(head, len(line))
    command = parse_broken_command(line, head, before_login=True)
    assert command.secret is not None
    assert command.secret[0] <= len(b"HELO user ") and command.secret[1] == len(line)


def test_a_number_counts_only_where_its_end_was_captured() -> None:
    assert parse_broken_reply(b"=12", 3) == (ReplyKind.LENGTH, None, "")
    assert parse_broken_reply(b"=12 ch", 6) == (ReplyKind.LENGTH, 12, "ch")


@pytest.mark.parametrize(
    ("head", "user"),
    [
        (b"HELO fr", None),
        (b"HELO fred", None),
        (b"HELO fr\\ ", None),
        (b"HELO fred ", b"fred"),
        (b"HELO fred se", b"fred"),
    ],
)
def test_a_name_counts_only_where_its_end_was_captured(head: bytes, user: bytes | None) -> None:
    command = parse_broken_command(head + b"x", len(head), before_login=True)
    assert next(iter(command.arguments), None) == user


@given(st.binary(max_size=30))
def test_quoting_every_octet_and_unquoting_is_the_identity(octets: bytes) -> None:
    assert unquote(b"".join(b"\\" + bytes([octet]) for octet in octets)) == octets


def test_a_line_may_be_long() -> None:
    command = parse_command(b"HEL" * 16000)
    assert (command.keyword, command.arguments, command.secret) == ("HEL" * 16000, (), None)


@pytest.mark.parametrize("head", [b"QUIT", b"READ 1", b"FOLD x", b"RETR"])
def test_a_gap_may_join_a_password_to_any_command(head: bytes) -> None:
    command = parse_broken_command(head + b"ed secret", len(head), before_login=True)
    assert command.keyword == head[:4].decode()
    assert command.secret == (len(head), len(head) + len(b"ed secret"))
    assert parse_broken_command(head + b"ed", len(head), before_login=False).secret is None
    behind = parse_broken_command(head + b"HELO fred secret", len(head), before_login=False).secret
    assert behind is not None and behind[1] == len(head) + len(b"HELO fred secret")


@pytest.mark.parametrize("line", [b"HELO fred\tsecret", b"helo fred\t\tsecret", b"HELO fred \tsecret"])
def test_a_password_behind_a_tab_is_one(line: bytes) -> None:
    command = parse_command(line)
    assert command.arguments[0] == b"fred"
    assert command.secret is not None
    first, last = command.secret
    assert line[first:last].strip() == b"secret"
    assert line[last:] == b""
    assert b"sec" not in line[:first]


def test_a_tab_is_no_separator_by_the_rfc() -> None:
    assert not parse_command(b"HELO fred\tsecret").well_formed
    assert parse_command(b"HELO fr\ted secret").arguments == (b"fr\ted", b"secret")
