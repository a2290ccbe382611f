"""Who logged in, or tried to: USER and PASS, APOP, RPOP, and AUTH with every mechanism."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from pop2dissect.patterns import expression
from pop2dissect.protocols.base import CommandLine, ReplyEvent, ReplyKind, ReplyLine, Turn, is_lost
from pop2dissect.protocols.evidence import Evidence
from pop2dissect.protocols.pop3.grammar import MAX_SASL_LINE, code_of, timestamp_of
from pop2dissect.protocols.pop3.offline import of_apop, of_sasl
from pop2dissect.protocols.pop3.sasl import NOTHING, TOKENS, Credentials, read_credentials
from pop2dissect.protocols.pop3.states import ServerState
from pop2dissect.protocols.refusals import speaks_of_lock
from pop2dissect.protocols.verdicts import login_verdict
from pop2dissect.session import Ground, Login, LoginOutcome, Verdict
from pop2dissect.text.values import decode_text

RIGHT: Final = frozenset({"IN-USE", "LOGIN-DELAY"})
"""Response codes that a server gives only once the password was right (RFC 2449, section 8.1)."""

_OTHER_REASON: Final = RIGHT | {"SYS/TEMP", "SYS/PERM"}
"""Those that say that the credentials are not the reason (RFC 3206, section 4)."""

# Dovecot counts a user's connections once it knows that it is the user.
_COUNTED = expression(r"\AMaximum number of connections from user", re.IGNORECASE)

_TRANSACTION: Final = frozenset({"STAT", "LIST", "RETR", "TOP", "DELE", "UIDL", "LAST", "RSET", "NOOP"})


class _Attempt(NamedTuple):
    """The turns of an attempt: the first and the last one, and what it tried."""

    first: int
    last: int
    mechanism: str
    given: Credentials
    offline: str | None = None
    """What programs need that try passwords."""


def logins(turns: Sequence[Turn], evidence: Evidence) -> Iterator[Login]:
    """Yield each attempt to log in, in order; a USER that was refused, or not followed by PASS, is one too."""
    attempts = list(_attempts(turns, evidence))
    for place, attempt in enumerate(attempts):
        until = attempts[place + 1].first if place + 1 < len(attempts) else len(turns)
        turn = turns[attempt.last]
        if attempt.mechanism == "USER" and not _is_refused(turn):
            verdict: Verdict[LoginOutcome] = Verdict(
                "none", Ground.SHOWN, "no password was captured after the user's name", evidence.frames(turn.command)
            )
        else:
            verdict = _outcome(turn, attempt.mechanism.removeprefix("AUTH "), turns[attempt.last + 1 : until], evidence)
        refusal = _refusal(turn) if verdict.value == "refused" else None
        code = code_of(refusal.raw) if refusal else None
        text = refusal.text if refusal else ""
        given = attempt.given
        yield Login(
            exchange=attempt.last,
            mechanism=attempt.mechanism,
            user=given.user,
            password=given.password,
            verdict=verdict,
            locked=code in _OTHER_REASON or speaks_of_lock(text),
            credentials_right=code in RIGHT
            or (code == "SYS/TEMP" and _COUNTED.search(_without_code(text)) is not None),
            authorized_as=given.authorized_as,
            challenge=given.challenge,
            response=given.response,
            realm=given.realm,
            offline=attempt.offline,
        )


def _without_code(text: str) -> str:
    return text.partition("]")[2].lstrip()


def _attempts(turns: Sequence[Turn], evidence: Evidence) -> Iterator[_Attempt]:
    user: str | None = None
    pending: int | None = None
    index = 0
    while index < len(turns):
        turn = turns[index]
        line, keyword = turn.command, turn.keyword
        at, index = index, index + 1
        if line is None or _is_behind_stls(turn) or not (evidence.is_ended(line) or _is_overlong(turn)):
            continue
        arguments = [] if line.missing else [decode_text(one) for one in line.command.arguments]
        if keyword == "USER":
            user, pending = arguments[0] if arguments else None, at
            if _is_refused(turn):
                pending = None
                yield _Attempt(at, at, "USER", Credentials(user))
        elif keyword in ("PASS", "RPOP"):
            pending = None
            password = arguments[0] if arguments and keyword == "PASS" else None
            if keyword == "PASS" or user is None:
                given = Credentials(user if keyword == "PASS" else arguments[0] if arguments else None, password)
            else:
                given = Credentials(user)
            yield _Attempt(at, at, keyword, given)
        elif keyword == "APOP":
            stamp = timestamp_of(_greeting(turns))
            name = arguments[0] if arguments else None
            digest = arguments[1] if len(arguments) > 1 else None
            given = Credentials(name, challenge=decode_text(stamp) if stamp else None, response=digest)
            yield _Attempt(at, at, "APOP", given, of_apop(given))
        elif keyword == "AUTH" and _names_mechanism(line):
            while index < len(turns) and _continues(turns[index]):
                index += 1
            yield _sasl(turns, at, index - 1)
    if pending is not None:
        yield _Attempt(pending, pending, "USER", Credentials(user))


def _names_mechanism(line: CommandLine) -> bool:
    """Whether something stands behind AUTH. It is no argument where it cannot be a mechanism's name, but was tried."""
    return len(line.raw.split(None, 1)) > 1


def _is_overlong(turn: Turn) -> bool:
    """Whether a line was so long that a server need not wait for its end before it refuses it."""
    return any(one.side == "client" and one.id == "protocol.long_line" for one in turn.departures)


def _is_behind_stls(turn: Turn) -> bool:
    return any(one.side == "client" and one.id.startswith("tls.") for one in turn.departures)


def _greeting(turns: Sequence[Turn]) -> bytes:
    first = turns[0].replies[0] if turns and turns[0].command is None and turns[0].replies else None
    return first.raw if isinstance(first, ReplyLine) else b""


def _continues(turn: Turn) -> bool:
    """Whether the client's line belongs to the SASL exchange before it."""
    command = turn.command.command if turn.command else None
    return command is not None and not command.keyword and command.is_known


def _sasl(turns: Sequence[Turn], first: int, last: int) -> _Attempt:
    said: list[bytes] = []
    asked: list[bytes] = []
    lost = False
    mechanism = ""
    for place, turn in enumerate(turns[first : last + 1]):
        line = turn.command
        assert line is not None
        lost = lost or line.missing > 0 or line.end - line.start > MAX_SASL_LINE
        if place:
            said.append(line.raw)
        elif line.command.arguments:
            name, *initial = line.command.arguments
            mechanism = decode_text(name).upper()
            said += initial
        asked += [
            reply.raw[1:].strip(b" ")
            for reply in turn.replies
            if isinstance(reply, ReplyLine) and reply.kind is ReplyKind.CHALLENGE
        ]
    given = NOTHING if lost else read_credentials(mechanism, said, asked)
    return _Attempt(first, last, f"AUTH {mechanism}".strip(), given, of_sasl(mechanism, given, said, asked))


def _is_refused(turn: Turn) -> bool:
    return _refusal(turn) is not None


def _refusal(turn: Turn) -> ReplyLine | None:
    first = turn.replies[0] if turn.replies else None
    return first if isinstance(first, ReplyLine) and first.kind is ReplyKind.ERROR and not is_lost(first) else None


def _outcome(turn: Turn, mechanism: str, following: Sequence[Turn], evidence: Evidence) -> Verdict[LoginOutcome]:
    if any(one.id == "protocol.unanswered" for one in turn.departures):
        return Verdict("none", Ground.SHOWN, "the server did not answer it", evidence.frames(turn.command))
    verdict = login_verdict(turn, following, evidence, serves=_is_of_transaction)
    last = turn.replies[-1] if turn.replies else None
    if verdict.ground is Ground.CONTRADICTED and isinstance(last, ReplyLine) and code_of(last.raw) in _OTHER_REASON:
        # Dovecot lets the user in, and then cannot open the mailbox.
        return Verdict("accepted", Ground.SHOWN, "the server's reply", verdict.frames)
    if verdict.value != "unknown" or verdict.ground is Ground.CONTRADICTED or evidence.doubt(*turn.replies) is not None:
        return verdict
    if isinstance(last, ReplyLine) and last.kind is ReplyKind.CHALLENGE and evidence.client_over:
        frames = evidence.frames(turn.command, last)
        if mechanism in TOKENS and last.raw.strip(b"+ "):
            because = "a challenge after the token says that it is not valid"  # RFC 7628, section 3.2.2
            return Verdict("refused", Ground.CONCLUDED, because, frames)
        return Verdict("none", Ground.SHOWN, "the client broke off the exchange", frames)
    if not following and evidence.server_seen and not evidence.server.gaps and _is_over(evidence):
        because = "the connection ended before the server answered"
        return Verdict("none", Ground.SHOWN, because, evidence.frames(turn.command))
    return verdict


def _is_over(evidence: Evidence) -> bool:
    return evidence.client_over or evidence.server.reset or evidence.server.finished


def _is_of_transaction(turn: Turn, reply: ReplyEvent) -> bool:
    if turn.keyword not in _TRANSACTION or turn.state == ServerState.AUTHORIZATION:
        return False
    return isinstance(reply, ReplyLine) and reply.kind is ReplyKind.OK and not reply.missing
