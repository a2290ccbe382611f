"""Verdicts on which protocols agree: what came of a login, of a message, of a deletion, and how that is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from pop2dissect.protocols.base import Closed, MessageData, ReplyEvent, ReplyKind, ReplyLine, Turn, primary_kind
from pop2dissect.protocols.evidence import Evidence, is_captured
from pop2dissect.protocols.refusals import speaks_of_leaving
from pop2dissect.session import Disposition, Ground, LoginOutcome, Verdict

NOTHING_TO_COMMIT: Final[Verdict[bool | None]] = Verdict(False, Ground.SHOWN)


def outcome_of(reply: ReplyEvent) -> LoginOutcome | None:
    """Return what a reply makes of a login where a protocol knows ``+`` and ``-`` only; None where it tells nothing."""
    if isinstance(reply, Closed):
        return "refused"
    if isinstance(reply, MessageData):
        return None
    if reply.kind is ReplyKind.OK:
        return "accepted"
    return "refused" if reply.kind is ReplyKind.ERROR else None


def is_service(reply: ReplyEvent, longest: int) -> bool:
    """Whether a server counts messages, announces a length or sends mail, as it does for a client that it let in.

    Of data not captured the length alone is known, by acknowledgements: more than the ``longest`` line has.
    """
    if isinstance(reply, MessageData):
        octets = reply.end - reply.start
        return octets > reply.missing or octets > longest
    return isinstance(reply, ReplyLine) and reply.kind in (ReplyKind.COUNT, ReplyKind.LENGTH) and not reply.missing


def login_verdict(
    turn: Turn,
    following: Iterable[Turn],
    evidence: Evidence,
    *,
    outcome: Callable[[ReplyEvent], LoginOutcome | None] = outcome_of,
    serves: Callable[[Turn, ReplyEvent], bool],
) -> Verdict[LoginOutcome]:
    """Return what came of an attempt to log in: by the replies to it, else by what the server answered afterwards.

    Of several replies the last word counts, but that an error or a close after an acceptance is no refusal: the server
    may have waited in vain. Where an error says no such thing, and the server then serves nobody, it has said both.
    What the client goes on to send shows nothing: it may not have waited.
    """
    served = next(((one, reply) for one in following for reply in one.replies if serves(one, reply)), None)
    told = [(reply, one) for reply in turn.replies if (one := outcome(reply)) is not None]
    doubt = evidence.doubt(*(reply for reply, _ in told))
    if told and doubt is None:
        reply, value = next((pair for pair in reversed(told) if pair[1] == "accepted"), told[-1])
        last = told[-1][0]
        if isinstance(last, ReplyLine) and last is not reply and served is None and not speaks_of_leaving(last.text):
            because = "the server accepted it, and refused before the client had asked for more"
            return Verdict("unknown", Ground.CONTRADICTED, because, evidence.frames(turn.command, reply, last))
        said = "the server closed the connection" if isinstance(reply, Closed) else "the server's reply"
        return Verdict(value, Ground.SHOWN, said, evidence.frames(turn.command, reply))
    if served is not None:
        because = "the reply to it does not show it, but the server went on to serve this client"
        return Verdict("accepted", Ground.CONCLUDED, because, evidence.frames(turn.command, served[1]))
    if doubt is not None:
        because = doubt
    elif not evidence.server_seen:
        because = "nothing that the server sent was captured"
    elif turn.replies:
        because = "the reply was not captured whole, or says neither"
    else:
        because = "no reply to it was captured"
    return Verdict("unknown", Ground.UNKNOWN, because, evidence.frames(turn.command))


def acknowledgement(
    following: Turn | None, keyword: str, meanings: Mapping[str, Disposition], evidence: Evidence
) -> Verdict[Disposition]:
    """Return what the client made of a message by its next command, of which ``keyword`` is the usual spelling."""
    line = following.command if following else None
    if following is None or line is None or not is_captured(line):
        if following is None and evidence.client_over:
            because = "the client ended the connection without acknowledging it"
            return Verdict("unacknowledged", Ground.SHOWN, because)
        return Verdict("unknown", Ground.UNKNOWN, "what the client sent after it is missing from the capture")
    frames = evidence.frames(line, *following.replies[:1])
    doubt = evidence.doubt(line, *following.replies[:1])
    if doubt is not None:
        return Verdict("unknown", Ground.UNKNOWN, doubt, frames)
    made = meanings.get(keyword)
    if made is None:
        if line.missing:
            return Verdict("unknown", Ground.UNKNOWN, "the command after it was not captured whole", frames)
        return Verdict("unacknowledged", Ground.SHOWN, "the client's next command is no acknowledgement", frames)
    if primary_kind(following) is ReplyKind.ERROR:
        return Verdict("unacknowledged", Ground.SHOWN, f"the server refused {following.keyword}", frames)
    return Verdict(made, Ground.SHOWN, f"the client's {following.keyword}", frames)


def took_effect(turn: Turn, evidence: Evidence) -> Verdict[bool | None]:
    """Return whether what a command makes final is so: by the server's answer, else by what TCP shows."""
    line, keyword = turn.command, turn.keyword
    assert line is not None
    frames = evidence.frames(line, *turn.replies[:1])
    doubt = evidence.doubt(line, *turn.replies[:1])
    if doubt is not None:
        return Verdict(None, Ground.UNKNOWN, doubt, frames)
    kind = primary_kind(turn)
    if kind in (ReplyKind.OK, ReplyKind.COUNT):
        return Verdict(True, Ground.SHOWN, f"the server answered {keyword}", frames)
    if kind is ReplyKind.ERROR:
        return Verdict(False, Ground.SHOWN, f"the server refused {keyword}", frames)
    receipt = evidence.receipt(line)
    if receipt is None:
        because = f"nothing captured shows that the server received {keyword}"
        return Verdict(None, Ground.UNKNOWN, because, frames)
    if evidence.server.reset or any(isinstance(reply, Closed) for reply in turn.replies):
        because = f"the server ended the connection without an answer to {keyword}"
        return Verdict(None, Ground.UNKNOWN, because, (*frames, receipt))
    because = f"the server's TCP acknowledged {keyword}; its answer is missing from the capture"
    return Verdict(True, Ground.CONCLUDED, because, (*frames, receipt))


def never_released(commands: str, since: int, evidence: Evidence) -> Verdict[bool | None]:
    """Return whether a deletion took effect where none of the commands that make it final was captured.

    ``since`` is the offset in the client's stream from which on one may have come.
    """
    if evidence.client.gap_after(since) is not None:
        because = f"some of what the client sent is missing from the capture, and {commands} may be in it"
        return Verdict(None, Ground.UNKNOWN, because)
    if any(conflict.offset + conflict.length > since for conflict in evidence.client.conflicts):
        because = f"two captured copies of what the client sent differ, and {commands} may be in one of them"
        return Verdict(None, Ground.UNKNOWN, because)
    if evidence.client_over:
        return Verdict(False, Ground.SHOWN, f"the client ended the connection without {commands}")
    return Verdict(None, Ground.UNKNOWN, f"no {commands} was captured, nor the end of what the client sent")
