"""What the turns of a POP3 conversation come to: logins, the mailbox, messages, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pop2dissect.protocols.base import (
    Closed,
    Interpretation,
    MessageData,
    ReplyKind,
    ReplyLine,
    Turn,
    primary_kind,
)
from pop2dissect.protocols.evidence import Evidence
from pop2dissect.protocols.pop3.dissector import line_end_of
from pop2dissect.protocols.pop3.habits import client_of, server_of
from pop2dissect.protocols.pop3.logins import logins
from pop2dissect.protocols.pop3.stuffing import CRLF, stuffed_dots
from pop2dissect.protocols.verdicts import NOTHING_TO_COMMIT, never_released, took_effect
from pop2dissect.session import Deletion, Disposition, FolderOpening, Ground, Listed, Message, Verdict
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.values import decode_text

_MOST_LISTED = 16 << 20
"""Octets of a listing that are looked at."""


def interpret(turns: Sequence[Turn], client: Stream, server: Stream) -> Interpretation:
    """Return what the turns of a conversation come to."""
    evidence = Evidence(client, server)
    fates = _Fates(turns, evidence)
    listed = _Listed(turns, server)
    messages = tuple(_messages(turns, evidence, fates, listed))
    return Interpretation(
        logins=tuple(logins(turns, evidence)),
        messages=messages,
        folders=tuple(_folders(turns, server)),
        deletions=tuple(_deletions(turns, fates, listed, messages)),
        listed=tuple(listed.all),
        client=client_of(turns),
        server=server_of(turns),
    )


# Listings.


def _entries(turn: Turn, server: Stream) -> Iterator[tuple[int, bytes]]:
    """Yield the message numbers of the reply to LIST or UIDL, and what stands behind each."""
    status = turn.replies[0] if turn.replies else None
    if not isinstance(status, ReplyLine) or status.kind is not ReplyKind.OK:
        return
    data = next((reply for reply in turn.replies if isinstance(reply, MessageData)), None)
    if data is None:
        lines = [status.raw[len(b"+OK") :]] if turn.number is not None and not status.missing else []
    elif data.missing:
        return
    else:
        lines = server.read(data.start, min(data.end - (data.end_mark or 0), data.start + _MOST_LISTED)).split(b"\n")
    for line in lines:
        words = line.split()
        if len(words) > 1 and words[0].isdigit() and len(words[0]) <= 20:
            yield int(words[0]), words[1]


class _Listed:
    """Sizes and unique-ids of the messages, as the server listed them in this session."""

    def __init__(self, turns: Sequence[Turn], server: Stream) -> None:
        self.sizes: dict[int, int] = {}
        self.identifiers: dict[int, str] = {}
        self.all: list[Listed] = []
        """Each message that was listed with its unique-id."""
        for index, turn in enumerate(turns):
            if turn.keyword == "LIST":
                sizes = _entries(turn, server)
                self.sizes.update((number, int(size)) for number, size in sizes if size.isdigit() and len(size) <= 20)
            elif turn.keyword == "UIDL":
                of_turn = [Listed(index, number, decode_text(one)) for number, one in _entries(turn, server)]
                self.identifiers.update((one.number, one.identifier) for one in of_turn)
                self.all += of_turn

    def size(self, number: int | None) -> int | None:
        return None if number is None else self.sizes.get(number)

    def identifier(self, number: int | None) -> str | None:
        return None if number is None else self.identifiers.get(number)


def _folders(turns: Sequence[Turn], server: Stream) -> Iterator[FolderOpening]:
    """Yield the opening of the user's mailbox: the first reply that counts its messages."""
    for index, turn in enumerate(turns):
        status = turn.replies[0] if turn.replies else None
        if not isinstance(status, ReplyLine) or status.kind is not ReplyKind.OK or status.missing:
            continue
        counted: int | None = None
        if turn.keyword == "STAT":
            counted = status.value
        elif turn.keyword == "LIST" and turn.number is None:
            data = next((reply for reply in turn.replies if isinstance(reply, MessageData)), None)
            if data is not None and data.end_mark and not data.missing:
                counted = sum(1 for _ in _entries(turn, server))
        if counted is not None:
            yield FolderOpening(index, None, 0, "opened" if counted else "empty", None, counted)
            return


# What became of the messages.


class _Fate(NamedTuple):
    asked: int
    """Index of the last DELE of a message."""
    disposed: Verdict[Disposition]
    committed: Verdict[bool | None]


class _Fates:
    """What the client made of each message, by its number: DELE marks it, RSET takes that back, QUIT makes it so."""

    def __init__(self, turns: Sequence[Turn], evidence: Evidence) -> None:
        self._turns = turns
        self._evidence = evidence
        self.quit = next((index for index, turn in enumerate(turns) if turn.keyword == "QUIT"), None)
        self.by_number: dict[int | None, _Fate] = {}
        resets = [index for index, turn in enumerate(turns) if turn.keyword == "RSET"]
        accepted: dict[int | None, int] = {}
        for index, turn in enumerate(turns):
            if turn.keyword != "DELE":
                continue
            number = turn.number
            # That a message is deleted already, and cannot be again, does not take the first mark away.
            if primary_kind(turn) is ReplyKind.ERROR and number in accepted:
                continue
            if primary_kind(turn) is ReplyKind.OK:
                accepted[number] = index
            self.by_number[number] = self._fate(index, resets)
        self.kept = self._kept()

    def of(self, number: int | None) -> _Fate | None:
        return None if number is None else self.by_number.get(number)

    def _fate(self, index: int, resets: Sequence[int]) -> _Fate:
        turn = self._turns[index]
        frames = self._evidence.frames(turn.command, *turn.replies[:1])
        doubt = self._evidence.doubt(turn.command, *turn.replies[:1])
        if doubt is not None:
            not_known: Verdict[Disposition] = Verdict("unknown", Ground.UNKNOWN, doubt, frames)
            return _Fate(index, not_known, Verdict(None, Ground.UNKNOWN, doubt, frames))
        kind = primary_kind(turn)
        if kind is ReplyKind.ERROR:
            refused: Verdict[Disposition] = Verdict("kept", Ground.SHOWN, "the server refused DELE", frames)
            return _Fate(index, refused, NOTHING_TO_COMMIT)
        back = next(
            (at for at in resets if at > index and primary_kind(self._turns[at]) is ReplyKind.OK),
            None,
        )
        if back is not None:
            reset = self._turns[back]
            frames = (*frames, *self._evidence.frames(reset.command, *reset.replies[:1]))
            kept: Verdict[Disposition] = Verdict("kept", Ground.SHOWN, "RSET took DELE back", frames)
            return _Fate(index, kept, NOTHING_TO_COMMIT)
        if kind is ReplyKind.OK:
            deleted: Verdict[Disposition] = Verdict("deleted", Ground.SHOWN, "the client's DELE", frames)
            return _Fate(index, deleted, self._committed(turn))
        because = "the server did not answer DELE" if turn.replies else "the answer to DELE was not captured"
        unknown: Verdict[Disposition] = Verdict("unknown", Ground.UNKNOWN, because, frames)
        return _Fate(index, unknown, Verdict(None, Ground.UNKNOWN, "it is not known whether it was marked"))

    def _committed(self, mark: Turn) -> Verdict[bool | None]:
        """Return whether a marked message was removed: only QUIT in TRANSACTION does that (RFC 1939, section 6)."""
        evidence = self._evidence
        if self.quit is None:
            if evidence.server.finished and not evidence.client_over and not evidence.client.gaps:
                return Verdict(False, Ground.SHOWN, "the server closed the connection before any QUIT")
            return never_released("QUIT", mark.command.end if mark.command else 0, evidence)
        turn = self._turns[self.quit]
        frames = evidence.frames(turn.command, *turn.replies[:1])
        kind = primary_kind(turn)
        if kind is ReplyKind.ERROR and evidence.doubt(*turn.replies[:1]) is None:
            because = "the server answered QUIT with an error: some of the messages were not removed"
            return Verdict(None, Ground.UNKNOWN, because, frames)
        if any(isinstance(reply, Closed) for reply in turn.replies):
            because = "the server closed without an answer to QUIT; some servers remove the messages all the same"
            return Verdict(None, Ground.UNKNOWN, because, frames)
        if kind is not ReplyKind.OK and evidence.server_seen:
            return Verdict(None, Ground.UNKNOWN, "no answer to QUIT was captured", frames)
        return took_effect(turn, evidence)

    def _kept(self) -> Verdict[Disposition]:
        """Return what became of a message that nobody asked to delete."""
        if self._evidence.client.gaps:
            return Verdict("unknown", Ground.UNKNOWN, "some of what the client sent is missing from the capture")
        if self._evidence.client.conflicts:
            return Verdict("unknown", Ground.UNKNOWN, "two captured copies of what the client sent differ")
        if not self._evidence.client_seen:
            return Verdict("unknown", Ground.UNKNOWN, "nothing that the client sent was captured")
        return Verdict("kept", Ground.SHOWN, "the client did not ask to delete it")


def _messages(turns: Sequence[Turn], evidence: Evidence, fates: _Fates, listed: _Listed) -> Iterator[Message]:
    for index, turn in enumerate(turns):
        before: ReplyLine | None = None
        for reply in turn.replies:
            if isinstance(reply, ReplyLine):
                before = reply
            if not isinstance(reply, MessageData) or not reply.is_message:
                continue
            end = reply.end - (reply.end_mark or 0)
            fate = fates.of(turn.number)
            disposed = fates.kept if fate is None else fate.disposed
            released = NOTHING_TO_COMMIT if fate is None else fate.committed
            if fate is None and disposed.value == "unknown":
                released = Verdict(None, Ground.UNKNOWN, disposed.because)
            started = before is not None and before.kind is ReplyKind.OK and not before.missing
            yield Message(
                exchange=index,
                start=reply.start,
                end=end,
                mailbox=turn.mailbox,
                number=turn.number,
                declared_octets=reply.announced if reply.announced is not None else listed.size(turn.number),
                disposed=disposed,
                released=released,
                stream=evidence.server,
                acknowledged_by=fate.asked if fate is not None else None,
                released_by=fates.quit if fate is not None and disposed.value == "deleted" else None,
                skipped=stuffed_dots(evidence.server, reply.start, end, line_end_of(before) if before else CRLF),
                notes=turn.notes,
                identifier=listed.identifier(turn.number),
                whole=started and bool(reply.end_mark),
            )


def _deletions(
    turns: Sequence[Turn], fates: _Fates, listed: _Listed, messages: Sequence[Message]
) -> Iterator[Deletion]:
    transferred = {one.number for one in messages if one.whole}
    looked_at = transferred | {turn.number for turn in turns if turn.keyword in ("RETR", "TOP") and turn.replies[1:]}
    for number, fate in fates.by_number.items():
        yield Deletion(
            exchange=fate.asked,
            number=number,
            identifier=listed.identifier(number),
            octets=listed.size(number),
            transferred=number in transferred,
            looked_at=number in looked_at,
            disposed=fate.disposed,
            released=fate.committed,
        )
