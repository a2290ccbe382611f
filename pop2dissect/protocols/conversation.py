"""What is common to the dissectors of conversations in which each line of the client gets an answer.

The streams are read in the order of the conversation, not of the clock: the n-th reply answers the n-th
command, data is as long as was announced, and where that cannot be true, causality decides (see
:mod:`pop2dissect.protocols.causality`): what the server sent before it had received the next command
belongs to this one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from pop2dissect.protocols.base import MessageData, ReplyKind, ReplyLine
from pop2dissect.protocols.causality import Causality
from pop2dissect.protocols.lines import Line, LineReader, has_control_octets, has_unusual_octets, without_leading
from pop2dissect.protocols.proxy import proxy_header
from pop2dissect.session import Departure, Direction
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.values import count, decode_text

MAX_REFUSAL = 2048
"""Octets within which what was expected to be data may turn out to be lines: four of the longest replies."""

LAST_WORDS = 512
"""Octets at the end of what a server sent in which its last words are looked for."""

MAX_EXTRA_LINES = 100
"""Lines taken as further replies to one command. Where there are more, the rest is one unknown reply: whoever
sends that is no server of the protocol any more."""

NO_REPLY = "no reply was captured"
"""The note on a command whose reply may well have been sent."""

Meaning = tuple[ReplyKind, int | None, str]
"""Of a reply line: its kind, its number, and its text."""


class ReplySyntax(NamedTuple):
    """How a protocol words its replies."""

    looks_like: Callable[[bytes], bool]
    """Tells whether a line can be one."""
    parse: Callable[[bytes], Meaning]
    parse_broken: Callable[[bytes, int], Meaning]
    """Given a line with octets missing from the capture, and how many were captured before the first of those."""
    longest: int
    """Octets of a line, its end included."""
    last_words: re.Pattern[bytes] | None = None
    """What a server says that is stopped while it sends a message, up to the end of what it sends."""


_ENDS = {ord("\r"): "CR", ord("\n"): "LF", 0: "NUL"}
"""Names of the octets of line ends."""


class Conversation:
    """How far both streams are read, and what was noticed on the way. Ask for things in the order of the
    conversation."""

    def __init__(self, client: Stream, server: Stream, replies: ReplySyntax) -> None:
        self.client = client
        self.server = server
        self._looks_like_reply, self._parse, self._parse_broken, self._longest, self._last_words = replies
        self._lines = LineReader(server)
        self._leading: dict[int, str] = {}
        """What stands before commands and is none of them, by where they begin."""
        self._sent_by_server = Causality(server)
        self._sent_by_client = Causality(client)
        self._received_by_server = Causality(server)
        self.proxied = proxy_header(client)
        """What a load balancer put before the client's first octet."""
        self.position = 0
        """Offset in the server's stream of what is not read yet."""
        self.from_start = True
        """The streams begin with the connection."""
        self.greeting_end = 0
        self.answer_end = 0
        """Offset after what the client had to wait for: the greeting, then each reply proper."""
        self.unanswered = False
        """The command before this one has no reply."""
        self._lost_until: int | None = None
        """Where the next command was lost, and so were octets of the server just where the reply to it may
        begin: the end of those."""
        self._departures: dict[tuple[str, Direction, int], Departure] = {}
        self._notes: list[str] = []

    # What is noticed, collected for the turn at hand.

    def depart(self, departure: str, side: Direction, start: int, end: int) -> None:
        """Note a departure from the protocol by its id in the findings catalogue, and where it is."""
        if (departure, side, start) not in self._departures:
            frames = (self.client if side == "client" else self.server).frames(start, end)
            self._departures[departure, side, start] = Departure(departure, side, start, end, frames)

    def depart_at(self, departure: str, line: Line) -> None:
        """Note a departure in a line of the client."""
        self.depart(departure, "client", line.start, line.end)

    def note(self, note: str) -> None:
        """Note something in words."""
        self._notes.append(note)

    def note_missing(self, octets: int, noun: str) -> None:
        """Note how much of something is missing from the capture."""
        verb = "is" if octets == 1 else "are"
        self.note(f"{count(octets, 'byte')} of this {noun} {verb} missing from the capture")

    def collect(self) -> tuple[tuple[Departure, ...], tuple[str, ...]]:
        """Return the departures and notes since the last call."""
        if not self._departures and not self._notes:
            return (), ()
        collected = tuple(self._departures.values()), tuple(self._notes)
        self._departures.clear()
        self._notes.clear()
        return collected

    # The client.

    def command_lines(self) -> Iterator[Line]:
        """Yield the client's lines. Gaps are cut where the server is known to have answered."""
        reader = LineReader(self.client)
        cuts = self._answered_inside_gaps() if self.client.gaps else []
        start = 0
        if self.proxied is not None:
            start = self.proxied.length
            yield Line(0, start, self.client.read(0, start).removesuffix(b"\r\n"), b"\r\n", 0)
        while (line := reader.read(start, _first_after(cuts, start) if cuts else None)) is not None:
            yield line
            start = line.end

    def _answered_inside_gaps(self) -> list[int]:
        answered = {span.acknowledged for span in self.server.spans}
        return sorted(
            offset
            for offset in answered
            if offset is not None and (gap := self.client.gap_after(offset - 1)) is not None and gap.offset < offset
        )

    def next_command(self, lines: Iterator[Line]) -> tuple[Line | None, int | None, int | None]:
        """Return the client's next line; how much the client had received when it began to send it, if known; and
        where in the server's stream the reply to it begins at the earliest.

        Without a line the last is the end of the stream; None where nothing tells.
        """
        line = next(lines, None)
        self._lost_until = None
        if line is None:
            return None, None, self.server.length
        known = self._sent_by_client.received_at(line.start)
        boundary = self._sent_by_server.first_after(line.end, known)
        command, before = without_leading(line)
        if before and not (command.raw or command.ending):
            return self.next_command(lines)
        if before and not self._is_refused_at(boundary):
            self._leading[command.start] = before
            line = command
        if line.missing and known is None and self.server.gaps:
            gap = None if boundary is None else self.server.gap_after(boundary)
            self._lost_until = gap.end if gap is not None and gap.offset == boundary else None
        return line, known, boundary

    def _is_refused_at(self, boundary: int | None) -> bool:
        """Whether the server answers with an error there: what stands before a command may be why (UW's ipop2d)."""
        return boundary is not None and boundary < self.server.length and self.server.octet_at(boundary) == b"-"

    def not_before(self, boundary: int | None) -> int | None:
        """Return where the reply to the next command begins at the earliest, now that so much was read.

        Losses come in bursts: where the reply to this command and the next command are both lost, it is
        this reply, which nothing was captured of yet, that the lost octets of the server begin with.
        """
        if boundary is None or boundary > self.position:
            return boundary
        return self.position if self._lost_until is None else max(self._lost_until, self.position)

    def broken_command(self, line: Line) -> int:
        """Note that octets of a command are missing from the capture; return how many precede the first of them."""
        self.note_missing(line.missing, "command")
        return _captured_head(line, self.client)

    def is_torn(self, line: Line, is_command: bool) -> bool:
        """Tell, and note, whether a line that is no command may be the rest of one in which the capture starts."""
        torn = not (is_command or self.from_start or self.greeting_end or line.start or line.missing)
        if torn:
            self._notes.append("the capture starts in the middle of this line, or it is no command")
        return torn

    def check_order(self, line: Line, known: int | None) -> None:
        """Note a command that the client sent before it had received what it should have waited for.

        ``known`` is how much it had received, as far as known.
        """
        if known is None:
            return
        if known < self.greeting_end:
            self.depart_at("protocol.pre_greeting", line)
        elif known < self.answer_end or self.unanswered:
            self.depart_at("protocol.pipelining", line)

    def check_octets(self, line: Line, side: Direction, longest: int) -> None:
        """Note what no line should hold: a bare LF as its end, too many octets, other than printable ASCII."""
        start, end, raw, ending, _, beyond = line
        if beyond:
            self.note(f"{beyond:,} bytes of this line were not looked at (limit line_octets)")
        if ending == b"\n":
            self.depart("protocol.bare_lf", side, start, end)
        elif ending not in (b"", b"\r\n"):
            self.note(f"the line ends with {' '.join(_ENDS[octet] for octet in ending)}")
        if side == "client" and (before := self._leading.pop(start, "")):
            self.note(before)
        if end - start > longest:
            self.depart("protocol.long_line", side, start, end)
        if has_unusual_octets(raw):
            if not raw.isascii():
                self.depart("protocol.non_ascii", side, start, end)
            if has_control_octets(raw):
                self.depart("protocol.terminal_escape", side, start, end)

    def is_proxy_header(self, line: Line) -> bool:
        """Whether a line of the client is the header that a load balancer put before what it said."""
        return self.proxied is not None and line.end == self.proxied.length

    # The server: looking at what comes.

    def had_received(self, offset: int) -> bool:
        """Whether what the server sent just before its next octet shows that it had so much of the client."""
        if not self.position:
            return False
        received = self._received_by_server.received_at(self.position - 1)
        return received is not None and received >= offset

    def next_line(self, limit: int | None = None) -> Line | None:
        """Look at the server's next line without taking it."""
        return self._lines.read(self.position, limit)

    def line_at(self, offset: int, limit: int | None = None) -> Line | None:
        """Look at the server's line at an offset."""
        return self._lines.read(offset, limit)

    def is_reply_at(self, offset: int) -> bool:
        """Whether a whole line that can be a reply begins at an offset of the server's stream."""
        line = self._lines.read(offset)
        return line is not None and bool(line.ending) and not line.missing and self._looks_like_reply(line.raw)

    def only_replies(self, start: int, end: int, signs: bytes = b"+-#=") -> bool:
        """Whether there are lines from ``start`` to just ``end`` that all look like replies."""
        if not start < end <= start + MAX_REFUSAL:
            return False
        while start < end:
            line = self._lines.read(start)
            if line is None or line.missing or not line.ending or line.raw[:1] not in signs:
                return False
            if not self._looks_like_reply(line.raw):
                return False
            start = line.end
        return start == end

    def data_end(self, announced: int | None, has_following: bool, boundary: int | None) -> int | None:
        """Return where the data that begins here ends; None where lines answer instead.

        ``announced`` is its length as far as known, ``boundary`` where the reply to the next command
        begins at the earliest.
        """
        start, length = self.position, self.server.length
        end = None if announced is None else start + announced
        if boundary is None or (has_following and boundary <= start):
            # The next command was sent along with this one: only the announcement can tell.
            return None if end is None or self._is_refusal(start, end) else min(end, length)
        if boundary == end:
            return end
        if self.only_replies(start, boundary, signs=b"+-"):
            return None
        if end is None or boundary == length < end:
            return boundary
        if boundary > end:
            # Either the server said something else after the data, or the data was longer.
            return end if self.only_replies(end, boundary) else boundary
        # Either the data was shorter, or the client did not wait for the end of it.
        return boundary if self.is_reply_at(boundary) else min(end, length)

    def _is_refusal(self, start: int, end: int) -> bool:
        """Whether an error line stands where data was announced, and none follows the data as it should."""
        line = self._lines.read(start)
        if line is None or not line.raw.startswith(b"-") or not self._looks_like_reply(line.raw):
            return False
        return end != line.end and not self.is_reply_at(end)

    def last_words_of(self, start: int, due: int | None) -> int | None:
        """Return where, in data that was to end at ``due``, a server's last words begin; None where there are none.

        A server that is killed while it sends a message says so on the spot, in the middle of a line if need be, and
        then the stream ends. Data that is whole holds no such words, whatever it says.
        """
        length = self.server.length
        first = max(start, length - LAST_WORDS)
        if self._last_words is None or first >= length or self.server.missing_between(first, length):
            return None
        octets = self.server.read(first, length)
        found = self._last_words.search(octets)
        begin = first + found.start() if found is not None else length
        is_whole = due is not None and begin < due <= length and octets[: due - first].endswith(b"\n")
        return None if begin == length or is_whole else begin

    def note_last_words(self, start: int, noun: str) -> None:
        """Note what a server said in place of the rest of its data."""
        said = " ".join(decode_text(self.server.read(start, self.server.length)).split())
        self._notes.append(f"the server broke off and took its leave, which is no part of the {noun}: {said}")

    def is_lost_request(self, announced: int | None, boundary: int | None) -> bool:
        """Whether a command that was not captured must have asked for data, by what answers it."""
        if boundary is None or boundary <= self.position:
            return False
        if announced is not None and boundary == self.position + announced:
            return True
        return not self.only_replies(self.position, boundary)

    # The server: taking it.

    def look(self, line: Line) -> ReplyLine:
        """Return a whole line as a reply, without taking it."""
        kind, value, text = self._parse(line.raw)
        return ReplyLine(line.start, line.end, line.raw, kind, value, text, line.missing)

    def reply(self, line: Line) -> ReplyLine:
        """Take a line as a reply."""
        self.position = line.end
        self.check_octets(line, "server", self._longest)
        if line.missing:
            self.note_missing(line.missing, "reply")
            kind, value, text = self._parse_broken(line.raw, _captured_head(line, self.server))
        else:
            kind, value, text = self._parse(line.raw)
        return ReplyLine(line.start, line.end, line.raw, kind, value, text, line.missing)

    def lines_up_to(self, end: int) -> Iterator[ReplyLine]:
        """Take all lines up to an offset as replies; what is none is one unknown reply."""
        taken = 0
        while self.position < end and taken < MAX_EXTRA_LINES:
            line = self._lines.read(self.position, end)
            if line is None or (line.missing and not line.raw):
                break
            yield self.reply(line)
            taken += 1
        if self.position < end:
            start, self.position = self.position, end
            missing = self.server.missing_between(start, end)
            if missing < end - start:
                self._notes.append(f"{end - start - missing} bytes of the server here are not replies")
            yield ReplyLine(start, end, b"", ReplyKind.UNKNOWN, None, "", missing)

    def data(self, end: int, announced: int | None, noun: str) -> MessageData:
        """Take what comes up to an offset as data, but for the last words of a server; ``noun`` says what it is."""
        start, server = self.position, self.server
        last_words = None
        if end > server.length - LAST_WORDS:  # else nothing follows in time
            last_words = self.last_words_of(start, start + announced if announced is not None else None)
        if last_words is not None and last_words < end:
            self.note_last_words(last_words, noun)
            end = last_words
        else:
            last_words = None
        self.position = end
        missing = server.missing_between(start, end)
        if announced is not None and end - start != announced:
            over = end < server.length or server.finished or server.reset
            if (over and last_words is None) or end - start > announced:
                self.depart("protocol.length_mismatch", "server", start, end)
            self._notes.append(f"the server announced {count(announced, 'byte')} and sent {end - start:,}")
        if missing:
            self.note_missing(missing, noun)
        return MessageData(start, end, announced, missing)


def _captured_head(line: Line, stream: Stream) -> int:
    """Return how many octets of a line were captured before the first missing one."""
    gap = stream.gap_after(line.start)
    assert gap is not None  # octets are missing from it
    return max(gap.offset - line.start, 0)


def _first_after(cuts: Sequence[int], offset: int) -> int | None:
    index = bisect_right(cuts, offset)
    return cuts[index] if index < len(cuts) else None
