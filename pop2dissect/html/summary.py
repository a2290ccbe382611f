"""The summary: what all sessions come to, in a few sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pop2dissect.capture.record import CaptureInfo
from pop2dissect.document.totals import Totals
from pop2dissect.session import Probe, Session
from pop2dissect.text.values import count, duration


def summary(
    totals: Totals, captures: Sequence[CaptureInfo], sessions: Sequence[Session], probes: Sequence[Probe]
) -> list[str]:
    """Return the sentences."""
    return list(_sentences(totals, captures, sessions, probes))


def _sentences(
    totals: Totals, captures: Sequence[CaptureInfo], sessions: Sequence[Session], probes: Sequence[Probe]
) -> Iterator[str]:
    packets = count(sum(info.packets for info in captures), "packet")
    yield f"{count(len(captures), 'capture')} of {packets} {'was' if len(captures) == 1 else 'were'} examined."
    if sessions:
        span = max(session.end for session in sessions) - min(session.start for session in sessions)
        protocols = ", ".join(f"{number:,} {name}" for name, number in sorted(totals.protocols.items()))
        spread = f", within {duration(span)}" if span else ""
        clients = count(len({session.client.ip for session in sessions}), "client")
        servers = count(len({session.server for session in sessions}), "server")
        yield (
            f"{count(totals.sessions, 'connection')} carried data ({protocols}), from {clients} to {servers}{spread}; "
            "they are called sessions here."
        )
    else:
        yield "No connection carried data."
    if probes:
        attempts = count(sum(probe.attempts for probe in probes), "connection")
        yield f"{attempts} carried none: they were refused, unanswered, or closed before any data was sent."
    accepted, refused = totals.logins["accepted"], totals.logins["refused"]
    if totals.users:
        users = count(len(totals.users), "user name")
        yield f"{users} appeared; {count(accepted, 'login was', 'logins were')} accepted, {refused:,} refused."
    if totals.messages:
        fates = ", ".join(f"{number:,} {name}" for name, number in sorted(totals.dispositions.items()) if number)
        yield (
            f"{count(totals.messages, 'message was', 'messages were')} transferred, {count(totals.octets, 'byte')} in "
            f"all: {fates}; {count(totals.committed, 'deletion was', 'deletions were')} committed."
        )
    lost = (
        f"{count(totals.missing, 'byte is', 'bytes are')} missing in {count(totals.gaps, 'gap')}"
        if totals.gaps
        else "No byte of the sessions is known to be missing"
    )
    differ = (
        f"{count(totals.conflicts, 'place was', 'places were')} captured in two versions"
        if totals.conflicts
        else "no two copies of the same bytes differ"
    )
    yield f"{lost}; {differ}."
