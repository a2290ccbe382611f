"""What the servers are, and what TCP shows of tampering. A server is named once, not in each of its sessions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from pop2dissect.choices import DEFAULT_PORT
from pop2dissect.findings.evidence import MAX_FRAMES, MAX_SESSIONS, finding
from pop2dissect.findings.facts import SessionFacts
from pop2dissect.patterns import expression
from pop2dissect.protocols import protocol_of, subjects
from pop2dissect.protocols.identify import NONE, UNKNOWN
from pop2dissect.session import Finding
from pop2dissect.text.quoting import quoted
from pop2dissect.text.values import count


class ServerTrait(NamedTuple):
    """Something that is true of a server: which finding it raises, and of what."""

    finding: str
    server: str
    value: str
    """The protocol, or the greeting."""


class Sighting(NamedTuple):
    """Sessions in which a trait was seen."""

    sessions: list[tuple[int, int, int, int]]
    """Time, session, and two frames, of the first ones."""
    more: int


def traits(facts: SessionFacts) -> Iterator[ServerTrait]:
    """Yield what a session shows of its server."""
    session = facts.session
    server = facts.server
    port = session.server.port
    spoken = protocol_of(session.protocol)
    if port == DEFAULT_PORT and port not in spoken.ports and session.protocol != NONE.name:
        both = session.client_stream.octets and session.server_stream.octets
        # The end of a POP2 session alone, a QUIT and a farewell, does not tell what was spoken.
        if session.protocol != UNKNOWN.name or (both and session.handshake != "missing"):
            yield ServerTrait("service.other_protocol", server, session.protocol)
    at_home = spoken.ports | spoken.tls_ports | {DEFAULT_PORT}
    if spoken.is_subject and spoken.ports and port not in at_home and not spoken.either:
        yield ServerTrait("service.elsewhere", server, session.protocol)
    greeting = session.greeting
    if greeting is not None and spoken.is_vulnerable is not None and spoken.is_vulnerable(greeting.line):
        yield ServerTrait("service.vulnerable_banner", server, greeting.line)


def server_finding(trait: ServerTrait, sighting: Sighting) -> Finding:
    """Make the finding of a server's trait."""
    seen = sorted(sighting.sessions)
    sessions = count(len(seen) + sighting.more, "session")
    told = {
        "service.other_protocol": f"On port {DEFAULT_PORT} of {trait.server} {_protocol(trait.value)} is spoken, in "
        f"{sessions}.",
        "service.elsewhere": f"The server {trait.server} speaks {trait.value} on another port than its own, "
        f"in {sessions}.",
        "service.vulnerable_banner": f"The server {trait.server} greets with {quoted(trait.value)}, in {sessions}; "
        "that version runs code that a client sends, or gives out any file.",
    }
    return finding(
        trait.finding,
        told[trait.finding],
        time=seen[0][0],
        frames=(frame for _, _, *frames in seen[:MAX_FRAMES] for frame in frames),
        sessions=(session for _, session, *_ in seen[:MAX_SESSIONS]),
        servers=[trait.server],
    )


def _protocol(name: str) -> str:
    return "a protocol that is not known" if name == UNKNOWN.name else name


_TLS = expression(rb"\x16\x03[\x00-\x04]")


@cache
def _ports() -> tuple[frozenset[int], frozenset[int]]:
    """Return the ports of post office protocols, in plain text and inside of TLS."""
    every = subjects()
    return frozenset().union(*(one.ports for one in every)), frozenset().union(*(one.tls_ports for one in every))


def tls_ports(facts: SessionFacts) -> Iterator[Finding]:
    """tls.on_plain_port and tls.plain_on_tls_port."""
    session = facts.session
    port = session.server.port
    plain, inside_tls = _ports()
    spans = session.client_stream.spans
    if not spans or session.handshake == "missing" or port not in plain | inside_tls:
        return
    is_tls = _TLS.match(spans[0].data, spans[0].start, spans[0].start + spans[0].length) is not None
    if is_tls and port in plain:
        name, said = "tls.on_plain_port", f"The client began with TLS on port {port}, where plain text is spoken."
    elif not is_tls and port in inside_tls and facts.spoken.is_subject:
        name = "tls.plain_on_tls_port"
        said = f"The client sent plain text to port {port}, which is for TLS: {quoted(_first_line(facts))}."
    else:
        return
    yield finding(name, said, time=session.start, frames=(one.frame for one in spans[:2]), sessions=facts.sessions)


def _first_line(facts: SessionFacts) -> str:
    return next((one.shown_line() or "" for one in facts.session.exchanges if one.raw is not None), "")


def overlap_conflict(facts: SessionFacts) -> Iterator[Finding]:
    """tcp.overlap_conflict."""
    session = facts.session
    found = [
        (conflict, side)
        for stream, side in ((session.client_stream, "client"), (session.server_stream, "server"))
        for conflict in stream.conflicts
    ]
    if not found:
        return
    conflict, side = found[0]
    octets = sum(other.length for other, _ in found)
    yield finding(
        "tcp.overlap_conflict",
        f"{count(len(found), 'run')} of together {count(octets, 'octet')} came twice with different content; the first "
        f"is at offset {conflict.offset} of what the {side} sent (frame {conflict.kept_frame} was kept, "
        f"frame {conflict.other_frame} differs).",
        time=session.stream("client" if side == "client" else "server").time_at(conflict.offset),
        frames=(frame for other, _ in found for frame in (other.kept_frame, other.other_frame)),
        sessions=facts.sessions,
    )
