"""What is to be said of each frame of a session: which commands, replies and messages it carries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from pop2dissect.decode.segment import ACK, FIN, RST, SYN
from pop2dissect.document.masking import secret_ranges
from pop2dissect.export.flows import Frame
from pop2dissect.session import Exchange, Finding, Message, Reply, Session
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.safe import fit, terminal_safe
from pop2dissect.text.values import count, frame_list, frame_name

MAX_LINES = 200
"""Lines of a comment. A frame may carry hundreds of pipelined commands, and a comment has at most 64 KiB."""
_WIDTH = 200
"""Cells of a line, so that the comment's length is bounded too."""
_FLAGS = ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (ACK, "ACK"))


class Comments:
    """Sentences about frames, collected session by session."""

    def __init__(self, *, several_captures: bool, show_passwords: bool) -> None:
        self._several = several_captures
        self._show_passwords = show_passwords
        self._carried: dict[int, list[str]] = defaultdict(list)
        """What a frame carries of the conversation."""
        self._remarks: dict[int, list[str]] = defaultdict(list)
        """What else is to be said of it."""

    def add(self, session: Session) -> None:
        """Say what each frame of a session carries, and which of its findings cite it."""
        opening = f"session {session.id}: {session.protocol}, {session.client} to {session.server}"
        self._remarks[session.first_frame].append(f"{opening}, ended: {session.ending}")
        for exchange in session.exchanges:
            self._say_exchange(exchange)
        for message in session.messages:
            self._say_message(message)
        if not session.exchanges:
            self._say_stream(session.client_stream, "client")
            self._say_stream(session.server_stream, "server")
        for frame in self._frames_of_secrets(session):
            self._remarks[frame].append("a password is in this frame's octets")
        self.cite(session.findings)

    def cite(self, findings: Iterable[Finding]) -> None:
        """Say which findings cite a frame."""
        for finding in findings:
            for frame in finding.frames:
                self._remarks[frame].append(f"finding {finding.id} ({finding.severity}): {finding.title}")

    def of(self, frame: Frame) -> str:
        """Return the comment of a frame: which it was, in which session, and what is known of it."""
        name = frame_name(frame.number, self._several)
        carried = self._carried.get(frame.number) or [_bare(frame, self._several)]
        lines = [*carried, *self._remarks.get(frame.number, ())]
        if len(lines) > MAX_LINES:
            lines = [*lines[:MAX_LINES], f"and {len(lines) - MAX_LINES} lines more"]
        sender, receiver = ("client", "server") if frame.from_client else ("server", "client")
        head = f"pop2dissect: frame {name}, session {frame.session}, {sender} to {receiver}"
        return "\n".join([head, *(fit(terminal_safe(line), _WIDTH) for line in lines)])

    def _say(self, frames: Iterable[int], line: str) -> None:
        frames = tuple(frames)
        if len(frames) > 1:
            line = f"{line} (frames {frame_list(frames, self._several)})"
        for frame in frames:
            self._carried[frame].append(line)

    def _say_exchange(self, exchange: Exchange) -> None:
        line = exchange.shown_line(self._show_passwords)
        if line is not None:
            departs = f" [{', '.join(exchange.violations)}]" if exchange.violations else ""
            self._say(exchange.frames, f"command {line}{departs}")
        for reply in exchange.replies:
            if reply.kind not in ("data", "close"):
                self._say(reply.frames, _reply(reply))

    def _say_message(self, message: Message) -> None:
        number = "" if message.number is None else f", number {message.number}"
        mailbox = "" if message.mailbox is None else f" of {message.mailbox}"
        name = f"message {message.index}{number}{mailbox}, {message.disposition}"
        total = message.end - message.start
        stream = message.stream
        for span in stream.overlapping(message.start, message.end):
            first, last = max(span.offset, message.start), min(span.end, message.end)
            line = f"octets {first - message.start} to {last - message.start} of {total} of {name}"
            for frame in stream.fragments.get(span.frame, (span.frame,)):
                self._carried[frame].append(line)

    def _say_stream(self, stream: Stream, sender: str) -> None:
        for span in stream.spans:
            for frame in stream.fragments.get(span.frame, (span.frame,)):
                self._carried[frame].append(f"octets {span.offset} to {span.end} of what the {sender} sent")

    def _frames_of_secrets(self, session: Session) -> Iterator[int]:
        stream = session.client_stream
        frames = (frame for first, last in secret_ranges(session) for frame in stream.frames(first, last))
        return iter(dict.fromkeys(frames))


def _reply(reply: Reply) -> str:
    return f"reply {reply.line}" if reply.kind != "greeting" else f"greeting {reply.line}"


def _bare(frame: Frame, several_captures: bool) -> str:
    """Return of a frame that carries nothing of the conversation why it is there."""
    if frame.part_of is not None:
        return f"a fragment of the datagram that frame {frame_name(frame.part_of, several_captures)} completes"
    if frame.octets:
        return (
            f"{count(frame.octets, 'octet')} that no frame was needed for: a copy of others, or outside of the stream"
        )
    flags = ", ".join(name for flag, name in _FLAGS if frame.flags & flag)
    return f"no payload: {flags or 'no flags'}"
