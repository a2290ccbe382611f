"""From a finished connection to a session: which protocol, what was said, which messages were read."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from pop2dissect.assemble import pop1 as assemble_pop1
from pop2dissect.assemble.doubt import drop_doubtful
from pop2dissect.assemble.secrets import mark_secrets
from pop2dissect.capture.record import FrameRef
from pop2dissect.decode.segment import FlowKey
from pop2dissect.protocols import pop1, pop3, software
from pop2dissect.protocols.identify import POP2, POP3, RFC918, RFC918_OR_POP3, identify
from pop2dissect.protocols.pop2 import Closed, MessageData, ReplyLine, Turn, dissect
from pop2dissect.protocols.pop2.conversation import NO_REPLY
from pop2dissect.protocols.pop2.grammar import ReplyKind, decode
from pop2dissect.protocols.pop2.states import ServerState
from pop2dissect.session import (
    Disposition,
    Ending,
    Endpoint,
    Exchange,
    HalfOpen,
    Handshake,
    Login,
    Message,
    Probe,
    Reply,
    Session,
)
from pop2dissect.tcp import Connection, HalfOpenTally, ProbeTally, Stream

_DISPOSITIONS: dict[str, Disposition] = {"ACKS": "kept", "ACKD": "deleted", "NACK": "refused"}
_COMMITTING = frozenset({"QUIT", "FOLD"})
"""What releases a mailbox, and so makes the deletions in it happen (RFC 937, "ACKD")."""

_AFTER_LOGIN = frozenset({"FOLD", "READ", "RETR", "ACKS", "ACKD", "NACK"})


def assemble(connection: Connection) -> Session:
    """Make a session of a finished connection."""
    assert connection.streams is not None
    client_stream, server_stream = connection.streams
    client, server = endpoints(connection.client_key)
    from_start = connection.handshake[0] or connection.handshake[1]
    protocol, evidence = identify(client_stream, server_stream, from_start=from_start)
    exchanges: list[Exchange] = []
    messages: list[Message] = []
    state: str | None = None
    user: str | None = None
    password: str | None = None
    login: Login = "none"
    login_exchange: int | None = None
    if protocol == POP2:
        turns = list(dissect(client_stream, server_stream, from_start=from_start))
        exchanges = [_exchange(index, turn, client_stream, server_stream) for index, turn in enumerate(turns)]
        messages = _messages(turns, exchanges, server_stream)
        state = turns[-1].next_state if turns else ServerState.AUTH
        user, password, login, login_exchange = _login(turns)
        programs = software.client_of(turns, client_stream), software.server_of(turns)
    else:
        programs = software.others(protocol, client_stream, server_stream)
    if protocol in (RFC918, RFC918_OR_POP3, POP3):
        speak = pop3.dissect if protocol == POP3 else pop1.dissect
        others = list(speak(client_stream, server_stream, from_start=from_start))
        exchanges = [_exchange(index, turn, client_stream, server_stream) for index, turn in enumerate(others)]
        if protocol != POP3:
            messages = assemble_pop1.messages(others, server_stream)
            state = others[-1].next_state if others else pop1.ServerState.AUTH
        user, password, login, login_exchange = assemble_pop1.login(others)
    if client_stream.gaps or server_stream.gaps:
        drop_doubtful(exchanges)
    mark_secrets(exchanges, client_stream, from_start=from_start)
    return Session(
        id=connection.number,
        client=client,
        server=server,
        first_frame=FrameRef(connection.first_frame),
        last_frame=FrameRef(connection.last_frame),
        packets=connection.packets,
        start=connection.start,
        end=connection.end,
        protocol=protocol,
        protocol_evidence=evidence,
        handshake=_handshake(connection),
        ending=_ending(connection, exchanges),
        user=user,
        password=password,
        login=login,
        state=state,
        exchanges=exchanges,
        messages=messages,
        client_stream=client_stream,
        server_stream=server_stream,
        events=connection.events,
        client_software=programs[0],
        server_software=programs[1],
        login_exchange=login_exchange,
    )


def endpoints(key: bytes) -> tuple[Endpoint, Endpoint]:
    """Return source and destination of a flow key."""
    flow = FlowKey.of(key)
    return (
        Endpoint(_address(flow.source), flow.source_port),
        Endpoint(_address(flow.destination), flow.destination_port),
    )


def probe(tally: ProbeTally) -> Probe:
    """Make a row of the probes table of a tally."""
    return Probe(
        client_ip=_address(tally.client),
        server=Endpoint(_address(tally.server), tally.server_port),
        attempts=tally.attempts,
        answered=tally.answered,
        refused=tally.refused,
        unanswered=tally.unanswered,
        first_time=tally.first_time,
        last_time=tally.last_time,
        first_frame=FrameRef(tally.first_frame),
    )


def half_open(tally: HalfOpenTally) -> HalfOpen:
    """Make a row of half-open connections of a tally."""
    peak, peak_time, peak_frame = tally.peak()
    return HalfOpen(
        server=Endpoint(_address(tally.server), tally.server_port),
        attempts=tally.attempts,
        first_time=tally.first_time,
        last_time=tally.last_time,
        first_frame=FrameRef(tally.first_frame),
        peak=peak,
        peak_time=peak_time,
        peak_frame=FrameRef(peak_frame),
        unlisted=tally.unlisted,
    )


def _address(octets: bytes) -> str:
    if len(octets) == 4:
        return ".".join(map(str, octets))
    return str(ipaddress.IPv6Address(octets))


def _handshake(connection: Connection) -> Handshake:
    parts = connection.handshake
    if all(parts):
        return "complete"
    return "partial" if any(parts[:2]) else "missing"


def _ending(connection: Connection, exchanges: Sequence[Exchange]) -> Ending:
    quits = [exchange for exchange in exchanges if exchange.command == "QUIT"]
    if any(reply.kind == "ok" for exchange in quits for reply in exchange.replies):
        return "quit"
    if connection.client.reset or connection.server.reset:
        return "reset"
    if connection.client.fin is not None or connection.server.fin is not None:
        return "closed"
    return "incomplete"


def _exchange(index: int, turn: Turn | pop1.Turn, client: Stream, server: Stream) -> Exchange:
    command = turn.command
    replies = [_reply(reply, server) for reply in turn.replies]
    if command is None:
        first = next((reply.time for reply in replies if reply.time is not None), None)
        return Exchange(
            index=index,
            command=None,
            arguments=(),
            raw=None,
            secret=None,
            start=0,
            end=0,
            time=first,
            frames=(),
            state=turn.state,
            next_state=turn.next_state,
            client_state=turn.client_state,
            replies=replies,
            violations=turn.violations,
            notes=turn.notes,
        )
    time, frames = client.seen(command.start, command.end)
    return Exchange(
        index=index,
        command=command.command.keyword if command.raw or not command.missing else None,
        arguments=tuple(decode(argument) for argument in command.command.arguments),
        raw=command.raw,
        secret=command.command.secret,
        start=command.start,
        end=command.end,
        time=time,
        frames=frames,
        state=turn.state,
        next_state=turn.next_state,
        client_state=turn.client_state,
        replies=replies,
        violations=turn.violations,
        notes=turn.notes,
        missing=command.missing,
        end_time=time if len(frames) == 1 and not command.missing else client.time_at(command.end - 1),
    )


def _reply(event: ReplyLine | MessageData | Closed, server: Stream) -> Reply:
    if isinstance(event, Closed):
        return Reply("close", event.offset, event.offset, None, ())
    time, frames = server.seen(event.start, event.end)
    if isinstance(event, MessageData):
        octets = event.end - event.start
        return Reply("data", event.start, event.end, time, frames, value=octets, missing=event.missing)
    return Reply(
        event.kind.value,
        event.start,
        event.end,
        time,
        frames,
        event.raw,
        event.value,
        event.text,
        event.missing,
    )


def _messages(turns: Sequence[Turn], exchanges: Sequence[Exchange], server: Stream) -> list[Message]:
    messages: list[Message] = []
    released = _released_from(turns)
    for index, turn in enumerate(turns):
        for data, reply in zip(turn.replies, exchanges[index].replies, strict=True):
            if not isinstance(data, MessageData):
                continue
            acknowledgement = turns[index + 1] if index + 1 < len(turns) else None
            disposition = _disposition(acknowledgement)
            messages.append(
                Message(
                    index=len(messages) + 1,
                    exchange=index,
                    mailbox=turn.mailbox,
                    number=turn.number,
                    declared_octets=data.announced,
                    start=data.start,
                    end=data.end,
                    octets=data.end - data.start - data.missing,
                    missing_octets=data.missing,
                    start_time=reply.time,
                    end_time=server.time_at(data.end - 1),
                    frames=reply.frames,
                    disposition=disposition,
                    committed=disposition == "deleted" and released[min(index + 2, len(turns))],
                    stream=server,
                    notes=turn.notes,
                )
            )
    return messages


def _disposition(turn: Turn | None) -> Disposition:
    """Return what the client made of a message, by its next command, if the server did not refuse that."""
    command = turn.command if turn else None
    if turn is None or command is None or _kind(turn) is ReplyKind.ERROR:
        return "unacknowledged"
    return _DISPOSITIONS.get(command.command.keyword, "unacknowledged")


def _released_from(turns: Sequence[Turn]) -> list[bool]:
    """Return for each turn whether the mailbox is released from it on: QUIT or FOLD, and not refused by the server."""
    released = [False] * (len(turns) + 1)
    for index in reversed(range(len(turns))):
        turn = turns[index]
        if turn.command is None or turn.command.command.keyword not in _COMMITTING:
            released[index] = released[index + 1]
            continue
        lost = _is_lost(turn.replies[0]) if turn.replies else NO_REPLY in turn.notes
        released[index] = _kind(turn) in (ReplyKind.OK, ReplyKind.COUNT) or lost
    return released


def _kind(turn: Turn) -> ReplyKind | None:
    """Return the kind of the reply proper; None where there is none, or not enough of it was captured to tell."""
    primary = turn.replies[0] if turn.replies else None
    if isinstance(primary, ReplyLine):
        return None if primary.kind is ReplyKind.UNKNOWN and primary.missing else primary.kind
    return ReplyKind.DATA if isinstance(primary, MessageData) else None


def _is_lost(reply: ReplyLine | MessageData | Closed) -> bool:
    """Whether a reply was not captured far enough to know what it is."""
    return isinstance(reply, ReplyLine) and reply.kind is ReplyKind.UNKNOWN and reply.missing > 0


def _login(turns: Sequence[Turn]) -> tuple[str | None, str | None, Login, int | None]:
    """Return user, password, outcome and index: of the HELO that was accepted, else of the first one.

    By RFC 937 a refusal ends the session; some servers let the client try again.
    """
    helos = [index for index, turn in enumerate(turns) if turn.command and turn.command.command.keyword == "HELO"]
    first: tuple[str | None, str | None, Login, int | None] = (None, None, "none", None)
    for place, index in enumerate(helos):
        command = turns[index].command
        assert command is not None
        texts = [decode(argument) for argument in command.command.arguments]
        user = texts[0] if texts else None
        password = texts[1] if len(texts) > 1 and not command.missing else None
        outcome = _outcome(turns[index], turns[index + 1 : helos[place + 1] if place + 1 < len(helos) else None])
        if outcome == "accepted":
            return user, password, outcome, index
        if place == 0:
            first = user, password, outcome, index
    return first


def _outcome(turn: Turn, following: Sequence[Turn]) -> Login:
    """Return what came of a HELO, by its reply, else by what followed until the next one."""
    if turn.replies and not _is_lost(turn.replies[0]) and turn.next_state in (ServerState.MBOX, ServerState.DONE):
        return "accepted" if turn.next_state is ServerState.MBOX else "refused"
    # The reply was not captured, or not enough of it, or it is none. Only a client that was let in goes on to read.
    went_on = any(
        other.command is not None
        and other.command.command.keyword in _AFTER_LOGIN
        and _kind(other) not in (ReplyKind.ERROR, ReplyKind.OK)
        and not any(isinstance(reply, Closed) for reply in other.replies)
        for other in following
    )
    return "accepted" if went_on else "none"
