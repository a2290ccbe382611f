"""Who used which server, and with what success."""

from __future__ import annotations

from collections import Counter

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm

from pop2dissect.plots.given import GivenRows, sessions_of
from pop2dissect.plots.style import Inks, axes, caption, label, nothing
from pop2dissect.text.values import count

MAX_USERS = 25
MAX_SERVERS = 12
OTHERS = "(others)"


def users_by_servers(sessions: GivenRows, ax: Axes | None = None) -> Axes:
    """Draw a grid of users (rows) and servers (columns): logins accepted and refused, the stronger the shade the more.

    The 25 users and 12 servers with most logins have a row or column of their own.
    """
    sessions = sessions_of(sessions)
    ax = axes(ax, 8.0, 5.0)
    inks = Inks.of(ax)
    logins: Counter[tuple[str, str, str]] = Counter(
        (session.user, str(session.server), session.login)
        for session in sessions
        if session.user is not None and session.login != "none"
    )
    if not logins:
        return nothing(ax, "no logins")
    users = _most([(user, number) for (user, _, _), number in logins.items()], MAX_USERS)
    servers = _most([(server, number) for (_, server, _), number in logins.items()], MAX_SERVERS)
    accepted = [[0] * len(servers) for _ in users]
    refused = [[0] * len(servers) for _ in users]
    for (user, server, login), number in logins.items():
        cells = accepted if login == "accepted" else refused
        cells[users.get(user, len(users) - 1)][servers.get(server, len(servers) - 1)] += number
    totals = [[one + other for one, other in zip(*rows, strict=True)] for rows in zip(accepted, refused, strict=True)]
    named = [row[: len(servers) - (OTHERS in servers)] for row in totals[: len(users) - (OTHERS in users)]]
    most = max((max(row, default=0) for row in named), default=0) or 1
    shades = [[total or float("nan") for total in row] for row in totals]
    # Pale enough to write on in ink.
    colours = LinearSegmentedColormap.from_list("pale", [inks.paper, inks.grey])
    ax.imshow(shades, cmap=colours, norm=LogNorm(0.5, most, clip=True), aspect="auto", interpolation="nearest")
    figure = ax.get_figure(root=True)
    points = (ax.get_position().height * figure.get_figheight() * 72 if figure else 300.0) / len(users)
    small = max(4.0, min(9.0, points * 0.75))
    for row, (yes, no) in enumerate(zip(accepted, refused, strict=True)):
        for column, pair in enumerate(zip(yes, no, strict=True)):
            if any(pair):
                text = " ".join(f"{sign}{number:,}" for sign, number in zip("✓✗", pair, strict=True) if number)
                ax.text(column, row, text, ha="center", va="center", fontsize=small, color=inks.ink)
    ax.set_xticks(range(len(servers)), [label(name, 24) for name in servers], parse_math=False)
    ax.tick_params(axis="x", rotation=0 if len(servers) <= 3 else 30, bottom=False)
    if len(servers) > 3:
        for tick in ax.get_xticklabels():
            tick.set_horizontalalignment("right")
    ax.set_yticks(range(len(users)), [label(name, 24) for name in users], fontsize=small + 1, parse_math=False)
    ax.tick_params(axis="y", left=False)
    ax.set_xticks([column + 0.5 for column in range(len(servers) - 1)], minor=True)
    ax.set_yticks([row + 0.5 for row in range(len(users) - 1)], minor=True)
    ax.grid(which="minor", color=inks.shade(0.85), lw=0.6)
    ax.tick_params(which="minor", length=0)
    ax.set_xlabel("server")
    ax.set_ylabel("user")
    caption(
        ax,
        f"Logins of {count(len({user for user, _, _ in logins}), 'user')} at "
        f"{count(len({server for _, server, _ in logins}), 'server')}: ✓ accepted, ✗ refused; "
        "the stronger the shade the more, on a logarithmic scale. Empty is none.",
        less=max(0.0, max(map(len, users)) * (small + 1) * 0.6 / 72 - 0.3),
    )
    return ax


def _most(numbers: list[tuple[str, int]], limit: int) -> dict[str, int]:
    """Return the places of the names with most, in that order; where there are too many, the last is for the others."""
    totals: Counter[str] = Counter()
    for name, number in numbers:
        totals[name] += number
    names = sorted(totals, key=lambda name: (-totals[name], name))
    if len(names) > limit:
        names = [*names[: limit - 1], OTHERS]
    return {name: place for place, name in enumerate(names)}
