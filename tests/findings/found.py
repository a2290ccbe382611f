"""Findings of captures and of conversations written down, for the tests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.pipeline import Dissection
from pop2dissect.session import Finding, Session
from pop2dissect.settings import Settings
from tests.support.network import Network
from tests.support.wire import save


def findings_of(
    path: Path, ports: Iterable[int] = (109,), *, any_port: bool = False, thresholds: Thresholds | None = None
) -> list[Finding]:
    """Return all findings of a capture: those of sessions in their order, then those that span sessions."""
    return examine(path, ports, any_port=any_port, thresholds=thresholds)[1]


def examine(
    path: Path, ports: Iterable[int] = (109,), *, any_port: bool = False, thresholds: Thresholds | None = None
) -> tuple[list[Session], list[Finding]]:
    """Return the sessions of a capture, and all findings."""
    settings = Settings(ports=frozenset(ports), any_port=any_port, thresholds=thresholds or Thresholds())
    with Dissection(path, settings) as dissection:
        sessions = sorted(dissection, key=lambda session: session.id)
        found = [finding for session in sessions for finding in session.findings]
        return sessions, [*found, *dissection.findings]


def raised(net: Network, folder: Path, *, thresholds: Thresholds | None = None) -> set[str]:
    """Return the ids of the findings of a made-up network, apart from the clear-text password that is always there."""
    found = told(net, folder, thresholds=thresholds)
    return {finding.id for finding in found} - {"auth.cleartext"}


def told(net: Network, folder: Path, *, thresholds: Thresholds | None = None) -> list[Finding]:
    """Return the findings of a made-up network."""
    return findings_of(save(folder / "made.pcap", net.packets), thresholds=thresholds)
