"""Which way sessions took through the state diagram of a protocol."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch

from pop2dissect.plots.given import Given, whole_sessions_of
from pop2dissect.plots.style import SMALL, Inks, axes, caption, label, nothing
from pop2dissect.protocols import PROTOCOLS, protocol_of
from pop2dissect.protocols.base import StateDiagram
from pop2dissect.session import Session
from pop2dissect.text.values import count

_RADIUS = 0.42
_ROOMY = 5
"""Letters of a state's name that have room in its circle at the usual size."""

_Edge = tuple[str, str]


@dataclass(slots=True)
class _Way:
    """What led from one state to another."""

    allowed: Counter[str] = field(default_factory=Counter)
    other: Counter[str] = field(default_factory=Counter)
    """What is not in the RFC's table, or was answered by an error or by closing."""

    @property
    def total(self) -> int:
        return self.allowed.total() + self.other.total()


def state_path(sessions: Given, ax: Axes | None = None) -> Axes:
    """Draw the states and transitions of a server by its specification, and how often sessions took each.

    The diagram comes from the dissector's own table. Transitions taken are in ink and have their counts,
    those never taken are pale; what the table does not have is dashed. Only sessions of a protocol whose states can
    be drawn count, and of several the one that most of them speak.
    """
    sessions = whole_sessions_of(sessions)
    ax = axes(ax, 8.0, 5.0)
    inks = Inks.of(ax)
    drawable = {protocol.name: protocol.diagram for protocol in PROTOCOLS if protocol.diagram is not None}
    spoken = Counter(session.protocol for session in sessions if session.protocol in drawable)
    if not spoken:
        return nothing(ax, f"no {' or '.join(drawable)} sessions")
    protocol = protocol_of(spoken.most_common(1)[0][0])
    diagram = drawable[protocol.name]
    sessions = [session for session in sessions if session.protocol == protocol.name]
    ways = _ways(sessions, protocol.transitions)
    most = max((way.total for way in ways.values()), default=1) or 1
    unknown = any("?" in edge for edge in ways)
    places = {state: place for state, place in diagram.places.items() if state != "?" or unknown}
    seen = {state for edge, way in ways.items() if way.total for state in edge}
    for state, (x, y) in places.items():
        fill = inks.pale if state in seen else inks.faint
        ax.add_patch(
            Circle(
                (x, y), _RADIUS, facecolor=fill, edgecolor=inks.ink if state in seen else inks.grey, zorder=3, gid=state
            )
        )
        size = None if len(state) <= _ROOMY else SMALL * min(1.0, 1.8 * _ROOMY / len(state))
        colour = inks.ink if state in seen else inks.grey
        ax.text(x, y, state, ha="center", va="center", weight="bold", zorder=4, color=colour, fontsize=size)
    for edge, way in ways.items():
        if edge[0] in places and edge[1] in places:
            _draw_way(ax, edge, way, most, diagram)
    across, along = zip(*diagram.places.values(), strict=True)
    ax.update_datalim([(min(across) - 0.9, min(along) - 0.55), (max(across) + 0.9, max(along) + 1.35)])
    ax.margins(0)
    ax.autoscale_view()
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    ax.set_xlabel(f"server states of {protocol.specification}")
    caption(
        ax,
        f"How often {count(len(sessions), 'session')} took each transition: the thicker, the more often. "
        "Pale: allowed by the RFC, never taken. "
        "Dashed, or with !: not in its table, answered by an error, or closed.",
    )
    return ax


def _ways(sessions: Sequence[Session], transitions: Sequence[tuple[str, str, str]]) -> dict[_Edge, _Way]:
    ways: dict[_Edge, _Way] = {}
    for state, command, after in transitions:
        ways.setdefault((state, after), _Way()).allowed[command] = 0
    table = {(state, command): after for state, command, after in transitions}
    over = set(table.values()) - {state for state, _ in table}
    """States that nothing leads out of."""
    for session in sessions:
        for exchange in session.exchanges:
            if exchange.command is None:
                continue
            edge = (exchange.state, exchange.next_state)
            way = ways.setdefault(edge, _Way())
            if table.get((exchange.state, exchange.command)) == exchange.next_state:
                failed = (
                    exchange.next_state in over and exchange.replies and exchange.replies[0].kind in ("error", "close")
                )
                (way.other if failed else way.allowed)[exchange.command] += 1
            elif exchange.state not in over:
                way.other[exchange.command] += 1
    return {edge: way for edge, way in ways.items() if edge[0] not in over}


def _draw_way(ax: Axes, edge: _Edge, way: _Way, most: int, diagram: StateDiagram) -> None:
    inks = Inks.of(ax)
    taken = way.total > 0
    wrong = taken and not way.allowed.total()
    width = 0.8 + 3.2 * (way.total / most) ** 0.5 if taken else 0.8
    colour = inks.alarm if wrong else inks.ink if taken else inks.pale
    style = (0, (4, 2)) if wrong else "-"
    start, end = diagram.places[edge[0]], diagram.places[edge[1]]
    circles: dict[object, Circle] = {}
    if edge[0] == edge[1]:
        x, y = start
        posted = ((x - 0.22, y + 0.36), (x + 0.22, y + 0.36))
        arc = "arc3,rad=-1.6"
    else:
        posted = (start, end)
        circles = {patch.center: patch for patch in ax.patches if isinstance(patch, Circle)}
        arc = f"arc3,rad={diagram.bends.get(edge, 0.0)}"
    arrow = FancyArrowPatch(
        *posted,
        connectionstyle=arc,
        arrowstyle="-|>",
        mutation_scale=9 + width * 1.5,
        lw=width,
        color=colour,
        ls=style,
        shrinkA=0,
        shrinkB=0,
        patchA=circles.get(start),
        patchB=circles.get(end),
        zorder=2,
        gid=f"{edge[0]}-{edge[1]}",
    )
    ax.add_patch(arrow)
    x, y, align = diagram.labels.get(edge, ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, "center"))
    lines = _lines(way)
    if lines:
        ax.text(
            x,
            y,
            "\n".join(lines),
            ha="center",
            va=align,
            fontsize=SMALL,
            color=inks.ink if taken else inks.grey,
            parse_math=False,
            zorder=5,
            bbox={"facecolor": inks.paper, "edgecolor": "none", "pad": 0.8, "alpha": 0.9},
            gid=f"label {edge[0]}-{edge[1]}",
        )


def _lines(way: _Way) -> list[str]:
    lines = [f"{command} ×{number:,}" if number else command for command, number in sorted(way.allowed.items())]
    others = way.other.most_common(3)
    lines += [f"! {label(command, 10) or '(none)'} ×{number:,}" for command, number in others]
    if len(way.other) > len(others):
        lines.append(f"! … {len(way.other) - len(others)} more")
    return lines
