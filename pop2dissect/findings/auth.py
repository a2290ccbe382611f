"""What a session's own login tells. Guessing, which spans sessions, is in guessing.py."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pop2dissect.findings.evidence import command_frames, finding, reply_text
from pop2dissect.findings.facts import LoginAttempt, SessionFacts
from pop2dissect.patterns import expression
from pop2dissect.session import Exchange, Finding
from pop2dissect.text.quoting import quoted
from pop2dissect.text.values import count

_PASSWORD_COMMANDS = expression(r"HEL|PASS$|LOGIN$")
"""Keywords after which the grammar's secret is a password, and not a digest or a token."""

_SASL = expression(rb"[ \t]*AUTH[ \t]+(?:PLAIN|LOGIN)\b", re.IGNORECASE)
"""Mechanisms of SASL that send the password (RFC 4616), and not a proof that it is known."""

_DECNET = expression(r"[^:]+::[^:]+")


def cleartext(facts: SessionFacts) -> Iterator[Finding]:
    """auth.cleartext."""
    sent = list(with_passwords(facts.suspects))
    if not sent:
        return
    user = facts.logins[0].user if facts.logins else None
    of = f" of user {quoted(user)}" if user else ""
    yield finding(
        "auth.cleartext",
        f"A password{of} was sent unencrypted{_times(len(sent))}, readable in the frames named.",
        time=sent[0].time,
        frames=(frame for exchange in sent for frame in exchange.frames),
        sessions=facts.sessions,
    )


def with_passwords(exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
    """Yield the exchanges in which a password crossed as it is, or in base64, which hides nothing."""
    in_base64 = False
    for exchange in exchanges:
        if exchange.command:
            in_base64 = _SASL.match(exchange.raw or b"") is not None
            if exchange.secret and (in_base64 or _has_password(exchange)):
                yield exchange
        elif exchange.secret is None:
            in_base64 = False
        elif in_base64:
            yield exchange


def _has_password(exchange: Exchange) -> bool:
    """Whether a command holds a password. A HELO with one word alone is masked too, but it is a user's name."""
    if _PASSWORD_COMMANDS.match(exchange.command or "") is None:
        return False
    return len(exchange.arguments) > 1 or exchange.missing > 0 or not (exchange.command or "").startswith("HEL")


def weak_challenge(facts: SessionFacts) -> Iterator[Finding]:
    """auth.weak_challenge."""
    found = [one for one in facts.logins if one.login.challenge and one.login.response]
    if not found:
        return
    first = found[0]
    odd = any(not (one.login.challenge or "").isascii() for one in found if one.login.mechanism == "APOP")
    forged = (
        " A challenge is no message identifier, as those are by which a forged server finds out the first characters "
        "of a password (CVE-2007-1558)."
    )
    yield finding(
        "auth.weak_challenge",
        f"The server's challenge and the proof of user {quoted(first.user or '')} by {first.login.mechanism} crossed "
        f"unencrypted{_times(len(found))}: passwords can be tried against them.{forged if odd else ''}",
        time=first.exchange.time,
        frames=(frame for one in found for frame in command_frames(one.exchange)),
        sessions=facts.sessions,
    )


_TOKEN = expression(r"AUTH X?OAUTH")


def token(facts: SessionFacts) -> Iterator[Finding]:
    """auth.token."""
    found = [one for one in facts.logins if one.login.response and _TOKEN.match(one.login.mechanism)]
    if found:
        first = found[0]
        yield finding(
            "auth.token",
            f"The token of user {quoted(first.user or '')} was sent unencrypted by {first.login.mechanism}"
            f"{_times(len(found))}, readable in the frames named.",
            time=first.exchange.time,
            frames=(frame for one in found for frame in command_frames(one.exchange)),
            sessions=facts.sessions,
        )


def _times(number: int) -> str:
    return "" if number == 1 else f" {count(number, 'time')}"


def failed(facts: SessionFacts) -> Iterator[Finding]:
    """auth.failed."""
    refused = [attempt for attempt in facts.logins if attempt.outcome == "refused" and attempt.is_proven]
    if not refused:
        return
    first = refused[0]
    answer = _answer(first)
    reason = " The words of the refusal rather speak of a locked mailbox." if first.locked else ""
    yield finding(
        "auth.failed",
        f"The login of user {quoted(first.user or '')} was refused{_times(len(refused))}{answer}.{reason}",
        time=first.exchange.time,
        frames=(frame for attempt in refused for frame in command_frames(attempt.exchange)),
        sessions=facts.sessions,
        users=_users(refused),
    )


def valid_but_refused(facts: SessionFacts) -> Iterator[Finding]:
    """auth.valid_but_refused."""
    found = [attempt for attempt in facts.logins if attempt.login.credentials_right]
    if not found:
        return
    first = found[0]
    yield finding(
        "auth.valid_but_refused",
        f"The login of user {quoted(first.user or '')} was refused{_answer(first)}. A server says so only once the "
        "password was right.",
        time=first.exchange.time,
        frames=(frame for attempt in found for frame in command_frames(attempt.exchange)),
        sessions=facts.sessions,
        users=_users(found),
    )


def _users(attempts: Iterable[LoginAttempt]) -> Iterator[str]:
    return (attempt.user for attempt in attempts if attempt.user)


def _answer(attempt: LoginAttempt) -> str:
    text = reply_text(attempt.exchange)
    if text is None:
        return ": the server closed the connection"
    # A server that repeats what it was given must not bring the password into a report.
    return "" if attempt.password and attempt.password in text else f": {quoted(text)}"


def weak(facts: SessionFacts) -> Iterator[Finding]:
    """auth.weak."""
    for attempt in facts.logins:
        if not _is_weak(attempt, facts.thresholds.weak_length):
            continue
        # Which of the three would be telling: reports without passwords are given to others.
        yield finding(
            "auth.weak",
            f"The password of user {quoted(attempt.user or '')} is empty, the same as the user's name, or has at most "
            f"{count(facts.thresholds.weak_length, 'character')}; "
            f"the server {'accepted it' if attempt.outcome == 'accepted' else 'is not seen to refuse it'}.",
            time=attempt.exchange.time,
            frames=command_frames(attempt.exchange),
            sessions=facts.sessions,
            users=_users([attempt]),
        )
        return


def _is_weak(attempt: LoginAttempt, length: int) -> bool:
    """Whether a password is weak. One that was refused is not the account's, so it is none of its faults."""
    if attempt.outcome in ("refused", "none") or not attempt.user or attempt.exchange.missing:
        return False
    if not attempt.password:
        return attempt.outcome == "accepted" and attempt.login.response is None and attempt.login.mechanism != "APOP"
    return len(attempt.password) <= length or attempt.password.lower() == attempt.user.rpartition(":")[2].lower()


def proxy_helo(facts: SessionFacts) -> Iterator[Finding]:
    """proxy.helo."""
    for attempt in facts.logins:
        user = attempt.user or ""
        if attempt.login.other_host is None or _DECNET.fullmatch(user):
            continue
        beyond, _, name = user.rpartition(":")
        outcome = {"accepted": "was accepted", "refused": "was refused"}
        yield finding(
            "proxy.helo",
            f"{attempt.login.mechanism} asked the server to log in as {quoted(name)} at host {quoted(beyond)}, which "
            f"{outcome.get(attempt.outcome, 'has no answer in the capture')}.",
            time=attempt.exchange.time,
            frames=command_frames(attempt.exchange),
            sessions=facts.sessions,
            users=_users([attempt]),
        )
