"""What the turns of a POP3 conversation come to, in outline: the logins by USER, PASS and APOP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pop2dissect.protocols.base import Interpretation, ReplyKind, Turn, primary_kind
from pop2dissect.protocols.evidence import Evidence
from pop2dissect.session.model import Login, LoginOutcome
from pop2dissect.session.verdict import Ground, Verdict
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.values import decode_text


def interpret(turns: Sequence[Turn], client: Stream, server: Stream) -> Interpretation:
    """Return what the turns of a conversation come to."""
    return Interpretation(tuple(_logins(turns, Evidence(client, server))))


def _logins(turns: Sequence[Turn], evidence: Evidence) -> Iterator[Login]:
    user: str | None = None
    for index, turn in enumerate(turns):
        line = turn.command
        if line is None or turn.keyword not in ("USER", "PASS", "APOP"):
            continue
        argument = decode_text(line.command.arguments[0]) if line.command.arguments else None
        password = None
        if turn.keyword == "PASS":
            password = argument
        else:  # RFC 1939, section 7: a digest stands for the password
            user = (argument or "").split(" ")[0] or None
        if turn.keyword == "USER" and primary_kind(turn) is not ReplyKind.ERROR:
            continue
        proof = (argument or "").partition(" ")[2] if turn.keyword == "APOP" else ""
        yield Login(index, turn.keyword, user, password, _outcome(turn, evidence), response=proof or None)


def _outcome(turn: Turn, evidence: Evidence) -> Verdict[LoginOutcome]:
    frames = evidence.frames(turn.command, *turn.replies[:1])
    kind = primary_kind(turn)
    if kind in (ReplyKind.OK, ReplyKind.ERROR):
        return Verdict("accepted" if kind is ReplyKind.OK else "refused", Ground.SHOWN, "the server's reply", frames)
    return Verdict("unknown", Ground.UNKNOWN, "no reply to it was captured", frames)
