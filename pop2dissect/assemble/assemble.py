"""From a finished connection to a session. No protocol is named here: each says itself what its turns mean."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from pop2dissect import protocols as known
from pop2dissect.assemble.disorder import mark_disorder
from pop2dissect.assemble.doubt import drop_doubtful
from pop2dissect.capture.record import FrameRef
from pop2dissect.decode.segment import FlowKey
from pop2dissect.protocols.base import Closed, Interpretation, MessageData, ReplyLine, Turn
from pop2dissect.protocols.identify import identify
from pop2dissect.protocols.secrets import mark_secrets
from pop2dissect.session import Ending, Endpoint, Exchange, HalfOpen, Handshake, Probe, Reply, Session
from pop2dissect.tcp import Connection, HalfOpenTally, ProbeTally, Stream
from pop2dissect.text.values import decode_text


def assemble(connection: Connection) -> Session:
    """Return the session of a finished connection."""
    assert connection.streams is not None
    protocols = known.PROTOCOLS
    client_stream, server_stream = connection.streams
    client, server = endpoints(connection.client_key)
    from_start = connection.handshake[0] or connection.handshake[1]
    protocol, evidence = identify(client_stream, server_stream, protocols, from_start=from_start, port=server.port)
    turns = list(protocol.dissect(client_stream, server_stream, from_start)) if protocol.dissect else []
    exchanges = [_exchange(index, turn, client_stream, server_stream) for index, turn in enumerate(turns)]
    meaning = (
        protocol.interpret(turns, client_stream, server_stream) if protocol.interpret is not None else Interpretation()
    )
    for number, message in enumerate(meaning.messages, 1):
        message.index = number
    if client_stream.gaps or server_stream.gaps:
        drop_doubtful(exchanges)
    mark_disorder(exchanges, connection.clock.steps)
    mark_secrets(exchanges, client_stream, protocols, protocol, meaning.logins, from_start=from_start)
    return Session(
        id=connection.number,
        client=client,
        server=server,
        first_frame=FrameRef(connection.first_frame),
        last_frame=FrameRef(connection.last_frame),
        packets=connection.packets,
        start=connection.start,
        end=connection.end,
        protocol=protocol.name,
        protocol_evidence=evidence,
        handshake=_handshake(connection),
        ending=_ending(connection, exchanges),
        logins=meaning.logins,
        state=turns[-1].next_state if turns and protocol.initial_state else protocol.initial_state,
        exchanges=exchanges,
        messages=list(meaning.messages),
        client_stream=client_stream,
        server_stream=server_stream,
        events=connection.events,
        client_software=meaning.client,
        server_software=meaning.server,
        folders=meaning.folders,
        deletions=meaning.deletions,
        listed=meaning.listed,
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
        scans=tuple((how, time, FrameRef(frame)) for how, (time, frame) in sorted(tally.scans.items())),
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


def _exchange(index: int, turn: Turn, client: Stream, server: Stream) -> Exchange:
    replies = [_reply(reply, server) for reply in turn.replies]
    line = turn.command
    keyword, raw, secret = None, None, None
    arguments: tuple[str, ...] = ()
    start = end = missing = 0
    frames: tuple[FrameRef, ...] = ()
    end_time = None
    if line is None:
        time = next((reply.time for reply in replies if reply.time is not None), None)
    else:
        start, end, raw, command, missing = line
        keyword = command.keyword if raw or not missing else None
        arguments, secret = tuple([decode_text(one) for one in command.arguments]), command.secret
        time, frames = client.seen(start, end)
        end_time = time if len(frames) == 1 and not missing else client.time_at(end - 1)
    return Exchange(
        index=index,
        command=keyword,
        arguments=arguments,
        raw=raw,
        secret=secret,
        start=start,
        end=end,
        time=time,
        frames=frames,
        state=turn.state,
        next_state=turn.next_state,
        client_state=turn.client_state,
        replies=replies,
        departures=turn.departures,
        notes=turn.notes,
        missing=missing,
        end_time=end_time,
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
