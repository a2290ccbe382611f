"""When each session was: a line a session."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from pop2dissect.analysis.plots.clock import Clock
from pop2dissect.analysis.plots.style import ALARM, GREY, INK, caption, clear_frame, count, label, nothing
from pop2dissect.session import Session

MAX_NAMED = 60
"""Sessions beyond which lines have no names."""

_LOOKS = {"accepted": (INK, "|"), "refused": (ALARM, "x"), "none": (GREY, ".")}
"""Login -> colour of the line, and marker of its beginning."""


def gantt(ax: Axes, sessions: Sequence[Session]) -> Axes:
    """Draw each session as a line from its start to its end, in the order of starts, the first on top.

    x is the time in UTC, y the sessions' place. Up to 60 sessions are named.
    """
    if not sessions:
        return nothing(ax, "no sessions")
    ordered = sorted(sessions, key=lambda session: (session.start, session.id))
    clock = Clock(ordered[0].start, max(session.end for session in ordered))
    rows = {login: [row for row, session in enumerate(ordered) if session.login == login] for login in _LOOKS}
    points = _points_a_row(ax, len(ordered))
    for login, (colour, marker) in _LOOKS.items():
        lines = [[(clock.place(ordered[row].start), row), (clock.place(ordered[row].end), row)] for row in rows[login]]
        ax.add_collection(
            LineCollection(
                lines,
                colors=colour,
                linewidths=min(4.0, max(0.6, 0.5 * points)),
                capstyle="butt",
                gid=f"sessions {login}",
            ),
            autolim=False,
        )
        # A session may be shorter than a pixel: its beginning is marked, whatever its length.
        ax.scatter(
            [line[0][0] for line in lines],
            rows[login],
            s=min(30.0, max(8.0 if login == "refused" else 1.5, points * 2)),
            c=colour,
            marker=marker,
            linewidths=0.8,
            gid=f"starts {login}",
        )
    ax.set_ylim(len(ordered) - 0.4, -0.6)
    widest = _name_rows(ax, ordered, points)
    clock.draw(ax)
    ax.legend(
        [Line2D([], [], color=colour, marker=marker, lw=2) for colour, marker in _LOOKS.values()],
        [f"login {login} ({len(rows[login]):,})" for login in _LOOKS],
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=3,
        frameon=False,
        fontsize="small",
        borderaxespad=0.2,
    )
    clear_frame(ax)
    caption(
        ax,
        f"{count(len(ordered), 'session')}, a line each, from first packet to last, in the order of their starts. "
        "A steep curve of starts means many sessions in little time.",
        less=max(0.0, widest - 0.3),
    )
    return ax


def _points_a_row(ax: Axes, rows: int) -> float:
    figure = ax.get_figure(root=True)
    height = ax.get_position().height * figure.get_figheight() * 72 if figure else 300.0
    return height / rows


def _name_rows(ax: Axes, ordered: Sequence[Session], points: float) -> float:
    """Name the lines; give the width of the longest name in inches."""
    if len(ordered) > MAX_NAMED:
        ax.yaxis.set_major_locator(MaxNLocator(8, integer=True))
        ax.set_ylabel("sessions, in order of their starts")
        return 0.0
    users = [session.protocol if session.user is None else label(session.user, 16) for session in ordered]
    names = [f"{session.id}  {user}, {session.client.ip}" for session, user in zip(ordered, users, strict=True)]
    size = max(4.0, min(8.0, points * 0.85))
    ax.set_yticks(range(len(ordered)), names, fontsize=size, parse_math=False)
    ax.set_ylabel("session, user, client")
    return max(map(len, names)) * size * 0.6 / 72
