"""How much each side sent over time, and what is missing of it."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.transforms import blended_transform_factory

from pop2dissect.plots.clock import NS, Clock, nice_step
from pop2dissect.plots.given import Given, whole_sessions_of
from pop2dissect.plots.style import SMALL, Colour, Inks, axes, caption, clear_frame, nothing, span_of_time
from pop2dissect.session import DIRECTIONS, Direction
from pop2dissect.text.values import zone_named

BINS = 120


def octets(sessions: Given, ax: Axes | None = None, *, bins: int = BINS, tz: str = "UTC") -> Axes:
    """Draw the payload captured in equal times, at most ``bins`` + 1, the servers' upwards, the clients' downwards.

    x is the time in the zone ``tz``, y bytes, on a scale of its own for each direction. A cross marks a
    gap, a stroke a segment that came late.
    """
    sessions = whole_sessions_of(sessions)
    ax = axes(ax, 8.0, 4.5)
    inks = Inks.of(ax)
    times = [span.time for session in sessions for way in DIRECTIONS for span in session.stream(way).spans]
    if not times:
        return nothing(ax, "no payload")
    clock = Clock(min(times), max(times), zone_named(tz))
    width = max(1, round(nice_step((clock.last - clock.first + 1) / NS / bins) * NS))
    first = clock.first - clock.first % width
    bins = (clock.last - first) // width + 1
    heights = {way: [0] * bins for way in DIRECTIONS}
    gaps: dict[str, list[int]] = {way: [] for way in DIRECTIONS}
    late: dict[str, list[int]] = {way: [] for way in DIRECTIONS}
    for session in sessions:
        for way in DIRECTIONS:
            stream = session.stream(way)
            for span, is_late in stream.spans_and_lateness():
                heights[way][(span.time - first) // width] += span.length
                if is_late:
                    late[way].append(span.time)
            gaps[way] += [time for gap in stream.gaps if (time := stream.gap_time(gap)) is not None]
    most = {way: max(heights[way]) or 1 for way in DIRECTIONS}
    places = [clock.place(first + number * width) for number in range(bins)]
    looks: dict[Direction, tuple[int, Colour]] = {"server": (1, inks.ink), "client": (-1, inks.grey)}
    for way, (sign, colour) in looks.items():
        ax.bar(
            places,
            [sign * height / most[way] for height in heights[way]],
            width=width / NS,
            align="edge",
            color=colour,
            label=f"from {way}s",
            lw=0,
        )
    for way, (sign, _) in looks.items():
        _mark(ax, clock, gaps[way], sign * 1.12, "x", inks.alarm, f"gaps {way}")
        _mark(ax, clock, late[way], sign * 1.12, "|", inks.grey, f"late {way}")
    ax.axhline(0, color=inks.ink, lw=0.6)
    ax.set_ylim(-1.25, 1.25)
    ax.set_yticks(
        [-1, -0.5, 0, 0.5, 1],
        [
            octets_text(most["client"]),
            octets_text(most["client"] / 2),
            "0",
            octets_text(most["server"] / 2),
            octets_text(most["server"]),
        ],
    )
    ax.set_ylabel(f"bytes in {span_of_time(width)}")
    side = blended_transform_factory(ax.transAxes, ax.transData)
    for text, height in (("from servers", 0.5), ("from clients", -0.5)):
        ax.text(1.01, height, text, transform=side, rotation=270, va="center", ha="left", fontsize=SMALL)
    clock.draw(ax)
    clear_frame(ax)
    lost = sum(len(times) for times in gaps.values())
    behind = sum(len(times) for times in late.values())
    caption(
        ax,
        "Payload captured, each byte once; the two directions have scales of their own. "
        f"Crosses: bytes missing from the capture ({lost:,} gaps). "
        f"Strokes: segments reordered, or sent again after a loss ({behind:,}).",
    )
    return ax


def _mark(ax: Axes, clock: Clock, times: list[int], height: float, marker: str, colour: Colour, gid: str) -> None:
    size = 30 if len(times) < 200 else 10
    places = clock.places(times)
    ax.scatter(places, [height] * len(times), s=size, marker=marker, color=colour, lw=1, gid=gid, clip_on=False)


def octets_text(value: float) -> str:
    """Write a number of bytes with a decimal prefix: ``1.5 k``."""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:g}"
