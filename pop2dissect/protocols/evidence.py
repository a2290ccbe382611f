"""What the two streams show of each other: who had received what, and whether a side was captured at all."""

from __future__ import annotations

from pop2dissect.capture.record import FrameRef
from pop2dissect.protocols.base import Closed, CommandLine, ReplyEvent
from pop2dissect.tcp.stream import Stream


class Evidence:
    """The two streams of a conversation, asked for what verdicts rest on."""

    __slots__ = ("_asked", "_index", "client", "server")

    def __init__(self, client: Stream, server: Stream) -> None:
        self.client = client
        self.server = server
        self._asked = 0
        self._index = 0

    def frames(self, *places: CommandLine | ReplyEvent | None) -> tuple[FrameRef, ...]:
        """Return the frames of lines and data, each once."""
        found = [
            frame
            for place in places
            if place is not None and not isinstance(place, Closed)
            for frame in (self.client if isinstance(place, CommandLine) else self.server).frames(place.start, place.end)
        ]
        return tuple(dict.fromkeys(found))

    def doubt(self, *places: CommandLine | ReplyEvent | None) -> str | None:
        """Return why lines prove nothing though they were captured: two copies of one differ, and one was forged.

        A copy that came when the other end had acknowledged the one that is kept was not received.
        """
        for place in places:
            if place is None or isinstance(place, Closed):
                continue
            is_command = isinstance(place, CommandLine)
            stream, peer = (self.client, self.server) if is_command else (self.server, self.client)
            for conflict in stream.conflicts:
                kept, other = conflict.kept_frame, conflict.other_frame
                if conflict.offset >= place.end or conflict.offset + conflict.length <= place.start:
                    continue
                receipts = (span.frame for span in peer.spans if (span.acknowledged or 0) >= place.end)
                if any(kept < frame < other and FrameRef(frame).capture == other.capture for frame in receipts):
                    continue
                return (
                    f"two captured copies of the {'client' if is_command else 'server'}'s line differ (frames "
                    f"{kept} and {other}), and which one was received is not known"
                )
        return None

    def receipt(self, line: CommandLine) -> FrameRef | None:
        """Return the first known frame by which the server acknowledged a whole line of the client (TCP); None if none
        was captured. Best asked in the order of the lines: then one walk over the spans answers all."""
        spans = self.server.spans
        index = self._index if line.end >= self._asked else 0
        while index < len(spans):
            acknowledged = spans[index].acknowledged
            if acknowledged is not None and acknowledged >= line.end:
                break
            index += 1
        self._asked, self._index = line.end, index
        if index < len(spans):
            return FrameRef(spans[index].frame)
        last = self.client.acknowledged
        return FrameRef(last.frame) if last is not None and last.offset >= line.end else None

    def is_ended(self, line: CommandLine) -> bool:
        """Whether a line of the client has its line end, so that a server can have read it."""
        return line.missing > 0 or self.client.octet_at(line.end - 1) == b"\n"

    @property
    def client_seen(self) -> bool:
        """Whether anything that the client sent was captured."""
        return bool(self.client.spans)

    @property
    def server_seen(self) -> bool:
        """Whether anything that the server sent was captured."""
        return bool(self.server.spans)

    @property
    def client_over(self) -> bool:
        """Whether the client's side is captured to its end (FIN or RST), with nothing missing at the end of it."""
        if not (self.client.finished or self.client.reset):
            return False
        last = self.client.gaps[-1] if self.client.gaps else None
        return last is None or last.offset + last.length < self.client.length


def is_captured(line: CommandLine | None) -> bool:
    """Whether something of a command's line was captured."""
    return line is not None and (bool(line.raw) or not line.missing)
