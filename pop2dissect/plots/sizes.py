"""How large the messages were, and what became of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import get_args

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from pop2dissect.plots.given import Given, whole_sessions_of
from pop2dissect.plots.octets import octets_text
from pop2dissect.plots.style import Inks, axes, caption, clear_frame, nothing
from pop2dissect.protocols import protocol_of
from pop2dissect.session import Disposition, Session
from pop2dissect.statistics.spread import quantile
from pop2dissect.text.values import count

BINS_A_DECADE = (8, 16, 32, 64)
ENOUGH_BINS = 16

_LOOKS = {"kept": (1.0, ""), "deleted": (0.25, ""), "refused": (0.8, "////"), "unacknowledged": (1.0, "....")}
"""What became of a message -> paleness and hatching."""


def message_sizes(sessions: Given, ax: Axes | None = None) -> Axes:
    """Draw a histogram of the captured bytes of messages, stacked by what the client made of them.

    x is the size in bytes, logarithmic, in 8 to 64 bins a decade; y the number of messages. Empty ones are at 1.
    """
    sessions = whole_sessions_of(sessions)
    ax = axes(ax)
    inks = Inks.of(ax)
    messages = [message for session in sessions for message in session.messages]
    if not messages:
        return nothing(ax, "no messages")
    ordered = sorted(message.octets for message in messages)
    decades = math.log10(max(ordered[-1], 1)) - math.log10(max(ordered[0], 1))
    fineness = next((fine for fine in BINS_A_DECADE if decades * fine >= ENOUGH_BINS), BINS_A_DECADE[-1])
    bins = {name: Counter[int]() for name in get_args(Disposition)}
    for message in messages:
        bins[message.disposition][math.floor(math.log10(max(message.octets, 1)) * fineness)] += 1
    first = min(min(counts) for counts in bins.values() if counts)
    last = max(max(counts) for counts in bins.values() if counts)
    edges = [10 ** (number / fineness) for number in range(first, last + 2)]
    below = [0] * (last - first + 1)
    for name, (paleness, hatch) in _LOOKS.items():
        heights = [bins[name][number] for number in range(first, last + 1)]
        if not any(heights):
            continue
        ax.bar(
            edges[:-1],
            heights,
            width=[right - left for left, right in pairwise(edges)],
            bottom=below,
            align="edge",
            color=inks.shade(paleness),
            hatch=hatch,
            edgecolor=inks.ink,
            lw=0.6,
            label=f"{name} ({sum(heights):,})",
        )
        below = [base + height for base, height in zip(below, heights, strict=True)]
    median = quantile(ordered, 1, 2)
    ax.axvline(max(median, 1), color=inks.ink, ls="--", lw=1)
    ax.annotate(
        f"median {median:,}",
        (max(median, 1), 1),
        xycoords=("data", "axes fraction"),
        xytext=(4, -2),
        textcoords="offset points",
        va="top",
        fontsize="small",
        bbox={"facecolor": inks.paper, "edgecolor": "none", "pad": 1, "alpha": 0.85},
    )
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda place, _: octets_text(place)))
    if decades < 0.5:
        ax.set_xlim(edges[0] / 2, edges[-1] * 2)
    if decades < 2:
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7)))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylim(0, max(below) * 1.12)
    ax.set_xlabel("bytes of the message (logarithmic)")
    ax.set_ylabel("messages")
    ax.legend(fontsize="small", frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    clear_frame(ax)
    broken = sum(not message.complete for message in messages)
    caption(
        ax,
        f"{count(len(messages), 'message')} from {ordered[0]:,} to {ordered[-1]:,} bytes, by what the client made of "
        f"them{_by_commands(sessions)}. {broken:,} are incomplete or not as long as announced.",
    )
    return ax


def _by_commands(sessions: Sequence[Session]) -> str:
    """Say which commands of the protocols that were spoken decide what becomes of a message."""
    verbs = {"kept": "keeps", "deleted": "deletes", "refused": "refuses"}
    said = dict.fromkeys(
        f"{command} {verbs[fate]}"
        for name in sorted({session.protocol for session in sessions})
        for fate, command in protocol_of(name).words.commands.items()
        if fate in verbs
    )
    return f": {', '.join(said)}" if said else ""
