"""Searching for folders: many names asked for that are not there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pop2dissect.findings.evidence import command_frames, finding
from pop2dissect.findings.facts import SessionFacts
from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.patterns import expression
from pop2dissect.session import Finding
from pop2dissect.text.quoting import listed, quoted
from pop2dissect.text.values import count

MAX_MISSES = 64
"""Folders kept that a user asked a server for in vain."""

_ORDINARY = expression(
    r"(?:inbox|mbox|drafts?|outbox|trash|junk|spam|templates|archives?|deleted(?:[- ]messages)?|received"
    r"|sent(?:[- ](?:mail|messages))?|saved(?:[- ]messages)?|postponed(?:-msgs)?)",
    re.IGNORECASE,
)
"""Names that mail programs look for by themselves, whether they are there or not."""


class Searcher(NamedTuple):
    """Who asks where. Behind one address there may be many users, each with a folder that is gone."""

    client: str
    server: str
    user: str


class Miss(NamedTuple):
    """A folder that was not there; sorts by time."""

    time: int
    session: int
    frames: tuple[int, ...]
    asked: str


def misses(facts: SessionFacts) -> Iterator[Miss]:
    """Yield the folders that a session asked for and that are not there."""
    session = facts.session
    for request in facts.folders:
        if request.outcome not in ("absent", "kept") or request.octets >= facts.thresholds.overlong_fold:
            continue  # an overlong name is no folder that somebody looks for
        if not request.asked.startswith("/") and _ORDINARY.fullmatch(request.asked.rstrip("/").rpartition("/")[2]):
            continue
        time = request.exchange.time if request.exchange.time is not None else session.start
        yield Miss(time, session.id, command_frames(request.exchange), request.asked)


def conclude(kept: Mapping[Searcher, Mapping[str, Miss]], thresholds: Thresholds) -> Iterator[Finding]:
    """Yield file.probe_sweep for each user who has it. ``kept`` is by user, then by folder."""
    for searcher, by_folder in kept.items():
        if len(by_folder) < thresholds.sweep_folders:
            continue
        seen = sorted(by_folder.values())
        as_user = f" as user {quoted(searcher.user)}" if searcher.user else ""
        yield finding(
            "file.probe_sweep",
            f"{searcher.client}{as_user} asked {searcher.server} for {count(len(seen), 'different folder')} that are "
            f"not there: {listed([quoted(miss.asked) for miss in seen])}.",
            time=seen[0].time,
            frames=(frame for miss in seen for frame in miss.frames),
            sessions=(miss.session for miss in seen),
            clients=[searcher.client],
            servers=[searcher.server],
            users=[searcher.user] if searcher.user else [],
            folders=[miss.asked for miss in seen],
        )
