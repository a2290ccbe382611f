"""A line that a server does not answer shifts nothing: acknowledgements tell which line a reply can answer."""

from __future__ import annotations

import pytest

from pop2dissect.protocols.base import MessageData, Turn
from pop2dissect.protocols.pop2 import dissect
from pop2dissect.protocols.proxy import proxy_header
from tests.support.conversation import Conversation

MAIL = b"From: a\r\nSubject: x\r\n\r\n#1 is no reply\r\n"

Said = list[tuple[bytes, bytes]]

TURNS: Said = [
    (b"HELO fred secret\r\n", b"#1 messages in /var/mail/fred\r\n"),
    (b"READ 1\r\n", b"=%d characters in message 1\r\n" % len(MAIL)),
    (b"RETR\r\n", MAIL),
    (b"ACKS\r\n", b"=0 no more messages\r\n"),
    (b"QUIT\r\n", b"+ Sayonara\r\n"),
]


def turns(said: Said, greeting: bytes = b"+ POP2 host ready\r\n", before: bytes = b"") -> list[Turn]:
    talk = Conversation()
    if before:
        talk.client(before)
    if greeting:
        talk.server(greeting)
    for command, answer in said:
        talk.client(command)
        if answer:
            talk.server(answer)
    return list(dissect(*talk.streams()))


def paired(found: list[Turn]) -> list[tuple[str, int]]:
    """Return each known command and how many octets answer it."""
    return [
        (turn.keyword, sum(reply.end - reply.start for reply in turn.replies if hasattr(reply, "start")))
        for turn in found
        if turn.command is not None and turn.command.command.is_known
    ]


WHOLE = paired(turns(TURNS))


@pytest.mark.parametrize("place", range(len(TURNS) - 1))
@pytest.mark.parametrize("blank", [b"\r\n", b"\r\n\r\n", b"  \r\n", b"\n", b"\r\n" * 7])
def test_blank_lines_anywhere(place: int, blank: bytes) -> None:
    said = [(command + blank * (index == place), answer) for index, (command, answer) in enumerate(TURNS)]
    found = turns(said)
    assert paired(found) == WHOLE
    (data,) = [reply for turn in found for reply in turn.replies if isinstance(reply, MessageData)]
    assert data.end - data.start == len(MAIL)


@pytest.mark.parametrize("place", range(1, len(TURNS)))
def test_blank_lines_in_segments_of_their_own(place: int) -> None:
    assert paired(turns([*TURNS[:place], (b"\r\n", b""), *TURNS[place:]])) == WHOLE


@pytest.mark.parametrize("place", [1, 2, 4])
def test_an_ignored_command(place: int) -> None:
    """The server shows by its next segment that it had it, and was silent."""
    said = [(command + b"NOOP\r\n" * (index == place - 1), answer) for index, (command, answer) in enumerate(TURNS)]
    assert paired(turns(said)) == WHOLE


def test_an_answered_blank_line_keeps_its_answer() -> None:
    found = turns([*TURNS[:1], (b"\r\n", b"- Missing or null command\r\n"), (b"QUIT\r\n", b"+ Sayonara\r\n")])
    assert [len(turn.replies) for turn in found] == [1, 1, 1, 1]


def test_pipelined_commands_are_answered_in_order() -> None:
    talk = Conversation().server(b"+ POP2 host ready\r\n").client(b"".join(command for command, _ in TURNS))
    talk.server(b"".join(answer for _, answer in TURNS))
    assert paired(list(dissect(*talk.streams()))) == WHOLE


def test_no_greeting() -> None:
    found = turns(TURNS, greeting=b"")
    assert paired(found) == WHOLE
    assert [departure.id for departure in found[0].departures] == ["protocol.no_greeting"]


V2 = b"\r\n\r\n\x00\r\nQUIT\n"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (b"PROXY TCP4 203.0.113.7 192.0.2.1 51000 109\r\n", "203.0.113.7:51000"),
        (b"PROXY TCP6 2001:db8::7 2001:db8::1 51000 109\r\n", "[2001:db8::7]:51000"),
        (b"PROXY UNKNOWN\r\n", "names no client"),
        (V2 + b"\x21\x11\x00\x0c\xcb\x00\x71\x07\xc0\x00\x02\x01\xc7\x38\x00\x6d", "203.0.113.7:51000"),
        (V2 + b"\x20\x00\x00\x00", "names no client"),
    ],
)
def test_proxy_headers(header: bytes, said: str) -> None:
    found = turns(TURNS, before=header)
    assert paired(found) == WHOLE
    (note,) = [note for turn in found for note in turn.notes if "PROXY" in note]
    assert said in note


@pytest.mark.parametrize("octets", [b"PROXY TCP4 x\r\n", b"HELO PROXY x\r\n", V2, V2 + b"\x21\x11\x00\xff\x00", b""])
def test_what_is_no_proxy_header(octets: bytes) -> None:
    client, _ = Conversation().client(octets).streams()
    assert proxy_header(client) is None


@pytest.mark.parametrize(
    ("line", "urgent", "read_as", "said"),
    [
        (b"HELO fred secret\r\n", 0, b"HELO fred secret", "octet 1 of the line was sent as urgent data: it is read in"),
        (b"HELO fred secret\r\n", 2, b"HELO fred secret", "octet 3 of the line was sent as urgent data: it is read in"),
        (b"!HELO fred secret\r\n", 0, b"HELO fred secret", "octet 1 of the line was sent as urgent data: it is left"),
        (b"HELO fred secret\r\n", 12, b"HELO fred seret", "octet 13 of the line was sent as urgent data: it is left"),
        (b"HELO fred secret\r\n", None, b"HELO fred secret", None),
    ],
)
def test_urgent_octets_are_read_as_makes_a_command_and_both_readings_said(
    line: bytes, urgent: int | None, read_as: bytes, said: str | None
) -> None:
    talk = Conversation().server(b"+ POP2 host ready\r\n").client(line).server(b"#0 messages\r\n")
    client, server = talk.streams()
    client.urgent = () if urgent is None else (urgent,)
    (turn,) = [one for one in dissect(client, server) if one.command is not None]
    assert turn.command is not None
    assert turn.command.raw == read_as
    notes = [note for note in turn.notes if "urgent" in note]
    assert [note.startswith(said or "") for note in notes] == [True] * (said is not None)
    assert not [note for note in notes if "secret" in note]
