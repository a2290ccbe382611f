"""What is to be said of each frame of a session: which commands, replies and messages it carries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from pop2dissect.decode.segment import ACK, FIN, RST, SYN
from pop2dissect.document.facts import brief_facts, fate
from pop2dissect.export.flows import Frame
from pop2dissect.masking import Mask
from pop2dissect.session import Entry, Finding, Message, Session
from pop2dissect.session.timeline import conversation, message_name
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.safe import fit, terminal_safe
from pop2dissect.text.values import count

MAX_LINES = 200
"""Lines of a comment. A frame may carry hundreds of pipelined commands, and a comment has at most 64 KiB."""
_WIDTH = 200
"""Cells of a line, so that the comment's length is bounded too."""
_FLAGS = ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (ACK, "ACK"))


class Comments:
    """Sentences about frames, collected session by session."""

    def __init__(self, rendering: Rendering) -> None:
        self._rendering = rendering
        self._carried: dict[int, list[str]] = defaultdict(list)
        """What a frame carries of the conversation."""
        self._remarks: dict[int, list[str]] = defaultdict(list)
        """What else is to be said of it."""

    def add(self, session: Session) -> None:
        """Note what each frame of a session carries, and which of its findings cite it."""
        about = ", ".join(brief_facts(session, self._rendering))
        self._remarks[session.first_frame].append(
            f"session {session.id}, {session.client} to {session.server}: {about}"
        )
        for entry in conversation(session, self._rendering.show_passwords):
            self._say_entry(entry)
        for message in session.messages:
            self._say_message(session, message)
        if not session.exchanges:
            self._say_stream(session.client_stream, "client")
            self._say_stream(session.server_stream, "server")
        for frame in self._frames_of_secrets(session):
            self._remarks[frame].append("this frame carries a password")
        self.cite(session.findings)

    def cite(self, findings: Iterable[Finding]) -> None:
        """Note which findings cite a frame."""
        for finding in findings:
            for frame in finding.frames:
                self._remarks[frame].append(f"finding {finding.id} ({finding.severity}): {finding.title}")

    def of(self, number: int, frame: Frame | None) -> str:
        """Return the comment of a frame: which it was, in which session if in one, and what is known of it."""
        head = f"pop2dissect: frame {self._rendering.frame(number)}"
        lines = self._remarks.get(number, [])
        if frame is None:
            head += ", of no session that is here"
        else:
            lines = [*(self._carried.get(number) or [_bare(frame, self._rendering)]), *lines]
            sender, receiver = ("client", "server") if frame.from_client else ("server", "client")
            head += f", session {frame.session}, {sender} to {receiver}"
        if len(lines) > MAX_LINES:
            lines = [*lines[:MAX_LINES], f"and {len(lines) - MAX_LINES} more lines"]
        return "\n".join([head, *(fit(terminal_safe(line), _WIDTH) for line in lines)])

    def _say(self, frames: Iterable[int], line: str) -> None:
        frames = tuple(frames)
        if len(frames) > 1:
            line = f"{line} ({self._rendering.cited(frames)})"
        for frame in frames:
            self._carried[frame].append(line)

    def _say_entry(self, entry: Entry) -> None:
        if entry.event == "command":
            violations = entry.exchange.violations if entry.exchange else ()
            departs = f" [{', '.join(violations)}]" if violations else ""
            self._say(entry.frames, f"command {entry.what}{departs}")
        elif entry.event == "reply" and entry.reply is not None and entry.reply.kind != "close":
            kind = "greeting" if entry.reply.kind == "greeting" else "reply"
            self._say(entry.frames, f"{kind} {entry.what}")

    def _say_message(self, session: Session, message: Message) -> None:
        name = f"{message_name(message)}, {fate(message, session.protocol)}"
        total = message.end - message.start
        stream = message.stream
        for span in stream.overlapping(message.start, message.end):
            first, last = max(span.offset, message.start), min(span.end, message.end)
            line = f"bytes {first - message.start} to {last - message.start} of {total} of {name}"
            for frame in stream.fragments.get(span.frame, (span.frame,)):
                self._carried[frame].append(line)

    def _say_stream(self, stream: Stream, sender: str) -> None:
        for span in stream.spans:
            for frame in stream.fragments.get(span.frame, (span.frame,)):
                self._carried[frame].append(f"bytes {span.offset} to {span.end} of what the {sender} sent")

    def _frames_of_secrets(self, session: Session) -> Iterator[int]:
        stream = session.client_stream
        frames = (frame for first, last in Mask(session).client for frame in stream.frames(first, last))
        return iter(dict.fromkeys(frames))


def _bare(frame: Frame, rendering: Rendering) -> str:
    """Return of a frame that carries nothing of the conversation why it is there."""
    if frame.part_of is not None:
        return f"a fragment of the datagram that frame {rendering.frame(frame.part_of)} completes"
    if frame.octets:
        return f"{count(frame.octets, 'byte')} that are not used: a copy of others, or outside of the stream"
    flags = ", ".join(name for flag, name in _FLAGS if frame.flags & flag)
    return f"no payload: {flags or 'no flags'}"
