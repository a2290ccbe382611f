"""Incidents of captures and of conversations written down, for the tests."""

from __future__ import annotations

from pathlib import Path

import pop2dissect
from pop2dissect.incidents import Incident
from tests.support.network import Network
from tests.support.wire import save


def happened(net: Network, folder: Path) -> list[Incident]:
    """Return the incidents of a made-up network."""
    return pop2dissect.read(save(folder / "made.pcap", net.packets)).incidents


def sentences(net: Network, folder: Path) -> list[str]:
    """Return what happened in a made-up network, in words."""
    return [one.sentence for one in happened(net, folder)]
