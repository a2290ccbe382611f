"""Guessing of passwords and users, across connections: servers allow one try a connection."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeAlias

from pop2dissect.findings.attempts import About, Account, Attempt, Attempts, Tries, different, everyone, passwords_of
from pop2dissect.findings.evidence import MAX_SESSIONS, finding, span
from pop2dissect.findings.linked import linked, merged
from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.session import Finding
from pop2dissect.text.quoting import listed, quoted
from pop2dissect.text.values import SECOND, count

Told: TypeAlias = tuple[Collection[Account], Finding]
"""A finding, and the accounts that it is about."""


def conclude(tries: Tries, thresholds: Thresholds) -> Iterator[Told]:
    """Yield all findings of guessing. Clients that belong together count as one."""
    links = linked(tries, thresholds, lambda refused: _guesses(Attempts(refused=[*refused]), thresholds))
    together = merged(tries, links)
    guessed: set[Account] = set()
    by_client: dict[str, list[Account]] = {}
    for account, attempts in together.items():
        by_client.setdefault(account.client, []).append(account)
        found = brute_force(account, attempts, thresholds)
        if found is not None:
            guessed.add(account)
        else:
            found = retry_stale(account, attempts, thresholds)
        if found is not None:
            yield _accounts(account, found), found
        success = success_after_fail(account, attempts, thresholds)
        if success is not None:
            yield _accounts(account, success), success
    for accounts in by_client.values():
        yield from brute_force_on_servers(accounts, guessed, together, thresholds)
        sprays = list(spray(accounts, together, thresholds))
        searches = list(user_enum(accounts, together, thresholds))
        yield from sprays
        yield from searches
        if sprays or searches:
            yield from spray_success(accounts, together, searched=bool(searches))


def _accounts(account: Account, found: Finding) -> list[Account]:
    return [account._replace(client=client) for client in found.clients]


def brute_force(account: Account, attempts: Attempts, thresholds: Thresholds) -> Finding | None:
    """auth.bruteforce: all tries that lie in any span of time that has enough of them."""
    guesses = _guesses(attempts, thresholds)
    more = f" ({attempts.more_refused:,} more were not looked at)" if attempts.more_refused else ""
    return _brute_force([account], guesses, more) if guesses else None


def brute_force_on_servers(
    accounts: Sequence[Account], guessed: Collection[Account], tries: Tries, thresholds: Thresholds
) -> Iterator[Told]:
    """auth.bruteforce of one user on several servers, by turns, so that it is not much on any of them.

    A program that polls one user's accounts on many servers has one password for each; so only servers on which
    several were tried count.
    """
    by_user: dict[str, list[Account]] = {}
    for account in accounts:
        if account not in guessed and len(passwords_of(tries[account].refused)) > 1:
            by_user.setdefault(account.user, []).append(account)
    for places in by_user.values():
        attempts = Attempts()
        for place in places:
            attempts.take(tries[place])
        attempts.refused.sort()
        guesses = _guesses(attempts, thresholds)
        if len(places) > 1 and guesses:
            found = _brute_force(places, guesses, "")
            yield [one for place in places for one in _accounts(place, found)], found


def _brute_force(places: Sequence[Account], guesses: Sequence[Attempt], more: str) -> Finding:
    user = places[0].user
    return finding(
        "auth.bruteforce",
        f"{_who(guesses)} refused {count(len(guesses), 'time')} at {listed([place.server for place in places])} as "
        f"user {quoted(user)}, with {count(len(passwords_of(guesses)), 'different password')}, within "
        f"{span(guesses[-1].time - guesses[0].time)}{more}.",
        time=guesses[0].time,
        frames=_frames(guesses),
        sessions=(attempt.session for attempt in guesses),
        clients=everyone(guesses),
        servers=[place.server for place in places],
        users=[user],
    )


def _who(attempts: Iterable[Attempt]) -> str:
    """Name the clients of tries, and say that they were something."""
    clients = list(dict.fromkeys(everyone(attempts)))
    return f"{listed(clients)} {'was' if len(clients) == 1 else 'were'}"


def _guesses(attempts: Attempts, thresholds: Thresholds) -> list[Attempt]:
    """Return the refused tries that are too many for their time, with too many passwords. They are in order of time."""
    limits = thresholds
    for seconds, failures, passwords in (
        (limits.bruteforce_seconds, limits.bruteforce_failures, limits.bruteforce_passwords),
        (limits.slow_seconds, limits.slow_failures, limits.slow_passwords),
    ):
        crowd = _crowded(attempts.refused, seconds, failures, passwords)
        if crowd and different(attempts, limits, crowd) >= passwords:
            return crowd
    return []


def _crowded(refused: Sequence[Attempt], seconds: int, failures: int, passwords: int) -> list[Attempt]:
    """Return the tries within a window of time that has enough tries and passwords. ``refused`` is in order of time."""
    width = seconds * SECOND
    kept: dict[int, Attempt] = {}
    first = 0
    inside: dict[str, int] = {}  # password -> times, in the window
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
    passwords = len(passwords_of(refused))
    if total < thresholds.stale_failures or not 1 <= passwords < thresholds.bruteforce_passwords:
        return None
    which = "the same password" if passwords == 1 else f"{passwords} passwords"
    return finding(
        "auth.retry_stale",
        f"{_who(refused)} refused {count(total, 'time')} at {account.server} as user {quoted(account.user)} "
        f"within {span(refused[-1].time - refused[0].time)}, always with {which}.",
        time=refused[0].time,
        frames=_frames(refused),
        sessions=(attempt.session for attempt in refused),
        **_fields(account, refused),
    )


def success_after_fail(account: Account, attempts: Attempts, thresholds: Thresholds) -> Finding | None:
    """auth.success_after_fail: a password that had not been accepted there before, after refusals of others."""
    for success in sorted(attempts.accepted.values()):
        earliest = success.time - thresholds.success_seconds * SECOND
        before = [attempt for attempt in attempts.refused if earliest <= attempt.time < success.time]
        if len(before) < thresholds.success_failures:
            continue
        if different(attempts, thresholds, before) < thresholds.success_passwords:
            continue  # a person who mistyped
        passwords = len(passwords_of(before))
        return finding(
            "auth.success_after_fail",
            f"The login of {success.client} at {account.server} as user {quoted(account.user)} was accepted after "
            f"{count(len(before), 'refusal')} with {count(passwords, 'different password')} within "
            f"{span(success.time - before[0].time)}: the password may have been guessed.",
            time=success.time,
            frames=(*success.frames, *_frames(before)),
            sessions=(success.session, *(attempt.session for attempt in before)),
            **_fields(account, (success, *before)),
        )
    return None


def spray(accounts: Sequence[Account], tries: Tries, thresholds: Thresholds) -> Iterator[Told]:
    """auth.spray."""
    if len({account.user for account in accounts}) < thresholds.spray_users:
        return
    # The passwords that were tried on the most users. One that was tried on a single user is no spray's.
    most = sorted(
        _sprayed(accounts, tries).values(),
        key=lambda users: (-len(users), min(attempt for _, attempt, _ in users.values())),
    )
    chosen = most[: thresholds.spray_passwords]
    users = {user for reached in chosen for user in reached}
    sprayed = sorted((entry for reached in chosen for entry in reached.values()), key=lambda entry: entry[1])
    refused = sum(not accepted for _, _, accepted in sprayed)
    if len(users) < thresholds.spray_users or 2 * refused <= len(sprayed):
        return
    clients = list(dict.fromkeys(attempt.client for _, attempt, _ in sprayed))
    found = finding(
        "auth.spray",
        f"{listed(clients)} tried {'the same password' if len(chosen) == 1 else f'the same {len(chosen)} passwords'} "
        f"on {count(len(users), 'user')} within {span(sprayed[-1][1].time - sprayed[0][1].time)}, "
        f"{refused} of {len(sprayed)} tries refused: {listed([quoted(user) for user in sorted(users)])}.",
        time=sprayed[0][1].time,
        frames=_frames(attempt for _, attempt, _ in sprayed),
        sessions=(attempt.session for _, attempt, _ in sprayed),
        clients=clients,
        servers=sorted({account.server for account, _, _ in sprayed}),
        users=sorted(users),
    )
    yield sorted({account._replace(client=attempt.client) for account, attempt, _ in sprayed}), found


_Reached: TypeAlias = dict[str, tuple[Account, Attempt, bool]]
"""By user: who tried, how, and whether that was accepted."""


def _sprayed(accounts: Iterable[Account], tries: Tries) -> dict[str, _Reached]:
    """Return the passwords that were tried on several users."""
    by_password: dict[str, _Reached] = {}
    for account in accounts:
        for attempt, accepted in _all(tries[account]):
            if attempt.password is not None:
                by_password.setdefault(attempt.password, {}).setdefault(account.user, (account, attempt, accepted))
    return {password: reached for password, reached in by_password.items() if len(reached) > 1}


def spray_success(accounts: Sequence[Account], tries: Tries, *, searched: bool) -> Iterator[Told]:
    """auth.spray_success, of clients that sprayed passwords or, where they ``searched``, tried one user after another.

    Whoever had been let in there before it began is let in with a password that they knew.
    """
    sprayed = _sprayed(accounts, tries)
    refused = sorted(attempt for account in accounts for attempt in tries[account].refused)
    first_tries: dict[str, list[Attempt]] = {}
    for account in accounts:
        accepted = sorted(tries[account].accepted.values())
        before = [attempt for attempt in accepted if attempt.time < refused[0].time]
        right = [one for one in accepted if one.password in sprayed or searched]
        if before or not right:
            continue
        success = right[0]
        password = success.password or ""
        reached = sprayed.get(password, {})
        if password not in first_tries:
            first_tries[password] = sorted(attempt for _, attempt, _ in reached.values())[: MAX_SESSIONS + 1]
        others = [one for one in first_tries[password] if one != success] or refused[:MAX_SESSIONS]
        how = f"with a password that was tried on {count(len(reached), 'user')}" if reached else "among many users"
        found = finding(
            "auth.spray_success",
            f"{success.client} was let in at {account.server} as user {quoted(account.user)}, {how}: "
            "the password may have been found by trying.",
            time=success.time,
            frames=(*success.frames, *_frames(others)),
            sessions=(success.session, *(attempt.session for attempt in others)),
            **_fields(account, (success, *others)),
        )
        yield _accounts(account, found), found


def user_enum(accounts: Sequence[Account], tries: Tries, thresholds: Thresholds) -> Iterator[Told]:
    """auth.user_enum."""
    users = {account.user for account in accounts}
    accepted = {account.user for account in accounts if tries[account].accepted}
    refused = {account.user for account in accounts if tries[account].refused} - accepted
    if len(users) < thresholds.enumeration_users or 2 * len(refused) <= len(users):
        return
    first_tries = sorted(
        min(tries[account].refused) for account in accounts if account.user in refused and tries[account].refused
    )
    clients = list(dict.fromkeys(everyone(first_tries)))
    found = finding(
        "auth.user_enum",
        f"{listed(clients)} tried {count(len(users), 'user')} within "
        f"{span(first_tries[-1].time - first_tries[0].time)}, and {len(refused)} of them were refused every time: "
        f"{listed([quoted(user) for user in sorted(refused)])}.",
        time=first_tries[0].time,
        frames=_frames(first_tries),
        sessions=(attempt.session for attempt in first_tries),
        clients=clients,
        servers=sorted({account.server for account in accounts if account.user in refused}),
        users=sorted(refused),
    )
    yield [one for account in accounts if account.user in refused for one in _accounts(account, found)], found


def _fields(account: Account, attempts: Iterable[Attempt]) -> About:
    """Return the fields of a finding: the clients of tries in order, the server and the user."""
    return {**account.fields, "clients": list(dict.fromkeys(everyone(attempts)))}


def _all(attempts: Attempts) -> Iterator[tuple[Attempt, bool]]:
    yield from ((attempt, False) for attempt in attempts.refused)
    yield from ((attempt, True) for attempt in attempts.accepted.values())


def _frames(attempts: Iterable[Attempt]) -> Iterator[int]:
    return (frame for attempt in attempts for frame in attempt.frames)
