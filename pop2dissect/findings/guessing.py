"""Guessing of passwords and users, across connections: servers allow one try a connection."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypedDict

from pop2dissect.findings.evidence import finding, span
from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.session import Finding
from pop2dissect.text.quoting import listed, quoted
from pop2dissect.text.values import SECOND, count

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
    """One try; sorts by time. The password is known by a digest only."""

    time: int
    session: int
    frames: tuple[int, ...]
    password: int | None


@dataclass(slots=True)
class Attempts:
    """What is kept of the tries of an account."""

    refused: list[Attempt] = field(default_factory=list)
    more_refused: int = 0
    accepted: dict[int | None, Attempt] = field(default_factory=dict)
    """By password, the earliest try of each that was accepted."""
    tried: int = 0
    """Those with another outcome or none captured, too."""

    def add(self, attempt: Attempt, outcome: str) -> None:
        """Keep a try, within the limits."""
        self.tried += 1
        if outcome == "refused":
            if len(self.refused) < MAX_FAILURES:
                self.refused.append(attempt)
            else:
                self.more_refused += 1
        elif outcome == "accepted":
            known = self.accepted.get(attempt.password)
            if known is not None or len(self.accepted) < MAX_PASSWORDS:
                self.accepted[attempt.password] = attempt if known is None else min(known, attempt)


Tries = Mapping[Account, Attempts]


def conclude(tries: Tries, thresholds: Thresholds) -> Iterator[tuple[list[Account], Finding]]:
    """Yield all findings of guessing, each with the accounts that it is about."""
    guessed: set[Account] = set()
    for account in sorted(tries):
        attempts = tries[account]
        attempts.refused.sort()
        found = brute_force(account, attempts, thresholds)
        if found is not None:
            guessed.add(account)
        else:
            found = retry_stale(account, attempts, thresholds)
        if found is not None:
            yield [account], found
        success = success_after_fail(account, attempts, thresholds)
        if success is not None:
            yield [account], success
    by_client: dict[str, list[Account]] = {}
    for account in sorted(tries):
        by_client.setdefault(account.client, []).append(account)
    for client, accounts in by_client.items():
        yield from brute_force_on_servers(accounts, guessed, tries, thresholds)
        yield from spray(client, accounts, tries, thresholds)
        yield from user_enum(client, accounts, tries, thresholds)


def brute_force(account: Account, attempts: Attempts, thresholds: Thresholds) -> Finding | None:
    """auth.bruteforce: all tries that lie in any span of time that has enough of them."""
    guesses = _guesses(attempts.refused, thresholds)
    more = f" ({attempts.more_refused:,} more were not looked at)" if attempts.more_refused else ""
    return _brute_force([account], guesses, more) if guesses else None


def brute_force_on_servers(
    accounts: Sequence[Account], guessed: Collection[Account], tries: Tries, thresholds: Thresholds
) -> Iterator[tuple[list[Account], Finding]]:
    """auth.bruteforce of one user on several servers, by turns, so that it is not much on any of them.

    A program that polls one user's accounts on many servers has one password for each; so only servers on which
    several were tried count.
    """
    by_user: dict[str, list[Account]] = {}
    for account in accounts:
        if account not in guessed and _passwords(tries[account].refused) > 1:
            by_user.setdefault(account.user, []).append(account)
    for places in by_user.values():
        guesses = _guesses(sorted(attempt for place in places for attempt in tries[place].refused), thresholds)
        if len(places) > 1 and guesses:
            yield places, _brute_force(places, guesses, "")


def _brute_force(places: Sequence[Account], guesses: Sequence[Attempt], more: str) -> Finding:
    client, _, user = places[0]
    return finding(
        "auth.bruteforce",
        f"{client} was refused {count(len(guesses), 'time')} at {listed([place.server for place in places])} as user "
        f"{quoted(user)}, with {count(_passwords(guesses), 'different password')}, within "
        f"{span(guesses[-1].time - guesses[0].time)}{more}.",
        time=guesses[0].time,
        frames=_frames(guesses),
        sessions=(attempt.session for attempt in guesses),
        clients=[client],
        servers=[place.server for place in places],
        users=[user],
    )


def _guesses(refused: Sequence[Attempt], thresholds: Thresholds) -> list[Attempt]:
    """Return the tries that are too many for their time, with too many passwords. ``refused`` is in order of time."""
    limits = thresholds
    return _crowded(
        refused, limits.bruteforce_seconds, limits.bruteforce_failures, limits.bruteforce_passwords
    ) or _crowded(refused, limits.slow_seconds, limits.slow_failures, limits.slow_passwords)


def _crowded(refused: Sequence[Attempt], seconds: int, failures: int, passwords: int) -> list[Attempt]:
    """Return the tries within a window of time that has enough tries and passwords. ``refused`` is in order of time."""
    width = seconds * SECOND
    kept: dict[int, Attempt] = {}
    first = 0
    inside: dict[int, int] = {}  # password -> times, in the window
    for last, attempt in enumerate(refused):
        if attempt.password is not None:
            inside[attempt.password] = inside.get(attempt.password, 0) + 1
        while attempt.time - refused[first].time > width:
            password = refused[first].password
            if password is not None:
                inside[password] -= 1
                if not inside[password]:
                    del inside[password]
            first += 1
        if last - first + 1 >= failures and len(inside) >= passwords:
            begin = max(first, next(reversed(kept), -1) + 1)
            kept.update((place, refused[place]) for place in range(begin, last + 1))
    return list(kept.values())


def retry_stale(account: Account, attempts: Attempts, thresholds: Thresholds) -> Finding | None:
    """auth.retry_stale."""
    refused = attempts.refused
    total = len(refused) + attempts.more_refused
    passwords = _passwords(refused)
    if total < thresholds.stale_failures or not 1 <= passwords < thresholds.bruteforce_passwords:
        return None
    which = "the same password" if passwords == 1 else f"{passwords} passwords"
    return finding(
        "auth.retry_stale",
        f"{account.client} was refused {count(total, 'time')} at {account.server} as user {quoted(account.user)} "
        f"within {span(refused[-1].time - refused[0].time)}, always with {which}.",
        time=refused[0].time,
        frames=_frames(refused),
        sessions=(attempt.session for attempt in refused),
        **account.fields,
    )


def success_after_fail(account: Account, attempts: Attempts, thresholds: Thresholds) -> Finding | None:
    """auth.success_after_fail: a password that had not been accepted there before, after refusals of others."""
    for success in sorted(attempts.accepted.values()):
        earliest = success.time - thresholds.success_seconds * SECOND
        before = [attempt for attempt in attempts.refused if earliest <= attempt.time < success.time]
        passwords = _passwords(before)
        if len(before) < thresholds.success_failures or passwords < thresholds.success_passwords:
            continue
        return finding(
            "auth.success_after_fail",
            f"The login of {account.client} at {account.server} as user {quoted(account.user)} was accepted after "
            f"{count(len(before), 'refusal')} with {count(passwords, 'different password')} within "
            f"{span(success.time - before[0].time)}: the password may have been guessed.",
            time=success.time,
            frames=(*success.frames, *_frames(before)),
            sessions=(success.session, *(attempt.session for attempt in before)),
            **account.fields,
        )
    return None


def spray(
    client: str, accounts: Sequence[Account], tries: Tries, thresholds: Thresholds
) -> Iterator[tuple[list[Account], Finding]]:
    """auth.spray."""
    if len({account.user for account in accounts}) < thresholds.spray_users:
        return
    by_password: dict[int, dict[str, tuple[Account, Attempt, bool]]] = {}
    for account in accounts:
        attempts = tries[account]
        for attempt, accepted in _all(attempts):
            if attempt.password is not None:
                by_password.setdefault(attempt.password, {}).setdefault(account.user, (account, attempt, accepted))
    # The passwords that were tried on the most users. One that was tried on a single user is no spray's.
    most = sorted(
        by_password.values(), key=lambda users: (-len(users), min(attempt for _, attempt, _ in users.values()))
    )
    chosen = [users for users in most[: thresholds.spray_passwords] if len(users) > 1]
    users = {user for reached in chosen for user in reached}
    sprayed = sorted((entry for reached in chosen for entry in reached.values()), key=lambda entry: entry[1])
    refused = sum(not accepted for _, _, accepted in sprayed)
    if len(users) < thresholds.spray_users or 2 * refused <= len(sprayed):
        return
    found = finding(
        "auth.spray",
        f"{client} tried {'the same password' if len(chosen) == 1 else f'the same {len(chosen)} passwords'} on "
        f"{count(len(users), 'user')} within {span(sprayed[-1][1].time - sprayed[0][1].time)}, "
        f"{refused} of {len(sprayed)} tries refused: {listed([quoted(user) for user in sorted(users)])}.",
        time=sprayed[0][1].time,
        frames=_frames(attempt for _, attempt, _ in sprayed),
        sessions=(attempt.session for _, attempt, _ in sprayed),
        clients=[client],
        servers=sorted({account.server for account, _, _ in sprayed}),
        users=sorted(users),
    )
    yield sorted({account for account, _, _ in sprayed}), found


def user_enum(
    client: str, accounts: Sequence[Account], tries: Tries, thresholds: Thresholds
) -> Iterator[tuple[list[Account], Finding]]:
    """auth.user_enum."""
    users = {account.user for account in accounts}
    accepted = {account.user for account in accounts if tries[account].accepted}
    refused = {account.user for account in accounts if tries[account].refused} - accepted
    if len(users) < thresholds.enumeration_users or 2 * len(refused) <= len(users):
        return
    first_tries = sorted(
        min(tries[account].refused) for account in accounts if account.user in refused and tries[account].refused
    )
    found = finding(
        "auth.user_enum",
        f"{client} tried {count(len(users), 'user')} within {span(first_tries[-1].time - first_tries[0].time)}, and "
        f"{len(refused)} of them were refused every time: {listed([quoted(user) for user in sorted(refused)])}.",
        time=first_tries[0].time,
        frames=_frames(first_tries),
        sessions=(attempt.session for attempt in first_tries),
        clients=[client],
        servers=sorted({account.server for account in accounts if account.user in refused}),
        users=sorted(refused),
    )
    yield [account for account in accounts if account.user in refused], found


def _all(attempts: Attempts) -> Iterator[tuple[Attempt, bool]]:
    yield from ((attempt, False) for attempt in attempts.refused)
    yield from ((attempt, True) for attempt in attempts.accepted.values())


def _passwords(attempts: Iterable[Attempt]) -> int:
    return len({attempt.password for attempt in attempts if attempt.password is not None})


def _frames(attempts: Iterable[Attempt]) -> Iterator[int]:
    return (frame for attempt in attempts for frame in attempt.frames)
