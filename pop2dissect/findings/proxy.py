"""The server as a way to another host: the one that the client itself, or another attacker, is at."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from ipaddress import ip_address
from typing import NamedTuple

from pop2dissect.findings.attempts import Account
from pop2dissect.findings.evidence import command_frames, finding
from pop2dissect.findings.facts import SessionFacts
from pop2dissect.patterns import expression
from pop2dissect.session import Finding
from pop2dissect.text.quoting import quoted

_IN_BRACES = expression(r"\*?\{([^}]*)")
_AFTER_HOST = expression(r"[/\"].*", re.DOTALL)


class Proxied(NamedTuple):
    """A host that a client asked the server to connect to; sorts by time."""

    time: int
    session: int
    frames: tuple[int, ...]
    account: Account
    host: str
    """An address, written as it is elsewhere."""
    asked: str
    """The user or the folder that named it."""


def proxied(facts: SessionFacts) -> Iterator[Proxied]:
    """Yield the hosts, by their addresses, that a session asked the server to connect to."""
    session = facts.session
    asked = [(one.exchange, one.user or "", one.login.other_host) for one in facts.logins if one.login.other_host]
    for request in facts.folders:
        inside = _IN_BRACES.match(request.asked)
        if inside is not None:
            asked.append((request.exchange, request.asked, _AFTER_HOST.sub("", inside.group(1))))
    for exchange, name, host in asked:
        address = _address(host or "")
        if address is not None:
            time = exchange.time if exchange.time is not None else session.start
            account = Account(session.client.ip, facts.server, session.user or "")
            yield Proxied(time, session.id, command_frames(exchange), account, address, name)


def _address(host: str) -> str | None:
    """Return an address as it is written elsewhere; None where it is none. A port may follow it."""
    for text in (host, host.rpartition(":")[0]):
        try:
            return str(ip_address(text.strip("[]")))
        except ValueError:
            continue
    return None


def own_host(kept: Sequence[Proxied], attackers: Collection[str]) -> Iterator[Finding]:
    """Yield proxy.own_host for each client and host. ``attackers`` are clients with findings that aggravate others."""
    by_host: dict[tuple[str, str], list[Proxied]] = {}
    for one in sorted(kept):
        if one.host == one.account.client or one.host in attackers:
            by_host.setdefault((one.account.client, one.host), []).append(one)
    for (client, host), seen in by_host.items():
        whose = "where the client itself is" if host == client else "from where attacks came"
        yield finding(
            "proxy.own_host",
            f"{client} asked {seen[0].account.server} to connect to {host}, {whose}: {quoted(seen[0].asked)}.",
            time=seen[0].time,
            frames=(frame for one in seen for frame in one.frames),
            sessions=(one.session for one in seen),
            clients=[client],
            servers=[one.account.server for one in seen],
            users=[one.account.user for one in seen if one.account.user],
            folders=[one.asked for one in seen if one.asked != one.account.user],
        )
