"""What is common to the dissectors of conversations in which each line of the client gets an answer.

The rules are those of :mod:`pop2dissect.protocol.pop2.dissector`: the n-th reply answers the n-th
command, data is as long as was announced, and where that cannot be true, causality decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pop2dissect.protocol.causality import Causality
from pop2dissect.protocol.lines import Line, LineReader
from pop2dissect.protocol.pop2.grammar import has_control_octets, has_unusual_octets
from pop2dissect.tcp.stream import Stream

MAX_REFUSAL = 2048
"""Octets within which what was expected to be data may turn out to be lines: four of the longest replies."""


class Conversation:
    """How far both streams are read, and what was noticed on the way.

    ``is_reply`` tells whether a line can be a reply of the protocol. Ask for things in the order of
    the conversation.
    """

    def __init__(self, client: Stream, server: Stream, is_reply: Callable[[bytes], bool]) -> None:
        self.client = client
        self.server = server
        self._is_reply = is_reply
        self._replies = LineReader(server)
        self._sent_by_server = Causality(server)
        self._sent_by_client = Causality(client)
        self.position = 0
        """Offset in the server's stream of what is not read yet."""
        self.greeting_end = 0
        self.answer_end = 0
        """Offset after what the client had to wait for: the greeting, then each reply proper."""
        self.unanswered = False
        """The command before this one has no reply."""
        self._violations: dict[str, None] = {}
        self._notes: list[str] = []

    # What is noticed, collected for the turn at hand.

    def violate(self, violation: str) -> None:
        """Note a departure from the protocol by its id in the findings catalogue, once a turn."""
        self._violations[violation] = None

    def note(self, note: str) -> None:
        """Note something in words."""
        self._notes.append(note)

    def collect(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give the violations and notes since the last call."""
        collected = tuple(self._violations), tuple(self._notes)
        self._violations.clear()
        self._notes.clear()
        return collected

    # The client.

    def command_lines(self) -> Iterator[Line]:
        """Give the client's lines. What the capture lacks is cut where the server is known to have answered."""
        reader = LineReader(self.client)
        cuts = self._answered_inside_gaps()
        line = reader.read(0, next((cut for cut in cuts if cut > 0), None))
        while line is not None:
            yield line
            end = line.end
            line = reader.read(end, next((cut for cut in cuts if cut > end), None))

    def _answered_inside_gaps(self) -> list[int]:
        if not self.client.gaps:
            return []
        answered = {span.acknowledged for span in self.server.spans}
        return sorted(
            offset
            for offset in answered
            if offset is not None and any(gap.offset < offset <= gap.offset + gap.length for gap in self.client.gaps)
        )

    def check_order(self, line: Line) -> None:
        """Note a command that the client sent before it had received what it should have waited for."""
        known = self._sent_by_client.received_at(line.start)
        if known is None:
            return
        if known < self.greeting_end:
            self.violate("protocol.pre_greeting")
        elif known < self.answer_end or self.unanswered:
            self.violate("protocol.pipelining")

    def check_octets(self, line: Line, longest: int) -> None:
        """Note what no line should hold: a bare LF as its end, too many octets, other than printable ASCII."""
        if line.ending == b"\n":
            self.violate("protocol.bare_lf")
        if line.end - line.start > longest:
            self.violate("protocol.long_line")
        if has_unusual_octets(line.raw):
            if not line.raw.isascii():
                self.violate("protocol.non_ascii")
            if has_control_octets(line.raw):
                self.violate("protocol.terminal_escape")

    # The server.

    def boundary(self, following: Line | None) -> int | None:
        """Give where in the server's stream the reply to the following command begins at the earliest.

        Without a following command that is the end of the stream; None where nothing tells.
        """
        if following is None:
            return self.server.length
        return self._sent_by_server.first_after(following.end, self._sent_by_client.received_at(following.start))

    def reply_line(self, limit: int | None = None, start: int | None = None) -> Line | None:
        """Look at the server's next line, or the one at ``start``, without taking it."""
        return self._replies.read(self.position if start is None else start, limit)

    def is_reply_at(self, offset: int) -> bool:
        """Tell whether a whole line that can be a reply begins at an offset of the server's stream."""
        line = self._replies.read(offset)
        return line is not None and bool(line.ending) and not line.missing and self._is_reply(line.raw)

    def only_replies(self, start: int, end: int, signs: bytes = b"+-#=") -> bool:
        """Tell whether there are lines from ``start`` to just ``end`` that all look like replies."""
        if not start < end <= start + MAX_REFUSAL:
            return False
        while start < end:
            line = self._replies.read(start)
            if line is None or not line.ending or line.raw[:1] not in signs or not self.is_reply_at(start):
                return False
            start = line.end
        return start == end

    def data_end(self, announced: int | None, has_following: bool, boundary: int | None) -> int | None:
        """Give where the data that begins here ends; None where lines answer instead.

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
        """Tell whether an error line stands where data was announced, and none follows the data as it should."""
        line = self._replies.read(start)
        if line is None or not line.raw.startswith(b"-") or not self.is_reply_at(start):
            return False
        return end != line.end and not self.is_reply_at(end)


def captured_head(line: Line, stream: Stream) -> int:
    """Give how many octets of a line were captured before the first that the capture lacks."""
    gap = next(gap for gap in stream.gaps if gap.offset + gap.length > line.start)
    return max(gap.offset - line.start, 0)
