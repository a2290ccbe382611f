"""What only several sessions together show: words that tell users apart, TLS that others had, mail deleted unread,
connections that were held.

Each kind keeps compact facts of every session, within :data:`MAX_KEPT`, and concludes when all are over.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple

from pop2dissect.findings.auth import with_passwords
from pop2dissect.findings.evidence import command_frames, finding, first_few, reply_text, span
from pop2dissect.findings.facts import SessionFacts
from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.patterns import expression
from pop2dissect.session import Exchange, Finding
from pop2dissect.text.quoting import listed, quoted
from pop2dissect.text.values import SECOND, count

MAX_KEPT = 1 << 16
"""Facts of each kind that are kept."""

MAX_TEXTS = 4
"""Different refusals kept of a user; who has more than one is no proof of anything."""


class Across(ABC):
    """One kind of thing that spans sessions."""

    noun: ClassVar[str]
    """What is kept, in the plural."""

    def __init__(self) -> None:
        self._kept = 0
        self.dropped = 0
        """How many were not kept for lack of room."""

    @abstractmethod
    def keep(self, facts: SessionFacts) -> None:
        """Keep what matters of a session."""

    @abstractmethod
    def conclude(self, thresholds: Thresholds) -> Iterator[Finding]:
        """Yield what all sessions together show."""

    def has_room(self) -> bool:
        """Whether one more fact can be kept; counts it."""
        if self._kept < MAX_KEPT:
            self._kept += 1
            return True
        self.dropped += 1
        return False


class Seen(NamedTuple):
    """Where something was seen; sorts by time."""

    time: int
    session: int
    frames: tuple[int, ...]


# What tells one refusal from another of the same kind: numbers, and what stands in angle brackets.
_VARIES = expression(r"<[^<>]*>|\d+")


class RefusalTexts(Across):
    """auth.enum_by_text."""

    noun = "refused users"

    def __init__(self) -> None:
        super().__init__()
        self._texts: dict[tuple[str, str], dict[str, dict[str, Seen]]] = {}
        """By client and server, then by user, then by what the server said."""

    def keep(self, facts: SessionFacts) -> None:
        """Keep how each user was refused."""
        for attempt in facts.logins:
            text = reply_text(attempt.exchange)
            named = attempt.is_proven or attempt.login.mechanism == "USER"
            if attempt.outcome != "refused" or not attempt.user or text is None or not named:
                continue
            if "protocol.long_line" in attempt.exchange.violations:
                continue  # which is another reason
            users = self._texts.setdefault((facts.session.client.ip, facts.server), {})
            if attempt.user not in users and not self.has_room():
                return
            said = users.setdefault(attempt.user, {})
            key = _VARIES.sub("#", text.replace(attempt.user, "?"))
            if key not in said and len(said) < MAX_TEXTS:
                time = attempt.exchange.time if attempt.exchange.time is not None else facts.session.start
                said[key] = Seen(time, facts.session.id, command_frames(attempt.exchange))

    def conclude(self, thresholds: Thresholds) -> Iterator[Finding]:
        """Yield a finding for each client and server."""
        for (client, server), users in sorted(self._texts.items()):
            by_text: dict[str, list[str]] = {}
            for user, said in users.items():
                if len(said) == 1:
                    by_text.setdefault(next(iter(said)), []).append(user)
            if len(by_text) < 2 or len(users) < thresholds.text_users:
                continue
            told = [
                f"{quoted(text)} as {listed([quoted(user) for user in sorted(who)])}"
                for text, who in sorted(by_text.items(), key=lambda item: -len(item[1]))
            ]
            seen = sorted(one for who in by_text.values() for user in who for one in users[user].values())
            yield finding(
                "auth.enum_by_text",
                f"{client} was refused at {server} in words that depend on the user: {'; '.join(told[:4])}.",
                time=seen[0].time,
                frames=(frame for one in seen for frame in one.frames),
                sessions=(one.session for one in seen),
                clients=[client],
                servers=[server],
                users=sorted(user for who in by_text.values() for user in who),
            )


_WRITTEN_OVER = expression(rb"(?im)^[ \t]*(?:[X#*._\x00-]+TLS|S[X#*._-]{1,3}S|X{4,}|[#*]{4,}|\x00{4,})[ \t]*\r?$")
"""A capability of which some letters were written over, so that all lengths stay as they are."""


class _Lack(NamedTuple):
    """A session to which a server did not give TLS."""

    seen: Seen
    how: str
    password_sent: bool


class TlsOffers(Across):
    """tls.none and tls.stripped."""

    noun = "sessions without TLS"

    def __init__(self) -> None:
        super().__init__()
        self._offered: dict[str, Seen] = {}
        """By server, where it first offered TLS."""
        self._lacking: dict[str, list[_Lack]] = {}

    def keep(self, facts: SessionFacts) -> None:
        """Keep whether the server offered TLS."""
        offer: Exchange | None = None
        lack: tuple[Exchange, str] | None = None
        for exchange, offers, how in _offers(facts):
            if offers:
                offer = offer or exchange
            else:
                lack = lack or (exchange, how)
        if offer is not None and (facts.server in self._offered or self.has_room()):
            seen = _seen(facts, offer)
            self._offered[facts.server] = min(seen, self._offered.get(facts.server, seen))
        if lack is not None and self.has_room():
            exchange, how = lack
            sent = any(one.index > exchange.index for one in with_passwords(facts.suspects))
            self._lacking.setdefault(facts.server, []).append(_Lack(_seen(facts, exchange), how, sent))

    def conclude(self, thresholds: Thresholds) -> Iterator[Finding]:
        """Yield a finding for each session."""
        for server, lacking in sorted(self._lacking.items()):
            offered = self._offered.get(server)
            for lack in lacking:
                if offered is None and lack.how != _OVERWRITTEN:
                    continue
                stripped = lack.password_sent or lack.how == _OVERWRITTEN
                others = f" It offered TLS in session {offered.session}." if offered is not None else ""
                sent = " The client then sent a password in clear text." if lack.password_sent else ""
                yield finding(
                    "tls.stripped" if stripped else "tls.none",
                    f"The server {server} {lack.how}.{others}{sent}",
                    time=lack.seen.time,
                    frames=(*lack.seen.frames, *(offered.frames if offered is not None else ())),
                    sessions=(lack.seen.session, *((offered.session,) if offered is not None else ())),
                    servers=[server],
                )


_OVERWRITTEN = "sent a list of capabilities in which one was written over"


def _offers(facts: SessionFacts) -> Iterator[tuple[Exchange, bool, str]]:
    """Yield what shows, before a login, whether the server has TLS for the client, and how it says that it has not."""
    session = facts.session
    accepted = next((one.exchange for one in session.logins if one.outcome == "accepted"), len(session.exchanges))
    for exchange in facts.suspects:
        if exchange.index > accepted:
            return
        first = exchange.replies[0] if exchange.replies else None
        if first is None or exchange.command not in ("CAPA", "STLS"):
            continue
        if exchange.command == "STLS":
            if first.kind in ("ok", "error"):
                yield exchange, first.kind == "ok", "refused STLS"
            continue
        data = next((reply for reply in exchange.replies if reply.kind == "data" and not reply.missing), None)
        if data is not None:
            listing = session.server_stream.read(data.start, data.end)
            has_tls = b"STLS" in listing.upper().split()
            overwritten = not has_tls and _WRITTEN_OVER.search(listing) is not None
            yield exchange, has_tls, _OVERWRITTEN if overwritten else "did not list STLS among its capabilities"


def _seen(facts: SessionFacts, exchange: Exchange) -> Seen:
    time = exchange.time if exchange.time is not None else facts.session.start
    return Seen(time, facts.session.id, command_frames(exchange))


class _Removed(NamedTuple):
    """A message that was deleted without having been fetched in that session."""

    session: int
    time: int
    identifier: str | None
    frames: tuple[int, ...]
    looked_at: bool


class Unread(Across):
    """data.delete_unread."""

    noun = "messages fetched or deleted"

    def __init__(self) -> None:
        super().__init__()
        self._fetched: dict[tuple[str, str, str], int] = {}
        """By server, user and unique-id, when a message was first there as a whole."""
        self._removed: dict[tuple[str, str], list[_Removed]] = {}

    def keep(self, facts: SessionFacts) -> None:
        """Keep which messages were fetched, and which deleted without that."""
        session = facts.session
        if session.user is None:
            return
        for message in session.messages:
            if message.identifier is None or not message.complete or message.end_time is None:
                continue
            key = facts.server, session.user, message.identifier
            if key in self._fetched or self.has_room():
                self._fetched[key] = min(message.end_time, self._fetched.get(key, message.end_time))
        for one in session.deletions:
            if one.transferred or one.disposed.value != "deleted" or not one.released.value or not self.has_room():
                continue
            exchange = session.exchanges[one.exchange]
            self._removed.setdefault((facts.server, session.user), []).append(
                _Removed(
                    session.id,
                    exchange.time if exchange.time is not None else session.start,
                    one.identifier,
                    command_frames(exchange),
                    one.looked_at,
                )
            )

    def conclude(self, thresholds: Thresholds) -> Iterator[Finding]:
        """Yield a finding for each session."""
        for (server, user), removed in sorted(self._removed.items()):
            by_session: dict[int, list[_Removed]] = {}
            for one in removed:
                fetched = self._fetched.get((server, user, one.identifier)) if one.identifier is not None else None
                if fetched is None or fetched > one.time:
                    by_session.setdefault(one.session, []).append(one)
            for session, unread in sorted(by_session.items()):
                looked = sum(one.looked_at for one in unread)
                known = [quoted(one.identifier) for one in unread if one.identifier is not None]
                yield finding(
                    "data.delete_unread",
                    f"{count(len(unread), 'message')} of user {quoted(user)} at {server} "
                    f"{'was' if len(unread) == 1 else 'were'} deleted without having been read before"
                    f"{f', {looked} of them after a look at the headers' if looked else ''}"
                    f"{f': {listed(known)}' if known else ''}.",
                    time=unread[0].time,
                    frames=(frame for one in unread for frame in one.frames),
                    sessions=(session,),
                    servers=[server],
                    users=[user],
                )


class Held(Across):
    """dos.slow."""

    noun = "connections held open"

    def __init__(self) -> None:
        super().__init__()
        self._held: dict[tuple[str, str], list[tuple[int, int, int, int]]] = {}
        """By client and server: start, end, session and first frame."""

    def keep(self, facts: SessionFacts) -> None:
        """Keep a long connection without a login."""
        session = facts.session
        long = session.end - session.start >= facts.thresholds.held_seconds * SECOND
        if long and not facts.logins and session.handshake != "missing" and self.has_room():
            self._held.setdefault((session.client.ip, facts.server), []).append(
                (session.start, session.end, session.id, session.first_frame)
            )

    def conclude(self, thresholds: Thresholds) -> Iterator[Finding]:
        """Yield a finding for each client and server."""
        for (client, server), held in sorted(self._held.items()):
            crowd = _most_at_once(sorted(held))
            if len(crowd) < thresholds.slow_connections:
                continue
            yield finding(
                "dos.slow",
                f"{client} held {count(len(crowd), 'connection')} to {server} open at once without trying to log in, "
                f"the shortest for {span(min(end - start for start, end, _, _ in crowd))}.",
                time=crowd[0][0],
                frames=first_few((frame for *_, frame in crowd), len(crowd)),
                sessions=(session for _, _, session, _ in crowd),
                clients=[client],
                servers=[server],
            )


def _most_at_once(held: Sequence[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Return the most connections that were open at the same time. ``held`` is in order of their starts."""
    best: list[tuple[int, int, int, int]] = []
    at_once: list[tuple[int, int, int, int]] = []
    for one in held:
        at_once = [other for other in at_once if other[1] > one[0]] + [one]
        if len(at_once) > len(best):
            best = list(at_once)
    return best
