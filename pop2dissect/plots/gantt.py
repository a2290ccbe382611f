"""When each session was: a line a session, in a row of its own, or in that of its client where they are many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from pop2dissect.plots.clock import Clock
from pop2dissect.plots.given import GivenRows, sessions_of
from pop2dissect.plots.style import Colour, Inks, axes, caption, clear_frame, label, nothing
from pop2dissect.session import LoginOutcome, Session
from pop2dissect.text.values import count, zone_named

MAX_SESSIONS = 60
"""Sessions that have a row each. More are in the rows of their clients."""
MAX_CLIENTS = 40
"""Rows of clients; the others share one more."""

_Line: TypeAlias = list[tuple[float, float]]

_Look: TypeAlias = tuple[Colour, str, float]


def _looks(inks: Inks) -> dict[LoginOutcome, _Look]:
    """Return, for each login, the colour of the line, the marker of its beginning, its place in a client's row."""
    return {
        "accepted": (inks.ink, "|", -0.25),
        "none": (inks.grey, "|", 0.0),
        "unknown": (inks.grey, "|", 0.0),
        "refused": (inks.alarm, "x", 0.25),
    }


def gantt(sessions: GivenRows, ax: Axes | None = None, *, tz: str = "UTC") -> Axes:
    """Draw each session as a line from its start to its end.

    x is the time in the zone ``tz``. Up to 60 sessions have a row each, in the order of starts, the first on top.
    Where there are more, y is the client: those with most sessions have a row each, in the order of their first
    sessions, and in it accepted logins are above, refused ones below, and sessions without a login between them.
    """
    sessions = sessions_of(sessions)
    ax = axes(ax, 8.0, 7.0)
    if not sessions:
        return nothing(ax, "no sessions")
    looks = _looks(Inks.of(ax))
    ordered = sorted(sessions, key=lambda session: (session.start, session.id))
    few = len(ordered) <= MAX_SESSIONS
    names, rows = _sessions_rows(ordered) if few else _clients_rows(ordered)
    clock = Clock(ordered[0].start, max(session.end for session in ordered), zone_named(tz))
    points = _points_a_row(ax, len(names))
    for login, (colour, marker, shift) in looks.items():
        lines = [
            [(clock.place(session.start), place), (clock.place(session.end), place)]
            for session, row in zip(ordered, rows, strict=True)
            if session.login == login
            for place in [row if few else row + shift]
        ]
        _draw(ax, login, lines, colour, marker, points if few else points / 4)
    ax.set_ylim(len(names) - 0.4, -0.6)
    size = max(4.0, min(8.0, points * 0.85))
    ax.set_yticks(range(len(names)), names, fontsize=size, parse_math=False)
    ax.set_ylabel("session, user, client" if few else "client (sessions)")
    clock.draw(ax)
    logins = Counter(session.login for session in ordered)
    ax.legend(
        [Line2D([], [], color=colour, marker=marker, lw=2) for colour, marker, _ in looks.values()],
        [f"login {login} ({logins[login]:,})" for login in looks],
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=3,
        frameon=False,
        fontsize="small",
        borderaxespad=0.2,
    )
    clear_frame(ax)
    within = "" if few else " In each row: accepted logins above, refused ones below."
    caption(
        ax,
        f"{count(len(ordered), 'session')}, a line each, from first packet to last.{within}",
        less=max(0.0, max(map(len, names)) * size * 0.6 / 72 - 0.3),
    )
    return ax


def _sessions_rows(ordered: Sequence[Session]) -> tuple[list[str], list[int]]:
    """Name a row for each session; give the names, and the row of each session."""
    users = [session.protocol if session.user is None else label(session.user, 16) for session in ordered]
    names = [f"{session.id}  {user}, {session.client.ip}" for session, user in zip(ordered, users, strict=True)]
    return names, list(range(len(ordered)))


def _clients_rows(ordered: Sequence[Session]) -> tuple[list[str], list[int]]:
    """Name a row for each client with many sessions, and one for all others; give the row of each session too."""
    numbers = Counter(session.client.ip for session in ordered)
    if len(numbers) > MAX_CLIENTS:
        own = {client for client, _ in sorted(numbers.items(), key=lambda item: (-item[1], item[0]))[: MAX_CLIENTS - 1]}
    else:
        own = set(numbers)
    places = {client: place for place, client in enumerate(client for client in numbers if client in own)}
    names = [f"{client} ({numbers[client]:,})" for client in places]
    if len(own) < len(numbers):
        rest = sum(number for client, number in numbers.items() if client not in own)
        names.append(f"{len(numbers) - len(own):,} others ({rest:,})")
    return names, [places.get(session.client.ip, len(places)) for session in ordered]


def _draw(ax: Axes, login: str, lines: Sequence[_Line], colour: Colour, marker: str, points: float) -> None:
    width = min(4.0, max(0.6, 0.5 * points))
    ax.add_collection(
        LineCollection(lines, colors=colour, linewidths=width, capstyle="butt", gid=f"sessions {login}"), autolim=False
    )
    # A session may be shorter than a pixel: its beginning is marked, whatever its length.
    ax.scatter(
        [line[0][0] for line in lines],
        [line[0][1] for line in lines],
        s=min(30.0, max(8.0 if len(lines) <= MAX_SESSIONS else 3.0, (0.8 * points) ** 2)),
        color=colour,
        marker=marker,
        linewidths=0.8 if len(lines) <= 1000 else 0.3,
        gid=f"starts {login}",
    )


def _points_a_row(ax: Axes, rows: int) -> float:
    figure = ax.get_figure(root=True)
    height = ax.get_position().height * figure.get_figheight() * 72 if figure else 300.0
    return height / rows
