"""Servers that went down while they sent a message, again and again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pop2dissect.findings.across import Across
from pop2dissect.findings.evidence import finding, span
from pop2dissect.findings.facts import SessionFacts
from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.session import Exchange, Finding, Message
from pop2dissect.text.quoting import quoted
from pop2dissect.text.values import count


class _Death(NamedTuple):
    """A message that a server did not finish; sorts by time."""

    time: int
    session: int
    frames: tuple[int, ...]
    client: str
    user: str | None
    said: str | None
    """Its last words."""


class Deaths(Across):
    """service.died."""

    noun = "messages that servers broke off"

    def __init__(self) -> None:
        super().__init__()
        self._deaths: dict[str, list[_Death]] = {}

    def keep(self, facts: SessionFacts) -> None:
        """Keep that the server ended the connection in the middle of a message."""
        session = facts.session
        last = session.messages[-1] if session.messages else None
        if last is None or not _is_broken_off(last):
            return
        exchange = session.exchanges[last.exchange]
        words = last_words(exchange, last)
        if words is None and not _ended_by_server(facts, last):
            return
        if self.has_room():
            time = last.end_time if last.end_time is not None else session.end
            ended = session.server_stream.ended_by
            frames = (*last.frames[-1:], *((ended,) if ended is not None else ()))
            self._deaths.setdefault(facts.server, []).append(
                _Death(time, session.id, frames, session.client.ip, session.user, words)
            )

    def conclude(self, thresholds: Thresholds) -> Iterator[Finding]:
        """Yield a finding for each server."""
        for server, deaths in sorted(self._deaths.items()):
            if len(deaths) < thresholds.server_deaths:
                continue
            seen = sorted(deaths)
            said = next((one.said for one in seen if one.said is not None), None)
            words = f", first with {quoted(said)}" if said is not None else ""
            yield finding(
                "service.died",
                f"The server {server} broke off {count(len(seen), 'message')} in the middle, within "
                f"{span(seen[-1].time - seen[0].time)}, and ended the connection{words}.",
                time=seen[0].time,
                frames=(frame for one in seen for frame in one.frames),
                sessions=(one.session for one in seen),
                clients=(one.client for one in seen),
                servers=[server],
                users=(one.user for one in seen if one.user),
            )


def last_words(exchange: Exchange, message: Message) -> str | None:
    """Return what a server said in place of the rest of a message."""
    return next((one.line for one in exchange.replies if one.start == message.end and one.kind != "data"), None)


def _is_broken_off(message: Message) -> bool:
    """Whether a message has fewer octets than were announced, or not its end mark, and the capture is not why."""
    if message.missing_octets:
        return False
    if message.whole is None:
        return message.declared_octets is not None and message.octets < message.declared_octets
    return not message.whole


def _ended_by_server(facts: SessionFacts, message: Message) -> bool:
    """Whether the server said nothing more, and ended the connection before the client did."""
    client, server = facts.session.client_stream, facts.session.server_stream
    if message.end != server.length or server.ended_by is None:
        return False
    return client.ended_by is None or server.ended_by < client.ended_by
