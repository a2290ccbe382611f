"""Tries to log in, as the findings that span sessions keep them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypedDict

from pop2dissect.findings.slips import are_slips, is_slip
from pop2dissect.findings.thresholds import Thresholds

MAX_FAILURES = 1000
"""Refused logins kept for a client, server and user; the rest are only counted."""

MAX_PASSWORDS = 100
"""Different accepted passwords kept for them."""


class About(TypedDict):
    """Fields of a finding: whom it is about."""

    clients: Collection[str]
    servers: Collection[str]
    users: Collection[str]


class Account(NamedTuple):
    """Who tried, where, as whom."""

    client: str
    server: str
    user: str

    @property
    def fields(self) -> About:
        """The account as the fields of a finding."""
        return {"clients": (self.client,), "servers": (self.server,), "users": (self.user,) if self.user else ()}


class Attempt(NamedTuple):
    """One try; sorts by time."""

    time: int
    session: int
    frames: tuple[int, ...]
    client: str
    password: str | None
    """What tells passwords apart; None where none was captured whole."""


@dataclass(slots=True)
class Attempts:
    """What is kept of the tries of an account."""

    refused: list[Attempt] = field(default_factory=list)
    more_refused: int = 0
    accepted: dict[str | None, Attempt] = field(default_factory=dict)
    """By password, the earliest try of each that was accepted."""

    def add(self, attempt: Attempt, outcome: str) -> None:
        """Keep a try, within the limits."""
        if outcome == "refused":
            if len(self.refused) < MAX_FAILURES:
                self.refused.append(attempt)
            else:
                self.more_refused += 1
        elif outcome == "accepted":
            known = self.accepted.get(attempt.password)
            if known is not None or len(self.accepted) < MAX_PASSWORDS:
                self.accepted[attempt.password] = attempt if known is None else min(known, attempt)

    def take(self, other: Attempts) -> None:
        """Keep the tries of another address too."""
        self.refused += other.refused
        self.more_refused += other.more_refused
        for attempt in other.accepted.values():
            self.add(attempt, "accepted")


Tries = Mapping[Account, Attempts]


def passwords_of(attempts: Iterable[Attempt]) -> set[str]:
    """Return the different passwords that were tried."""
    return {attempt.password for attempt in attempts if attempt.password is not None}


def different(attempts: Attempts, thresholds: Thresholds, refused: Collection[Attempt] | None = None) -> int:
    """Count the passwords of refused tries, by default of all, that are no slips of the one that was meant.

    Those are slips that are near a password which was accepted, or all of them near each other where none was. Who
    tries more often than people do who mistype is taken at their word.
    """
    tried = attempts.refused if refused is None else refused
    passwords = passwords_of(tried)
    if len(tried) + attempts.more_refused > thresholds.slip_failures:
        return len(passwords)
    right = [password for password in attempts.accepted if password is not None]
    if right:
        return sum(not any(is_slip(one, other) for other in right) for one in passwords)
    return 1 if passwords and are_slips(passwords) else len(passwords)


def everyone(attempts: Iterable[Attempt]) -> Iterator[str]:
    """Yield the clients of tries, each as often as it tried."""
    return (attempt.client for attempt in attempts)
