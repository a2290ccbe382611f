"""Which programs talked, told by their greetings, their words and their habits.

Sources are the programs themselves: UW IMAP's ``ipop2d.c``, KA9Q NOS's and JNOS's ``pop.c``, popclient's
``popclient.c``, fetchmail's ``pop2.c``. A habit names a program only where the whole session shows it;
where a session is too short to tell, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pop2dissect.patterns import expression
from pop2dissect.protocols.base import CommandLine, ReplyLine, Turn
from pop2dissect.protocols.others import NMAP, is_nmap_probe
from pop2dissect.protocols.programs import server_by_words, words
from pop2dissect.session import Software
from pop2dissect.tcp.stream import Stream

UW = "UW IMAP ipop2d"
KA9Q = "KA9Q NOS or JNOS"
DELPHI = "a Delphi component"
FETCHMAIL = "fetchmail or dtmail"
POPCLIENT = "popclient"

_UW_VERSION = expression(r"^[+-] POP2 \S+ v(\d{1,3})\.(\d{1,3})\b")
"""UW's greeting of its older versions: ``+ POP2 host v4.46 server ready``."""


# What servers say: reply lines in full. A group holds the version.
_SERVER_WORDS = words(
    (UW, rb"\+ POP2 \S+ (v?\d[\w.]*\.\d+) server ready", "its greeting"),
    (UW, rb"- POP2 server disabled on this system", "its greeting"),
    (DELPHI, rb"\+OK POP2 Server \(ready\)\.", "its greeting"),
    (KA9Q, rb"#\d+ messages in this folder", "its reply to HELO or FOLD"),
    (KA9Q, rb"=\d+ characters in Message #\d+", "its reply with a length"),
    (KA9Q, rb"=0 No more messages in this folder", "its reply with a length"),
    (KA9Q, rb"- ERROR: (?:\([A-Z]+\) Expected [A-Za-z, ]+ command|Access DENIED!!)", "its error reply"),
    (KA9Q, rb"\+ Bye, thanks for calling", "its farewell"),
    # Not "#n messages in <mailbox>" and "=n characters in message n": those are in RFC 937's examples.
    (UW, rb"#0 messages in <none>", "its reply to HELO or FOLD"),
    (UW, rb"\+ Sayonara", "its farewell"),
    (
        UW,
        rb"- (?:Bad login|Bogus or out of sequence command|Missing or null command|Missing user or password"
        rb"|Missing mailbox name|Bogus argument given to [A-Z]+|Autologout; idle for too long"
        rb"|Mailbox expunged from under me!|Invalid message number given to READ)",
        "its error reply",
    ),
)


def server_of(turns: Iterable[Turn]) -> Software | None:
    """Name the server of a POP2 session by what it said; nothing where programs contradict one another."""
    return server_by_words(turns, _SERVER_WORDS, greeting_decides=True)


def is_vulnerable(greeting: str) -> bool:
    """Whether a greeting is that of an ipop2d up to v4.55 (Nessus 10130 and 10469)."""
    match = _UW_VERSION.match(greeting)
    return match is not None and (int(match.group(1)), int(match.group(2))) <= (4, 55)


def client_of(turns: Sequence[Turn], client: Stream) -> Software | None:
    """Name the client of a POP2 session by its habits."""
    if is_nmap_probe(client.read(0, min(client.length, 256))):
        return Software(NMAP, None, "a probe of its version detection")
    if not turns or client.gaps or any(turn.command is None for turn in turns[1:]):
        return None
    said = [turn for turn in turns if turn.command is not None]
    if not said or not _is_plain(said):
        return None
    if _splits_line_ends(said, client):
        return Software(POPCLIENT, None, "it sends commands and their line ends in segments of their own")
    if _asks_for_known_sizes(said, client):
        return Software(FETCHMAIL, None, "it sends READ n for each message, though the size was known")
    return None


def _is_plain(said: Sequence[Turn]) -> bool:
    """Whether each command is written as in the RFC: capitals, one blank, nothing that was not asked for.

    Programs write what they were written to write; people and scripts may write anything.
    """
    last = len(said) - 1
    for index, turn in enumerate(said):
        line = turn.command
        assert line is not None
        keyword = line.command.keyword.encode()
        rest = line.raw[len(keyword) :]
        if not line.raw.startswith(keyword) or not line.command.is_known or rest[:1] not in (b"", b" "):
            return False
        if (keyword == b"HELO") is not (index == 0) or (keyword == b"QUIT" and index != last):
            return False
        if line.end - line.start - len(line.raw) != 2 and index != last:
            return False
    return True


def _splits_line_ends(said: Sequence[Turn], client: Stream) -> bool:
    """Whether popclient's way of writing shows: ``HELO`` and ``FOLD`` whole, all else in two segments.

    popclient 2.21 writes commands without an argument, and has no READ with a number. The line end of
    the last command may have been lost with the connection.
    """
    split = 0
    for index, turn in enumerate(said):
        line = turn.command
        assert line is not None
        whole = _is_one_segment(line, client)
        if line.command.keyword in ("HELO", "FOLD"):
            if not whole:
                return False
        elif line.command.arguments:
            return False
        elif _begins_segment(client, line.start) and _begins_segment(client, line.end - 2) and not whole:
            split += 1
        elif index != len(said) - 1:
            return False
    return split >= 2


def _begins_segment(client: Stream, offset: int) -> bool:
    index = client.span_index(offset)
    return index < len(client.spans) and client.spans[index].offset == offset


def _is_one_segment(line: CommandLine, client: Stream) -> bool:
    index = client.span_index(line.start)
    if index >= len(client.spans):
        return False
    span = client.spans[index]
    return span.offset == line.start and span.end == line.end


def _asks_for_known_sizes(said: Sequence[Turn], client: Stream) -> bool:
    """Whether a client reads all messages from 1 on, each with ``READ n``, ``RETR`` and an acknowledgement.

    An acknowledgement is answered with the next message's size, and so READ is needed for the first
    only. There must be at least two messages, and it must have gone on to the last, by the server's count.
    """
    keywords = [turn.keyword for turn in said]
    reads = [index for index, keyword in enumerate(keywords) if keyword == "READ"]
    if len(reads) < 2 or not all(_is_one_segment(turn.command, client) for turn in said if turn.command):
        return False
    head, tail = keywords[: reads[0]], keywords[reads[0] :]
    if head not in (["HELO"], ["HELO", "FOLD"]) or tail[-1] != "QUIT":
        return False
    opening = said[reads[0] - 1].replies
    count = opening[0].value if opening and isinstance(opening[0], ReplyLine) else None
    body = tail[:-1]
    acknowledgements = set(body[2::3])
    return (
        count == len(reads)
        and body == ["READ", "RETR", body[2]] * len(reads)
        and acknowledgements in ({"ACKS"}, {"ACKD"})
        and all(_number(said[index]) == place for place, index in enumerate(reads, 1))
    )


def _number(turn: Turn) -> int | None:
    return turn.command.command.number if turn.command else None
