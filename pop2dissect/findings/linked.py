"""Which clients belong together: several addresses that try the same passwords, or passwords for the same users.

Who only mistypes, polls with a password that was changed, or owns the account is never linked by that account alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pop2dissect.findings.attempts import Account, Attempt, Attempts, Tries, different
from pop2dissect.findings.thresholds import Thresholds

_MANY = 3
"""Users that a client was refused as, none of whom it was let in as, from which on it is no mail program."""


class Links:
    """Clients that belong together, and the one that stands for them."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def of(self, client: str) -> str:
        """Return the client that stands for those that belong together with one."""
        while (above := self._above.get(client)) is not None:
            self._above[client] = self._above.get(above, above)  # half the way next time
            client = above
        return client

    def join(self, clients: Iterable[str]) -> None:
        """Note that clients belong together."""
        first, *others = sorted({self.of(client) for client in clients}) or [""]
        for other in others:
            self._above[other] = first


def linked(tries: Tries, thresholds: Thresholds, guesses: Callable[[Sequence[Attempt]], Sequence[Attempt]]) -> Links:
    """Return which clients belong together. ``guesses`` returns the attempts that are too many for their time."""
    links = Links()
    by_password: dict[str, dict[str, set[str]]] = {}
    refused_with: dict[str, set[str]] = {}
    refused_as: dict[str, int] = {}
    let_in_as: dict[str, int] = {}
    by_user: dict[tuple[str, str], list[Account]] = {}
    for account, attempts in tries.items():
        for attempt in (*attempts.refused, *attempts.accepted.values()):
            if attempt.password is not None:
                users = by_password.setdefault(attempt.password, {}).setdefault(account.client, set())
                users.add(account.user)
        for attempt in attempts.refused:
            if attempt.password is not None:
                refused_with.setdefault(attempt.password, set()).add(account.client)
        counted = let_in_as if attempts.accepted else refused_as
        counted[account.client] = counted.get(account.client, 0) + 1
        if attempts.refused:
            by_user.setdefault((account.server, account.user), []).append(account)
    for password, clients in by_password.items():
        refused = refused_with.get(password, set())
        links.join(client for client, users in clients.items() if len(users) > 1 and client in refused)
    bold = {one for one, users in refused_as.items() if users >= _MANY and users > let_in_as.get(one, 0)}
    for accounts in by_user.values():
        links.join(account.client for account in accounts if account.client in bold)
        suspects = [one for one in accounts if not _is_excused(tries[one], thresholds)]
        if len(suspects) > 1:
            together = sorted(attempt for one in suspects for attempt in tries[one].refused)
            links.join(attempt.client for attempt in guesses(together))
    for password, clients in by_password.items():
        sprayed: dict[str, set[str]] = {}
        for client, users in clients.items():
            sprayed.setdefault(links.of(client), set()).update(users)
        if any(len(users) >= thresholds.spray_users for users in sprayed.values()):
            most = max(sprayed, key=lambda one: (len(sprayed[one]), one))
            links.join([most, *refused_with.get(password, ())])
    return links


def _is_excused(attempts: Attempts, thresholds: Thresholds) -> bool:
    """Whether the tries of an account are those of its user, or of a program of theirs."""
    passwords = [attempt.password for attempt in attempts.refused if attempt.password is not None]
    if len(passwords) > len(set(passwords)) <= 2:
        return True  # a program with a password that was changed
    if attempts.accepted:
        return different(attempts, thresholds) <= 1
    return len(set(passwords)) > 1 and different(attempts, thresholds) == 1


def merged(tries: Tries, links: Links) -> Tries:
    """Return the tries by the clients that stand for others, those of each account in order of time."""
    together: dict[Account, Attempts] = {}
    for account, attempts in sorted(tries.items()):
        together.setdefault(account._replace(client=links.of(account.client)), Attempts()).take(attempts)
    for attempts in together.values():
        attempts.refused.sort()
    return together
