"""A session as a ladder: what client and server said to each other, from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from matplotlib.axes import Axes
from matplotlib.transforms import blended_transform_factory

from pop2dissect.masking import shown as shown_as
from pop2dissect.plots.style import SMALL, Inks, axes, caption, label, nothing, span_of_time
from pop2dissect.session import Entry, Session

ROW = 11.0
"""Height of a line of text in points, of small print with some air."""

_SIDES = {"client": 0.0, "server": 1.0}


class _Rung(NamedTuple):
    entry: Entry
    time: int
    """Its own, or where that was not captured, the time before it."""


def ladder(
    session: Session,
    ax: Axes | None = None,
    *,
    scale: Literal["rank", "time"] = "rank",
    first: int = 0,
    show_passwords: bool = False,
) -> Axes:
    """Draw a session: the client's line at the left, the server's at the right, an arrow for what was said.

    To ``rank``, the rungs are at equal distances, and the time since the session's start is written at
    the left, and as many are drawn as fit into the height of the axes, from rung ``first`` on, counted from 0.
    To ``time``, y is that time in seconds, and the texts stand beside the ladder; where there are more than
    fit, those too close to others are left out. A password is masked unless asked for.
    """
    ax = axes(ax, 8.0, 8.0)
    rungs = list(_rungs(shown_as(session, show_passwords), show_passwords))
    fitting = max(4, int(_height(ax) // ROW))
    shown = rungs[first : first + fitting] if scale == "rank" else rungs[first:]
    if not shown:
        return nothing(ax, "nothing was said")
    if scale == "rank":
        places = [float(place) for place in range(len(shown))]
        bottom = max(len(shown) - 1.0, 1.0)
        text_height = bottom / max(_height(ax) / ROW, 1)
    else:
        places = [(rung.time - session.start) / 1e9 for rung in shown]
        bottom = max(*places, min(places) + 1e-9)
        text_height = (bottom - min(places)) / fitting
    for name, x in _SIDES.items():
        ax.plot([x, x], [places[0] - text_height, bottom + text_height], color=Inks.of(ax).ink, lw=1.2, gid=name)
    _draw_arrows(ax, shown, places)
    if scale == "rank":
        left_out = 0
        _write_on_rungs(ax, shown, places, text_height)
        ax.set_xlim(-0.04, 1.04)
    else:
        left_out = len(shown) - _write_beside(ax, shown, places, text_height, fitting)
        ax.set_xlim(-0.04, 3.0)
    ax.set_ylim(bottom + 1.2 * text_height, min(places) - 2.2 * text_height)
    ax.set_xticks([0, 1], [f"client\n{session.client}", f"server\n{session.server}"])
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", length=0)
    ax.spines[:].set_visible(False)
    ax.set_ylabel("time since the start" + (" (s)" if scale == "time" else ""))
    if scale == "rank":
        ax.set_yticks(places, [_since(rung.time - session.start) for rung in shown], fontsize=SMALL - 1)
        ax.tick_params(axis="y", length=0)
    who = "" if session.user is None else f", user {label(session.user, 24)}"
    ax.set_title(f"Session {session.id}{who}, {span_of_time(session.duration)}", parse_math=False)
    caption(ax, _caption(session, rungs, first, len(shown), left_out))
    return ax


def _rungs(session: Session, show_passwords: bool) -> Iterator[_Rung]:
    known = session.start
    for entry in session.timeline(show_passwords):
        known = known if entry.time is None else entry.time
        if entry.direction is not None:
            yield _Rung(entry, known)


def _draw_arrows(ax: Axes, rungs: Sequence[_Rung], places: Sequence[float]) -> None:
    inks = Inks.of(ax)
    for (entry, _), place in zip(rungs, places, strict=True):
        assert entry.direction is not None
        start = _SIDES[entry.direction]
        lost = entry.event == "gap"
        ax.annotate(
            "",
            xy=(1.0 - start, place),
            xytext=(start, place),
            arrowprops={
                "arrowstyle": "-|>",
                "lw": 2.2 if entry.event == "message" else 0.9,
                "ls": (0, (2, 2)) if lost else "-",
                "color": inks.alarm if lost else inks.shade(0.35),
                "shrinkA": 0,
                "shrinkB": 0,
            },
            gid=f"{entry.event} {entry.direction}",
        )


def _write_on_rungs(ax: Axes, rungs: Sequence[_Rung], places: Sequence[float], text_height: float) -> None:
    inks = Inks.of(ax)
    state: str | None = None
    beside = blended_transform_factory(ax.transAxes, ax.transData)
    for (entry, _), place in zip(rungs, places, strict=True):
        from_client = entry.direction == "client"
        ax.text(
            0.03 if from_client else 0.97,
            place - 0.08 * text_height,
            _text(entry),
            ha="left" if from_client else "right",
            va="bottom",
            fontsize=SMALL,
            color=inks.alarm if entry.event == "gap" else inks.ink,
            parse_math=False,
            gid="said",
        )
        if entry.state is not None and entry.state != state and entry.event in ("reply", "message"):
            state = entry.state
            ax.text(
                1.01, place, state, transform=beside, va="center", ha="left", fontsize=SMALL, weight="bold", gid="state"
            )


def _write_beside(ax: Axes, rungs: Sequence[_Rung], places: Sequence[float], text_height: float, fitting: int) -> int:
    """Write the texts in a column at the right, near their arrows, as many as fit; give how many they are."""
    inks = Inks.of(ax)
    order = sorted(range(len(rungs)), key=lambda number: places[number])
    order = [order[place] for place in apart([places[number] for number in order], fitting)]
    heights = spaced([places[number] for number in order], text_height, max(places) + 0.5 * text_height)
    for number, height in zip(order, heights, strict=True):
        entry = rungs[number].entry
        lost = entry.event == "gap"
        ax.plot(
            [1.0, 1.12, 1.16],
            [places[number], height, height],
            color=inks.alarm if lost else inks.grey,
            lw=0.5,
            gid="leader",
        )
        sign = "→" if entry.direction == "client" else "←"
        state = f"  [{entry.state}]" if entry.state and entry.event in ("reply", "message") else ""
        ax.text(
            1.18,
            height,
            f"{sign} {_text(entry)}{state}",
            va="center",
            fontsize=SMALL,
            color=inks.alarm if lost else inks.ink,
            parse_math=False,
            gid="said",
        )
    return len(order)


def apart(heights: Sequence[float], limit: int) -> list[int]:
    """Choose at most ``limit`` of some heights, given in order, that are the farthest apart; give their places."""
    if len(heights) <= limit:
        return list(range(len(heights)))
    # The more the distance that they are to have, the fewer they are.
    least, most = 0.0, heights[-1] - heights[0] + 1.0
    kept = [0]
    for _ in range(50):
        distance = (least + most) / 2
        chosen = [0]
        for place, height in enumerate(heights):
            if height - heights[chosen[-1]] >= distance and place:
                chosen.append(place)
        if len(chosen) > limit:
            least = distance
        else:
            most, kept = distance, chosen
    return kept


def spaced(wanted: Sequence[float], distance: float, bottom: float) -> list[float]:
    """Move heights, given in order, apart to at least ``distance``, and up again where they would pass ``bottom``."""
    heights: list[float] = []
    for height in wanted:
        heights.append(max(height, heights[-1] + distance) if heights else height)
    limit = bottom
    for number in reversed(range(len(heights))):
        if heights[number] <= limit:
            break
        heights[number] = limit
        limit -= distance
    return heights


def _text(entry: Entry) -> str:
    if entry.event == "gap":
        return f"× {entry.what}"
    if entry.event == "message":
        return label(entry.what, 72)
    return label(entry.what, 64) or "(no text)"


def _caption(session: Session, rungs: Sequence[_Rung], first: int, shown: int, left_out: int) -> str:
    pieces = [
        "Arrows go from who spoke to who listened; thick ones are messages. At the right: the server's new state."
    ]
    if any(rung.entry.event == "gap" for rung in rungs):
        pieces.append("Dashed: bytes missing from the capture.")
    if shown < len(rungs):
        pieces.append(f"Lines {first + 1:,} to {first + shown:,} of {len(rungs):,}.")
    if left_out:
        pieces.append(f"{left_out:,} lines too close to others have no text.")
    pieces.append(
        {"quit": "Ended by QUIT.", "closed": "Closed.", "reset": "Reset."}.get(session.ending, "No end captured.")
    )
    return " ".join(pieces)


def _since(nanoseconds: int) -> str:
    return f"{nanoseconds / 1e9:.3f} s"


def _height(ax: Axes) -> float:
    """Return the height of the axes in points, captions taken off."""
    figure = ax.get_figure(root=True)
    return max(ax.get_position().height * figure.get_figheight() * 72 * 0.9 if figure else 300.0, ROW)
