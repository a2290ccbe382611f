"""The engine: sessions in as they end, findings out; what spans sessions when all are over.

Of a session only compact facts are kept: who tried to log in where (with the passwords, but for long ones), which
servers were touched, which folders were not there, what the servers are. Each kind has a limit, so memory is bounded
for captures of any size; what lies beyond a limit is said in :attr:`FindingsEngine.limits_reached`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple, TypeVar

from pop2dissect.findings import attempts, auth, data, exploit, files, guessing, protocol, proxy, recon, service, sweep
from pop2dissect.findings.across import Held, RefusalTexts, TlsOffers, Unread
from pop2dissect.findings.catalogue import BY_ID
from pop2dissect.findings.died import Deaths
from pop2dissect.findings.evidence import MAX_SESSIONS, command_frames, in_order
from pop2dissect.findings.facts import SessionFacts
from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.session import Finding, HalfOpen, Probe, Session
from pop2dissect.text.quoting import listed

MAX_KEPT = 1 << 16
"""Entries of each kind that are kept: accounts, clients, servers, folders used, users with findings."""

MAX_SERVERS = 4096
"""Servers kept for a client that touches them; a scan of more is a scan all the same."""

Check = Callable[[SessionFacts], Iterator[Finding]]

CHECKS: Final[tuple[tuple[Callable[[SessionFacts], object], tuple[Check, ...]], ...]] = (
    (
        lambda facts: facts.suspects,
        (auth.cleartext, files.rsh_arg, exploit.format_string, exploit.number_wrap, data.headers_only),
    ),
    (
        lambda facts: facts.logins,
        (
            auth.failed,
            auth.valid_but_refused,
            auth.weak,
            auth.weak_challenge,
            auth.token,
            auth.proxy_helo,
            exploit.user_name,
            recon.ntlm_info,
        ),
    ),
    (lambda facts: not facts.logins, (recon.banner_grab, recon.capa_probe)),
    (lambda facts: True, (service.tls_ports, recon.connections_refused)),
    (lambda facts: "protocol.terminal_escape" in facts.departures, (protocol.nul,)),
    (lambda facts: facts.departures, (protocol.violations,)),
    (lambda facts: facts.session.messages, (protocol.length_mismatch, protocol.size_mismatch)),
    (lambda facts: facts.session.messages or facts.session.deletions, (data.delete_uncommitted,)),
    (
        lambda facts: facts.folders,
        (
            files.fold_remote,
            files.absolute,
            files.traversal,
            files.sensitive,
            files.read_confirmed,
            files.read_other_user,
        ),
    ),
    (
        lambda facts: facts.odd or "protocol.long_line" in facts.departures,
        (exploit.overlong, exploit.nop_sled, exploit.shellcode, exploit.post_shell, exploit.crash),
    ),
    (
        lambda facts: facts.session.client_stream.conflicts or facts.session.server_stream.conflicts,
        (service.overlap_conflict,),
    ),
)
"""What a session must have so that there is something to look for, and the checks that then look for it."""

_AGGRAVATING = (
    "auth.bruteforce",
    "auth.spray",
    "auth.user_enum",
    "auth.success_after_fail",
    "file.",
    "exploit.",
    "data.read_other_user",
)
"""What makes the deletion of a whole folder suspicious. A typo at login or a weak password does not."""
_ATTACKS = ("auth.bruteforce", "auth.spray", "auth.success_after_fail", "file.read_confirmed", "exploit.")
"""What shows where attacks come from."""
_AGGRAVATING_READS = (*_AGGRAVATING, "proxy.", "recon.scan")
"""What makes the reading of a whole folder suspicious."""


class _Who(NamedTuple):
    """Whose findings aggravate whose: the same user from the same address, on any server."""

    client: str
    user: str


class _Use(NamedTuple):
    who: _Who
    server: str
    time: int
    session: int
    use: data.FolderUse
    is_wipe: bool


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class FindingsEngine:
    """Finds what an examiner should look at. Give it every session, in any order, and then ask for the conclusion."""

    def __init__(self, thresholds: Thresholds | None = None) -> None:
        self.thresholds = thresholds or Thresholds()
        self._tries: dict[attempts.Account, attempts.Attempts] = {}
        self._touches: dict[str, dict[str, recon.Touch]] = {}
        self._traits: dict[service.ServerTrait, service.Sighting] = {}
        self._misses: dict[sweep.Searcher, dict[str, sweep.Miss]] = {}
        self._uses: list[_Use] = []
        self._proxied: list[proxy.Proxied] = []
        self._suspects: dict[_Who, dict[str, None]] = {}
        """Findings of sessions that aggravate others, by user."""
        self._logged_in: dict[tuple[str, str], dict[str, int]] = {}
        """By server and user, when each address first logged in."""
        self._across = (RefusalTexts(), TlsOffers(), Unread(), Held(), Deaths())
        self._dropped: dict[str, int] = {}

    @property
    def limits_reached(self) -> list[str]:
        """What was not kept for lack of room, a sentence a kind; empty where all was."""
        return [
            f"findings that span sessions leave out {number:,} {kind}, beyond the limit of {MAX_KEPT}"
            for kind, number in sorted({**self._dropped, **{one.noun: one.dropped for one in self._across}}.items())
            if number
        ]

    def examine(self, session: Session) -> list[Finding]:
        """Return the findings that a session shows by itself, and keep what matters to those that span sessions."""
        facts = SessionFacts(session, self.thresholds)
        found: list[Finding] = []
        for has_something, checks in CHECKS:
            if has_something(facts):
                for check in checks:
                    found += check(facts)
        self._keep_tries(facts)
        self._keep_server(facts)
        self._keep_misses(facts)
        self._keep_address(facts)
        if facts.folders or facts.logins:
            self._keep_proxied(facts)
        for one in self._across:
            one.keep(facts)
        user = session.user
        who = _Who(session.client.ip, user or "")
        aggravating = [one.id for one in found if one.id.startswith(_AGGRAVATING_READS)]
        if aggravating and self._has_room(self._suspects, who, "users with findings"):
            self._suspects.setdefault(who, {}).update(dict.fromkeys(aggravating))
        found += self._folder_uses(facts, who, aggravating)
        for each in found:
            each.clients, each.servers = (session.client.ip,), (facts.server,)
            each.users = each.users or ((user,) if user else ())
        return in_order(found)

    def conclude(self, probes: Iterable[Probe] = (), half_open: Iterable[HalfOpen] = ()) -> list[Finding]:
        """Return the findings that span sessions, or whose weight depends on others. To be asked at the end."""
        probes = list(probes)
        found: list[Finding] = []
        suspects = {who: dict(ids) for who, ids in self._suspects.items()}
        for accounts, one in guessing.conclude(self._tries, self.thresholds):
            found.append(one)
            for account in accounts:
                suspects.setdefault(_Who(account.client, account.user), {})[one.id] = None
        attackers = {who.client for who, ids in suspects.items() if any(one.startswith(_ATTACKS) for one in ids)}
        found += proxy.own_host(self._proxied, attackers)
        scanners = set()
        for client, one in recon.scans(self._touches, probes, self.thresholds):
            found.append(one)
            scanners.add(client)
        found += recon.port_scans(probes)
        found += recon.syn_floods(half_open, probes, self.thresholds)
        found += (service.server_finding(trait, sighting) for trait, sighting in self._traits.items())
        found += sweep.conclude(self._misses, self.thresholds)
        for kind in self._across:
            found += kind.conclude(self.thresholds)
        for use in self._uses:
            why = dict(suspects.get(use.who, {}))
            if use.who.client in scanners:
                why["recon.scan"] = None
            found += _judged(use, list(why), self._new_address(use))
        return in_order(found)

    # What is kept of a session.

    def _has_room(self, kept: dict[_Key, _Value], key: _Key, kind: str) -> bool:
        if key in kept or len(kept) < MAX_KEPT:
            return True
        self._dropped[kind] = self._dropped.get(kind, 0) + 1
        return False

    def _keep_tries(self, facts: SessionFacts) -> None:
        session = facts.session
        for attempt in facts.logins:
            if attempt.user is None or attempt.locked:
                continue
            if attempt.login.other_host is not None and attempt.outcome == "accepted":
                continue  # which that host may say of anybody
            if attempt.outcome == "refused" and not attempt.is_proven and not attempt.exchange.missing:
                continue  # no password was given
            account = attempts.Account(session.client.ip, facts.server, attempt.user)
            if not self._has_room(self._tries, account, "users who tried to log in"):
                continue
            time = attempt.exchange.time if attempt.exchange.time is not None else session.start
            frames = command_frames(attempt.exchange)
            kept = attempts.Attempt(time, session.id, (*frames[:1], *frames[1:][-1:]), session.client.ip, attempt.tried)
            self._tries.setdefault(account, attempts.Attempts()).add(kept, attempt.outcome)

    def _keep_server(self, facts: SessionFacts) -> None:
        session = facts.session
        client = session.client.ip
        if recon.touches_only(facts) and self._has_room(self._touches, client, "clients"):
            servers = self._touches.setdefault(client, {})
            if session.server.ip in servers or len(servers) < MAX_SERVERS:
                touch = recon.Touch(session.start, session.first_frame, session.id)
                servers[session.server.ip] = min(servers.get(session.server.ip, touch), touch)
        for trait in service.traits(facts):
            if not self._has_room(self._traits, trait, "servers"):
                continue
            seen, more = self._traits.get(trait, ([], 0))
            if len(seen) < MAX_SESSIONS:
                spans = session.server_stream.spans or session.client_stream.spans
                frame = spans[0].frame if spans else session.first_frame
                seen.append((session.start, session.id, session.first_frame, frame))
            else:
                more += 1
            self._traits[trait] = service.Sighting(seen, more)

    def _keep_misses(self, facts: SessionFacts) -> None:
        for miss in sweep.misses(facts):
            searcher = sweep.Searcher(facts.session.client.ip, facts.server, facts.session.user or "")
            if not self._has_room(self._misses, searcher, "users who asked for folders in vain"):
                return
            kept = self._misses.setdefault(searcher, {})
            known = kept.get(miss.asked)
            if known is not None or len(kept) < sweep.MAX_MISSES:
                kept[miss.asked] = miss if known is None else min(known, miss)

    def _keep_proxied(self, facts: SessionFacts) -> None:
        for one in proxy.proxied(facts):
            if len(self._proxied) < MAX_KEPT:
                self._proxied.append(one)
            else:
                self._dropped["hosts to connect to"] = self._dropped.get("hosts to connect to", 0) + 1

    def _keep_address(self, facts: SessionFacts) -> None:
        session = facts.session
        if session.login != "accepted" or not session.user:
            return
        account = facts.server, session.user
        if self._has_room(self._logged_in, account, "users who logged in"):
            addresses = self._logged_in.setdefault(account, {})
            if session.client.ip in addresses or len(addresses) < MAX_SERVERS:
                addresses[session.client.ip] = min(session.start, addresses.get(session.client.ip, session.start))

    def _new_address(self, use: _Use) -> str | None:
        """Say so where the address of a client was new for the user, who had logged in from another one before."""
        addresses = self._logged_in.get((use.server, use.who.user), {})
        before = [address for address, first in addresses.items() if first < use.time and address != use.who.client]
        if not before or addresses.get(use.who.client, 0) < use.time:
            return None
        return f"The user had logged in from {listed(sorted(before))} before, and from {use.who.client} never"

    def _folder_uses(self, facts: SessionFacts, who: _Who, aggravating: list[str]) -> Iterator[Finding]:
        """Yield what can be judged now; keep what may weigh more by what other sessions show."""
        for use in data.folder_uses(facts):
            for is_wipe, matters in ((True, data.is_wipe(use, facts)), (False, data.is_bulk(use, facts))):
                if not matters:
                    continue
                kept = _Use(who, facts.server, facts.session.start, facts.session.id, use, is_wipe)
                if _reasons(kept, aggravating):
                    yield from _judged(kept, aggravating)
                elif len(self._uses) < MAX_KEPT:
                    self._uses.append(kept)
                else:
                    self._dropped["folders read or deleted"] = self._dropped.get("folders read or deleted", 0) + 1
                    yield from _judged(kept, [])


def _reasons(use: _Use, ids: Iterable[str]) -> list[str]:
    """Return the ids that make a use of a folder suspicious."""
    prefixes = _AGGRAVATING if use.is_wipe else _AGGRAVATING_READS
    return sorted({one for one in ids if one.startswith(prefixes)})


def _judged(use: _Use, ids: Iterable[str], new_address: str | None = None) -> Iterator[Finding]:
    """Yield the finding of a use of a folder, by what else its user did."""
    reasons = _reasons(use, ids)
    why = listed([f"{BY_ID[reason].title} ({reason})" for reason in reasons]) if reasons else None
    account = attempts.Account(use.who.client, use.server, use.who.user)
    if use.is_wipe:
        yield data.mass_delete(use.use, use.session, account, why)
    elif why is not None:
        more = f"There is more about this user from this address: {why}"
        yield data.bulk_read(use.use, use.session, account, more)
    elif new_address is not None:
        yield data.bulk_read(use.use, use.session, account, new_address)
