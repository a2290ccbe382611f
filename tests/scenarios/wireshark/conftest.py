"""All recorded captures as the plugin sees them, each dissected once in each way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import pytest

from pop2dissect import read
from pop2dissect.session import Session
from tests.support.truth import capture_names, capture_path
from tests.wireshark.joined import join
from tests.wireshark.plugin_support import Dissected, dissect, dissect_joined

FINDINGS = Path(__file__).parents[3] / "samples" / "findings"

PASSES: dict[str, tuple[str, ...]] = {"one-pass": (), "two-pass": ("-2",)}
"""Options of tshark. With ``-2`` and a filter every frame is dissected twice, as in Wireshark's window."""

OUT_OF_ORDER = {
    "impaired_loss5_reorder10_dup5_cli",
    "impaired_loss5_reorder10_dup5_srv",
    "impaired_reorder30_cli",
}
"""Captures whose segments come out of order. By default Wireshark does not show such segments to dissectors."""

BIG = "big_messages"
"""A capture whose messages take most of the time of all: it is dissected once."""

Plugin = Callable[[str, str], dict[int, Dissected]]
"""What the plugin says of a capture, by name, in one or two passes: each stream by its number."""


def finding_names() -> list[str]:
    """The names of the samples of findings."""
    return sorted(path.stem for path in FINDINGS.glob("*.pcap"))


def any_path(name: str) -> Path:
    """Find a recorded capture or a sample of a finding."""
    return FINDINGS / f"{name}.pcap" if name in finding_names() else capture_path(name)


def in_order() -> list[str]:
    """Return all captures but those out of order, and the biggest."""
    return [name for name in (*capture_names(), *finding_names()) if name not in (*OUT_OF_ORDER, BIG)]


def in_each_pass(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return what to dissect: the captures of these names, each in each way."""
    return [(name, passes) for name in names for passes in PASSES if name != BIG or passes == "two-pass"]


@cache
def native_sessions(name: str) -> list[Session]:
    """What the native dissector says of a capture. Some samples have their server on another port."""
    return read(any_path(name), any_port=name in ("inetd_port_10109", "service.elsewhere")).sessions


@pytest.fixture(scope="session")
def joined(tshark: str, tmp_path_factory: pytest.TempPathFactory) -> dict[bool, tuple[Path, dict[str, int]]]:
    """Return the captures that are out of order, and all others, each put into one, with their markers."""
    folder = tmp_path_factory.mktemp("joined")
    made = {}
    for out_of_order, names in ((False, in_order()), (True, sorted(OUT_OF_ORDER))):
        path = folder / f"{out_of_order}.pcapng"
        made[out_of_order] = path, join({name: any_path(name) for name in names}, path)
    return made


@pytest.fixture(scope="session")
def plugin(joined: dict[bool, tuple[Path, dict[str, int]]]) -> Plugin:
    """Return what the plugin says of a capture."""

    @cache
    def big(passes: str) -> dict[int, Dissected]:
        return dissect(any_path(BIG), *PASSES[passes])

    @cache
    def dissected(out_of_order: bool, passes: str) -> dict[str, dict[int, Dissected]]:
        options = ("-o", "tcp.reassemble_out_of_order:TRUE") if out_of_order else ()
        path, markers = joined[out_of_order]
        return dissect_joined(path, markers, *PASSES[passes], *options)

    return lambda name, passes: big(passes) if name == BIG else dissected(name in OUT_OF_ORDER, passes)[name]
