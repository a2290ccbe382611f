"""Looking around: greetings taken, servers counted, and floods of connections that were never meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pop2dissect.findings.evidence import command_frames, finding, span
from pop2dissect.findings.facts import SessionFacts
from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.patterns import expression
from pop2dissect.protocols import protocol_of
from pop2dissect.protocols.identify import UNKNOWN
from pop2dissect.session import Finding, HalfOpen, Probe
from pop2dissect.text.quoting import listed, quoted
from pop2dissect.text.values import count


class Touch(NamedTuple):
    """That a client was at a server without logging in."""

    time: int
    frame: int
    session: int | None
    """None where no octet was exchanged."""


def banner_grab(facts: SessionFacts) -> Iterator[Finding]:
    """recon.banner_grab."""
    session = facts.session
    if session.ending == "incomplete" or not session.server_stream.octets or not _asked_nothing(facts):
        return
    first = session.server_stream.spans[0]
    if session.handshake == "missing":
        return  # the client may have spoken before the capture began
    if session.greeting is not None and session.greeting.raw.startswith(b"-"):
        return  # the server takes no logins, so that there was nothing to ask for
    text = session.server_stream.read(0, min(session.server_stream.length, 200)).split(b"\n", 1)[0].rstrip(b"\r")
    yield finding(
        "recon.banner_grab",
        f"The client took the greeting {quoted(text.decode('latin-1'))} and left without trying to log in.",
        time=first.time,
        frames=(first.frame, session.last_frame),
        sessions=facts.sessions,
    )


def _asked_nothing(facts: SessionFacts) -> bool:
    """Whether a client sent nothing that has to do with mail."""
    session = facts.session
    if session.client_stream.length == 0:
        return True
    # To a POP2 server a scanner may also send empty lines, or take its leave as it should.
    return (
        session.greeting is not None
        and not session.client_stream.missing
        and all(not exchange.command or exchange.command == "QUIT" for exchange in session.exchanges)
        and not any(exchange.raw and not exchange.command for exchange in session.exchanges)
    )


_CAPABILITIES = frozenset({"CAPA", "AUTH", "HELP"})


def capa_probe(facts: SessionFacts) -> Iterator[Finding]:
    """recon.capa_probe."""
    session = facts.session
    asked = [one for one in session.exchanges if one.command in _CAPABILITIES and one.replies]
    said = {one.command for one in session.exchanges if one.command is not None}
    if not asked or not said <= _CAPABILITIES | {"QUIT", "NOOP"} or session.ending == "incomplete":
        return
    if session.handshake != "missing" and not session.client_stream.missing:
        yield finding(
            "recon.capa_probe",
            f"The client asked what the server can do ({listed([quoted(one.shown_line() or '') for one in asked])}) "
            "and left without trying to log in.",
            time=asked[0].time,
            frames=(frame for one in asked for frame in command_frames(one)),
            sessions=facts.sessions,
        )


def ntlm_info(facts: SessionFacts) -> Iterator[Finding]:
    """recon.ntlm_info."""
    found = [
        one.login for one in facts.logins if "NTLM" in one.login.mechanism and one.login.challenge and not one.user
    ]
    if found and all(one.outcome != "accepted" for one in facts.logins):
        exchange = facts.session.exchanges[found[0].exchange]
        named = f" as of {quoted(found[0].realm)}" if found[0].realm else ""
        yield finding(
            "recon.ntlm_info",
            f"The client began NTLM, took the challenge that names the server{named}, and gave no proof.",
            time=exchange.time,
            frames=command_frames(exchange),
            sessions=facts.sessions,
        )


_TOO_MANY = expression(
    r"(?:maximum number of|too many) (?:concurrent |simultaneous )?(?:connections|logins|sessions)", re.I
)


def connections_refused(facts: SessionFacts) -> Iterator[Finding]:
    """dos.connections."""
    for exchange in facts.session.exchanges:
        for reply in exchange.replies:
            if reply.kind not in ("error", "unknown", "greeting") or reply.raw[:1] != b"-":
                continue
            if _TOO_MANY.search(reply.line):
                yield finding(
                    "dos.connections",
                    f"The server said {quoted(reply.line)}.",
                    time=reply.time,
                    frames=(*exchange.frames, *reply.frames),
                    sessions=facts.sessions,
                )
                return


def touches_only(facts: SessionFacts) -> bool:
    """Whether a session counts as touching a server: nobody tried to log in, and no other protocol was talked."""
    session = facts.session
    if facts.logins or session.client_stream.missing:
        return False
    return session.client_stream.length == 0 or (
        session.protocol == UNKNOWN.name or protocol_of(session.protocol).is_subject
    )


def scans(
    touches: Mapping[str, Mapping[str, Touch]],
    probes: Iterable[Probe],
    thresholds: Thresholds,
) -> Iterator[tuple[str, Finding]]:
    """Yield recon.scan for each client that has it, with the client. ``touches`` is by client, then by server."""
    by_client = {client: dict(servers) for client, servers in touches.items()}
    for probe in probes:
        servers = by_client.setdefault(probe.client_ip, {})
        touch = Touch(probe.first_time, probe.first_frame, None)
        known = servers.get(probe.server.ip)
        if known is None or (touch.time, touch.frame) < (known.time, known.frame):
            servers[probe.server.ip] = touch
    for client in sorted(by_client):
        servers = by_client[client]
        if len(servers) < thresholds.scan_servers:
            continue
        in_time = sorted(servers.items(), key=lambda item: (item[1].time, item[1].frame))
        first, last = in_time[0][1], in_time[-1][1]
        yield (
            client,
            finding(
                "recon.scan",
                f"{client} touched {count(len(servers), 'server')} within {span(last.time - first.time)} without "
                f"logging in: {listed([server for server, _ in in_time])}.",
                time=first.time,
                frames=(touch.frame for _, touch in in_time),
                sessions=(touch.session for _, touch in in_time if touch.session is not None),
                clients=[client],
                servers=[server for server, _ in in_time],
            ),
        )


def port_scans(probes: Iterable[Probe]) -> Iterator[Finding]:
    """Yield recon.port_scan for each client that has it."""
    by_client: dict[str, list[Probe]] = {}
    for probe in probes:
        if probe.scans:
            by_client.setdefault(probe.client_ip, []).append(probe)
    for client, rows in sorted(by_client.items()):
        seen = sorted((time, frame, how) for row in rows for how, time, frame in row.scans)
        servers = list(dict.fromkeys(str(row.server) for row in rows))
        ways = listed(sorted({how for _, _, how in seen}))
        yield finding(
            "recon.port_scan",
            f"{client} sent {listed(servers)} segments that scan a port and begin no connection ({ways}).",
            time=seen[0][0],
            frames=(frame for _, frame, _ in seen),
            sessions=(),
            clients=[client],
            servers=(row.server.ip for row in rows),
        )


def syn_floods(rows: Iterable[HalfOpen], probes: Iterable[Probe], thresholds: Thresholds) -> Iterator[Finding]:
    """Yield dos.syn_flood for each server that has it."""
    sources: dict[str, set[str]] = {}
    for probe in probes:
        sources.setdefault(str(probe.server), set()).add(probe.client_ip)
    for row in rows:
        if row.peak < thresholds.flood_rate:
            continue
        clients = count(len(sources.get(str(row.server), ())), "address", "addresses")
        at_least = " or more" if row.unlisted else ""
        yield finding(
            "dos.syn_flood",
            f"{count(row.attempts, 'connection')} to {row.server} were begun and never completed, up to {row.peak:,} "
            f"within one second, by {clients}{at_least} within {span(row.last_time - row.first_time)}; "
            "the sources may be forged.",
            time=row.peak_time,
            frames=(row.first_frame, row.peak_frame),
            sessions=(),
            clients=sorted(sources.get(str(row.server), ())),
            servers=[str(row.server)],
        )
