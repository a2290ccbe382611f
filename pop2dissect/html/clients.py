"""Who did what: a row for each client, and the course of events of those that findings are about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pop2dissect.html.times import Stamp, stamp
from pop2dissect.session import Finding, Ground, Message, Probe, Session, Severity, total_octets
from pop2dissect.text.quoting import listed, quoted
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.values import count

MAX_EVENTS = 200
"""Events of one client that are told; the sessions have all."""
MAX_TOLD = 20
"""Clients whose course of events is told, the worst first."""
MAX_FRAMES = 100
"""Frames that an event cites."""
_COMMON = "auth.cleartext"
"""The finding that every login raises, and that says nothing about the client."""


@dataclass(frozen=True, slots=True)
class ClientRow:
    """What one address did."""

    address: str
    sessions: int
    connections: int
    """Attempts to connect that carried no payload."""
    servers: str
    accepted: str
    """Users whose logins were accepted, from the wire."""
    refused: int
    read: int
    deleted: int
    """Deletions that were committed."""
    first: Stamp
    last: Stamp
    severity: Severity | None
    """Of the worst finding but that of passwords in clear text, which every login has."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a client did, in a sentence that may quote the wire."""

    time: Stamp
    what: str
    sessions: tuple[int, ...]
    frames: str
    first_frame: str


@dataclass(frozen=True, slots=True)
class Course:
    """What one client did, in the order of time."""

    address: str
    severity: Severity | None
    titles: tuple[tuple[str, str], ...]
    """Severities and titles of the findings about it, the most severe first."""
    events: tuple[Event, ...]
    left_out: int


@dataclass(slots=True)
class _Client:
    sessions: list[Session] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def severity(self) -> Severity | None:
        return max((finding.severity for finding in self.findings if finding.id != _COMMON), default=None)

    @property
    def first_time(self) -> int:
        return min([*(session.start for session in self.sessions), *(probe.first_time for probe in self.probes)])

    @property
    def last_time(self) -> int:
        return max([*(session.end for session in self.sessions), *(probe.last_time for probe in self.probes)])


@dataclass(slots=True)
class _Step:
    time: int
    what: str
    sessions: tuple[int, ...]
    frames: tuple[int, ...]


class Clients:
    """All clients of a report; sessions are given in their order, with the findings about each."""

    def __init__(
        self, sessions: Sequence[Session], probes: Sequence[Probe], findings: Sequence[Finding], rendering: Rendering
    ) -> None:
        self._rendering = rendering
        self._clients: dict[str, _Client] = {}
        by_session: dict[int, str] = {}
        by_frame = {probe.first_frame: probe.client_ip for probe in probes}
        for session in sessions:
            self._clients.setdefault(session.client.ip, _Client()).sessions.append(session)
            by_session[session.id] = session.client.ip
        for probe in probes:
            self._clients.setdefault(probe.client_ip, _Client()).probes.append(probe)
        for finding in findings:
            named = [by_session[number] for number in finding.sessions if number in by_session]
            named += (by_frame[frame] for frame in finding.frames if frame in by_frame)
            for address in dict.fromkeys(named):
                self._clients[address].findings.append(finding)

    def rows(self) -> list[ClientRow]:
        """Return the clients: those with the worst findings first, then by time."""
        return [self._row(address, client) for address, client in self._ranked()]

    def courses(self) -> list[Course]:
        """Return what those clients did that a grave finding is about."""
        grave = [item for item in self._ranked() if (severity := item[1].severity) and severity.is_grave]
        return [self._course(address, client) for address, client in grave[:MAX_TOLD]]

    def _ranked(self) -> list[tuple[str, _Client]]:
        return sorted(self._clients.items(), key=lambda item: (-_rank(item[1].severity), item[1].first_time, item[0]))

    def _row(self, address: str, client: _Client) -> ClientRow:
        messages = [message for session in client.sessions for message in session.messages]
        servers = dict.fromkeys(
            [*(str(session.server) for session in client.sessions), *(str(probe.server) for probe in client.probes)]
        )
        users = dict.fromkeys(
            session.user for session in client.sessions if session.user and session.login == "accepted"
        )
        return ClientRow(
            address=address,
            sessions=len(client.sessions),
            connections=sum(probe.attempts for probe in client.probes),
            servers=listed(list(servers)),
            accepted=listed([quoted(user) for user in users if user]),
            refused=sum(session.login == "refused" for session in client.sessions),
            read=len(messages),
            deleted=sum(one.released.value is True for session in client.sessions for one in session.deleted),
            first=stamp(client.first_time, self._rendering.zone),
            last=stamp(client.last_time, self._rendering.zone),
            severity=client.severity,
        )

    def _course(self, address: str, client: _Client) -> Course:
        steps = sorted(_steps(client), key=lambda step: (step.time, step.sessions))
        told = steps[:MAX_EVENTS]
        ranked = sorted({(-finding.severity.rank, finding.severity, finding.title) for finding in client.findings})
        return Course(
            address=address,
            severity=client.severity,
            titles=tuple((severity, title) for _, severity, title in ranked),
            events=tuple(
                Event(
                    stamp(step.time, self._rendering.zone),
                    step.what,
                    step.sessions,
                    self._cited(step.frames),
                    self._rendering.frames(step.frames[:1]),
                )
                for step in told
            ),
            left_out=len(steps) - len(told),
        )

    def _cited(self, frames: Sequence[int]) -> str:
        more = f" and {len(frames) - MAX_FRAMES:,} more" if len(frames) > MAX_FRAMES else ""
        return self._rendering.frames(frames[:MAX_FRAMES]) + more


def _rank(severity: Severity | None) -> int:
    return -1 if severity is None else severity.rank


def _steps(client: _Client) -> Iterator[_Step]:
    if client.probes:
        yield _connecting(client.probes)
    refused: list[Session] = []
    for session in client.sessions:
        if session.login == "refused" and not session.messages:
            refused.append(session)
            continue
        if refused:
            yield _refusals(refused)
            refused = []
        yield from _session_steps(session)
    if refused:
        yield _refusals(refused)


def _connecting(probes: Sequence[Probe]) -> _Step:
    servers = listed(list(dict.fromkeys(str(probe.server) for probe in probes)))
    answers = ", ".join(
        f"{number:,} {word}"
        for number, word in (
            (sum(probe.answered for probe in probes), "accepted"),
            (sum(probe.refused for probe in probes), "refused"),
            (sum(probe.unanswered for probe in probes), "unanswered"),
        )
        if number
    )
    attempts = count(sum(probe.attempts for probe in probes), "connection")
    what = f"Opens {attempts} on which no data is sent, to {servers}: {answers or 'no answer'}."
    return _Step(
        min(probe.first_time for probe in probes), what, (), tuple(sorted(probe.first_frame for probe in probes))
    )


def _refusals(sessions: Sequence[Session]) -> _Step:
    users = dict.fromkeys(quoted(session.user or "") for session in sessions)
    tries = [session.exchanges[login.exchange] for session in sessions for login in session.logins]
    frames = [exchange.frames[0] for exchange in tries if exchange.frames]
    until = "" if len(sessions) == 1 else f", over {count(len(sessions), 'connection')}"
    servers = listed(list(dict.fromkeys(str(session.server) for session in sessions)))
    logins = "login" if len(sessions) == 1 else "logins"
    what = f"{servers} refuses the {logins} of {listed(list(users))}{until}."
    ids = tuple(session.id for session in sessions)
    return _Step(sessions[0].start, what, ids, tuple(frames))


def _session_steps(session: Session) -> Iterator[_Step]:
    """Yield a session: the login, the folders that were asked for, and the messages of each."""
    yield _beginning(session)
    for folder in session.folders:
        if folder.asked is not None:
            exchange = session.exchanges[folder.exchange]
            name = quoted(folder.asked) if folder.asked else "without a name"
            reply = next((reply.line for reply in exchange.replies if reply.raw), None)
            answer = "no reply of the server was captured" if reply is None else f"the server answers {quoted(reply)}"
            frames = exchange.frames + exchange.replies[0].frames if exchange.replies else exchange.frames
            yield _Step(_time(exchange.time, session), f"Asks for the folder {name}; {answer}.", (session.id,), frames)
    run: list[Message] = []
    for message in session.messages:
        if run and message.mailbox != run[-1].mailbox:
            yield _reading(session, run)
            run = []
        run.append(message)
    if run:
        yield _reading(session, run)


def _beginning(session: Session) -> _Step:
    frames: tuple[int, ...] = (session.first_frame,)
    if session.login_exchange is not None and session.login in ("accepted", "unknown"):
        login, verdict = session.exchanges[session.login_exchange], session.login_verdict
        frames = login.frames + (login.replies[0].frames if login.replies else ()) or frames
        user = "somebody" if session.user is None else quoted(session.user)
        if session.login == "unknown":
            answer = "whether the server accepts is not known" + (f": {verdict.because}" if verdict.because else "")
        elif verdict.ground is Ground.SHOWN:
            answer = "the server accepts"
        else:
            answer = f"the server accepts ({verdict.ground}: {verdict.because})"
        what = f"Logs in at {session.server} as {user}; {answer}."
        return _Step(_time(login.time, session), what, (session.id,), frames)
    if session.login == "refused":
        what = f"Is refused by {session.server} as {quoted(session.user or '')}; the session continues."
    elif session.greeting is not None and not session.client_stream.octets:
        what = f"Connects to {session.server}, receives the greeting and sends nothing."
        frames = session.greeting.frames
    else:
        what = f"Communicates with {session.server} without logging in ({session.protocol})."
    return _Step(session.start, what, (session.id,), frames)


def _reading(session: Session, messages: Sequence[Message]) -> _Step:
    where = "" if messages[0].mailbox is None else f" of {quoted(messages[0].mailbox)}"
    deleted = sum(message.disposition == "deleted" for message in messages)
    committed = sum(message.committed is True for message in messages)
    fate = ""
    if deleted:
        fate = (
            f" {deleted:,} deleted, {'the deletions' if committed == deleted else f'{committed:,} of them'} committed."
        )
    what = f"Reads {count(len(messages), 'message')}{where}, {count(total_octets(messages), 'byte')}.{fate}"
    frames = tuple(dict.fromkeys(frame for message in messages for frame in message.frames))
    return _Step(_time(messages[0].start_time, session), what, (session.id,), frames)


def _time(time: int | None, session: Session) -> int:
    return session.start if time is None else time
