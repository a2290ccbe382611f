"""Pictures: what is drawn is what is there. Data, not pixels, are compared."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

import pop2dissect
from pop2dissect import plots
from pop2dissect.plots.clock import Clock, nice_step
from pop2dissect.plots.gantt import MAX_CLIENTS
from pop2dissect.plots.ladder import apart, spaced
from pop2dissect.plots.style import Inks
from pop2dissect.protocols.pop2.states import SERVER
from pop2dissect.session import Session
from pop2dissect.statistics.sums import Statistics
from pop2dissect.tables.tables import Tables
from tests.support.conversation import Conversation
from tests.support.truth import capture_path
from tests.support.wire import save
from tools.samples.many_users import sessions as made_up

Plot = Callable[[Sequence[Session] | Tables, Axes], Axes]

OF_MANY: list[Plot] = [
    plots.activity,
    plots.at_once,
    plots.gantt,
    plots.latency,
    plots.message_sizes,
    plots.octets,
    plots.state_path,
    plots.users_by_servers,
]


@pytest.fixture
def ax() -> Axes:
    return new_axes()


@pytest.fixture(scope="module")
def incident() -> list[Session]:
    return pop2dissect.read(capture_path("incident_small")).sessions


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    """Missing letters, failed layouts and the like are warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def new_axes(width: float = 7, height: float = 4.5) -> Axes:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def draw(ax: Axes) -> list[str]:
    """Draw, and give all texts; fail where one lies outside of the figure."""
    figure = ax.figure
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    box = figure.bbox
    texts = []
    for text in figure.findobj(Text):
        if not text.get_visible() or not text.get_text():
            continue
        extent = text.get_window_extent(renderer)
        texts.append(text.get_text())
        if isinstance(text, Annotation) and text.get_gid() == "caption":
            assert extent.x0 >= box.x0 - 1
            assert extent.x1 <= box.x1 + 1, text.get_text()
            assert extent.y0 >= box.y0 - 1, text.get_text()
    return texts


@pytest.mark.parametrize(
    "name",
    [
        "derived_time_backwards",
        "gaps_span_missed_3pct",
        "not_pop2_on_109",
        "port_scans",
        "raw_errors",
    ],
)
def test_odd_captures_can_be_drawn(name: str) -> None:
    sessions = pop2dissect.read(capture_path(name), [109, 10109]).sessions
    for plot in OF_MANY:
        ax = new_axes()
        assert plot(sessions, ax) is ax
        draw(ax)
    for session in sessions[:2]:
        for scale in ("rank", "time"):
            ax = new_axes(7, 8)
            assert plots.ladder(session, ax, scale=scale) is ax  # type: ignore[arg-type]
            draw(ax)


@pytest.mark.parametrize("plot", OF_MANY)
def test_nothing_gives_a_picture_that_says_so(ax: Axes, plot: Plot) -> None:
    assert plot([], ax) is ax
    assert any(text.startswith("no ") for text in draw(ax))


def drawn(ax: Axes) -> list[object]:
    """Return what is written, and where each thing is drawn."""
    draw(ax)
    paths = [path.vertices.tolist() for lines in ax.findobj(LineCollection) for path in lines.get_paths()]  # type: ignore[attr-defined]
    images = [image.get_array().tolist() for image in ax.get_images()]
    return [[text.get_text() for text in ax.findobj(Text)], paths, images]  # type: ignore[attr-defined]


def test_tables_give_the_pictures_that_sessions_give() -> None:
    capture = pop2dissect.read(capture_path("incident_small"))
    for plot in OF_MANY:
        assert drawn(plot(capture.tables, new_axes())) == drawn(plot(capture.sessions, new_axes()))
    table = capture.tables.sessions
    for plot in (plots.activity, plots.at_once, plots.gantt, plots.users_by_servers):
        assert drawn(plot(table, new_axes())) == drawn(plot(capture.sessions, new_axes()))
    refused = [session for session in capture.sessions if session.login == "refused"]
    assert drawn(plots.gantt(table[table.login == "refused"], new_axes())) == drawn(plots.gantt(refused, new_axes()))
    for whole in (plots.latency, plots.message_sizes, plots.octets, plots.state_path):
        with pytest.raises(TypeError, match=r"capture\.tables"):
            whole(table)


@pytest.mark.parametrize("plot", OF_MANY)
def test_axes_have_labels_and_a_caption(ax: Axes, incident: list[Session], plot: Plot) -> None:
    plot(incident, ax)
    assert ax.get_xlabel()
    assert ax.get_ylabel() or plot is plots.state_path
    captions = [text for text in ax.findobj(Annotation) if text.get_gid() == "caption"]
    assert len(captions) == 1
    draw(ax)


def test_ladder_says_all_that_was_said(incident: list[Session]) -> None:
    session = incident[40]
    ax = plots.ladder(session, new_axes(7, 14))
    entries = [entry for entry in session.timeline() if entry.direction]
    said = [text for text in ax.texts if text.get_gid() == "said"]
    assert len(said) == len(entries) == 57
    for text, entry in zip(said, entries, strict=True):
        assert text.get_text().startswith(entry.what[:40])
        assert text.get_horizontalalignment() == ("left" if entry.direction == "client" else "right")
    arrows = [text for text in ax.texts if isinstance(text, Annotation) and text.arrow_patch is not None]
    assert [arrow.get_gid() for arrow in arrows] == [f"{entry.event} {entry.direction}" for entry in entries]
    for arrow, entry in zip(arrows, entries, strict=True):
        assert (arrow.xyann[0], arrow.xy[0]) == ((0, 1) if entry.direction == "client" else (1, 0))
    heights = [arrow.xy[1] for arrow in arrows]
    assert heights == list(range(57))
    assert "********" in " ".join(draw(ax))
    assert "sailing" not in " ".join(draw(ax))
    states = [text.get_text() for text in ax.texts if text.get_gid() == "state"]
    assert states[:4] == ["AUTH", "MBOX", "ITEM", "NEXT"]
    assert states[-1] == "DONE"


def test_ladder_to_scale(incident: list[Session]) -> None:
    session = incident[39]
    ax = plots.ladder(session, new_axes(7, 8), scale="time")
    entries = [entry for entry in session.timeline() if entry.direction]
    arrows = [text for text in ax.texts if isinstance(text, Annotation) and text.arrow_patch is not None]
    times = [(entry.time - session.start) / 1e9 for entry in entries if entry.time is not None]
    assert [arrow.xy[1] for arrow in arrows] == pytest.approx(times)
    heights = [text.get_position()[1] for text in ax.texts if text.get_gid() == "said"]
    assert len(heights) == len(entries)
    assert heights == sorted(heights)


def test_ladder_to_scale_writes_as_much_as_fits(incident: list[Session]) -> None:
    ax = plots.ladder(incident[40], new_axes(7, 5), scale="time")
    draw(ax)
    said = [text for text in ax.texts if text.get_gid() == "said"]
    heights = [text.get_position()[1] for text in said]
    bottom, top = ax.get_ylim()
    assert heights == sorted(heights)
    assert top <= heights[0]
    assert heights[-1] <= bottom
    assert 15 < len(said) < 57
    caption = " ".join(text.get_text() for text in ax.findobj(Annotation) if text.get_gid() == "caption")
    assert f"{57 - len(said)} lines too close to others have no text." in caption.replace("\n", " ")


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=60), st.integers(2, 20))
def test_those_kept_are_the_farthest_apart_that_fit(places: list[int], limit: int) -> None:
    ordered = sorted(float(place) for place in places)
    kept = apart(ordered, limit)
    assert kept == sorted(set(kept))
    assert kept[0] == 0
    assert len(kept) <= limit
    if len(ordered) <= limit:
        assert len(kept) == len(ordered)


def test_ladder_shows_as_many_lines_as_fit_and_says_which(incident: list[Session]) -> None:
    ax = plots.ladder(incident[40], new_axes(7, 5), first=10)
    said = [text for text in ax.texts if text.get_gid() == "said"]
    assert 10 < len(said) < 47
    caption = " ".join(text.get_text() for text in ax.findobj(Annotation) if text.get_gid() == "caption")
    assert f"Lines 11 to {10 + len(said)} of 57." in caption.replace("\n", " ")


def test_ladder_shows_gaps() -> None:
    session = pop2dissect.read(capture_path("gaps_span_missed_3pct")).sessions[2]
    ax = plots.ladder(session, new_axes(7, 8))
    gaps = session.client_stream.gaps + session.server_stream.gaps
    shown = [text.get_text() for text in ax.texts if text.get_text().startswith("×")]
    assert sorted(shown) == sorted(f"× {gap.length:,} bytes: {gap.reason}" for gap in gaps)


def test_heights_are_spaced() -> None:
    assert spaced([0, 0, 0, 5], 1, 10) == [0, 1, 2, 5]
    assert spaced([9, 9, 9], 1, 10) == [8, 9, 10]
    assert spaced([], 1, 10) == []


def test_gantt_has_a_line_a_session(ax: Axes, incident: list[Session]) -> None:
    plots.gantt(incident, ax)
    lines = {c.get_gid(): c for c in ax.collections if isinstance(c, LineCollection)}
    clock = Clock(min(s.start for s in incident), max(s.end for s in incident))
    for login in ("accepted", "refused", "none"):
        expected = [
            ((clock.place(s.start), row), (clock.place(s.end), row))
            for row, s in enumerate(incident)
            if s.login == login
        ]
        drawn = np.array(lines[f"sessions {login}"].get_segments())
        assert drawn == pytest.approx(np.array(expected))
    assert len(ax.get_yticklabels()) == len(incident)


def test_gantt_of_many_has_rows_of_clients(ax: Axes, many: list[Session]) -> None:
    plots.gantt(many, ax)
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert len(names) == MAX_CLIENTS
    numbers = Counter(session.client.ip for session in many)
    rows = {name.split()[0]: row for row, name in enumerate(names[:-1])}
    assert names[:-1] == [f"{client} ({numbers[client]:,})" for client in rows]
    least = min(numbers[client] for client in rows)
    assert all(number <= least for client, number in numbers.items() if client not in rows)
    rest = sum(numbers.values()) - sum(numbers[client] for client in rows)
    assert names[-1] == f"{len(numbers) - len(rows)} others ({rest:,})"
    clock = Clock(min(s.start for s in many), max(s.end for s in many))
    drawn = {c.get_gid(): c for c in ax.collections if isinstance(c, LineCollection)}
    for login, shift in (("accepted", -0.25), ("refused", 0.25)):
        expected = sorted(
            (clock.place(s.start), clock.place(s.end), rows.get(s.client.ip, len(rows)) + shift)
            for s in many
            if s.login == login
        )
        lines = sorted((x0, x1, y) for (x0, y), (x1, _) in drawn[f"sessions {login}"].get_segments())
        assert np.array(lines) == pytest.approx(np.array(expected))


def test_latency_curves_are_the_distributions(ax: Axes, incident: list[Session]) -> None:
    plots.latency(incident, ax)
    exchanges = pop2dissect.Capture([], incident, []).tables.exchanges
    for line in ax.lines:
        command = str(line.get_label()).partition(":")[0]
        latencies = sorted(exchanges[exchanges["command"] == command]["latency"].dropna().dt.total_seconds())
        assert list(line.get_xdata()) == pytest.approx([latencies[0], *latencies])
        assert list(line.get_ydata()) == pytest.approx([n / len(latencies) for n in range(len(latencies) + 1)])
    assert len(ax.lines) == exchanges["command"].nunique()


@pytest.mark.parametrize("name", ["incident_small", "gaps_span_missed_3pct", "impaired_reorder30_cli"])
def test_octets_add_up_and_losses_are_marked(ax: Axes, name: str) -> None:
    sessions = pop2dissect.read(capture_path(name)).sessions
    plots.octets(sessions, ax)
    bars = [container for container in ax.containers if isinstance(container, BarContainer)]
    top, bottom = (label.get_text() for label in (ax.get_yticklabels()[-1], ax.get_yticklabels()[0]))
    assert top
    assert bottom
    for container, way in zip(bars, ("server", "client"), strict=True):
        heights = np.abs([patch.get_height() for patch in container.patches])
        total = sum(session.stream(way).octets for session in sessions)  # type: ignore[arg-type]
        # The highest bar is 1; so the scale is the octets of that bar.
        scale = total / heights.sum()
        assert heights.max() == 1
        assert scale == pytest.approx(round(scale))
    marks = {c.get_gid(): len(c.get_offsets()) for c in ax.collections if isinstance(c, PathCollection)}
    statistics = Statistics.of(sessions)
    assert marks["gaps client"] + marks["gaps server"] == statistics.total.gaps
    assert marks["late client"] + marks["late server"] == statistics.total.late


def test_sizes_count_every_message(ax: Axes) -> None:
    sessions = pop2dissect.read(capture_path("many_sessions")).sessions
    plots.message_sizes(sessions, ax)
    counts = Counter(message.disposition for session in sessions for message in session.messages)
    for container in ax.containers:
        assert isinstance(container, BarContainer)
        name = str(container.get_label()).partition(" ")[0]
        assert sum(patch.get_height() for patch in container.patches) == counts[name]  # type: ignore[index]
    assert len(ax.containers) == len(counts)


def test_activity_counts_every_session(ax: Axes, incident: list[Session]) -> None:
    plots.activity(incident, ax)
    cells = np.asarray(ax.images[0].get_array())
    assert cells.sum() == len(incident)
    assert cells.shape == (5, 60)
    second = incident[0].start // 10**9 % 60
    assert cells[0][second] == sum(session.start // 10**9 == incident[0].start // 10**9 for session in incident)


def test_users_and_servers_add_up(ax: Axes, incident: list[Session]) -> None:
    plots.users_by_servers(incident, ax)
    cells = [text.get_text() for text in ax.texts if text.get_text()[:1] in "✓✗"]
    for sign, login in (("✓", "accepted"), ("✗", "refused")):
        drawn = sum(int(part[1:]) for cell in cells for part in cell.split() if part[0] == sign)
        assert drawn == sum(session.login == login for session in incident)


def test_the_state_diagram_is_the_table_of_the_dissector(ax: Axes, incident: list[Session]) -> None:
    plots.state_path(incident, ax)
    drawn = {patch.get_gid() for patch in ax.patches if patch.get_gid() and "-" in str(patch.get_gid())}
    assert {f"{state}-{after}" for (state, _), (_, after) in SERVER.items()} <= drawn
    labels = {str(t.get_gid()).removeprefix("label "): t.get_text() for t in ax.texts if t.get_gid()}
    for (state, command), (_, after) in SERVER.items():
        times = sum(
            exchange.command == command and exchange.state == state and exchange.next_state == after
            for session in incident
            for exchange in session.exchanges
        )
        line = f"{command} ×{times}" if times else command
        assert line in labels[f"{state}-{after}"].splitlines()
    assert "! HELO ×25" in labels["AUTH-DONE"].splitlines()


def test_sessions_at_once_are_those_counted(ax: Axes, incident: list[Session]) -> None:
    plots.at_once(incident, ax)
    steps = Statistics.of(incident).sessions_at_once()
    assert list(ax.lines[0].get_ydata()) == [step.open for step in steps]


def test_captured_text_is_text(tmp_path: Path) -> None:
    """No formulas, no letters that the font lacks, no control characters."""
    talk = (
        Conversation()
        .handshake()
        .server(b"+ POP2 $\\frac{x}{ $y$ \xe6\xbc\xa2\xe5\xad\x97 \x1b[31m\r\n")
        .client(b"HELO $\\undefined{$ \xf0\x9f\x98\x80\r\n")
        .server(b"#0 $_$^$\r\n")
        .client(b"$\\x$ $ _\r\n")
        .server(b"- $\\bad$\r\n")
        .close()
    )
    path = tmp_path / "odd.pcap"
    save(path, talk.packets)
    sessions = pop2dissect.read(path).sessions
    for plot in OF_MANY:
        ax = plot(sessions, new_axes())
        ax.figure.savefig(tmp_path / "x.png")
    for scale in ("rank", "time"):
        ax = plots.ladder(sessions[0], new_axes(), scale=scale)  # type: ignore[arg-type]
        ax.figure.savefig(tmp_path / "x.png")
        texts = " ".join(draw(ax))
        assert r"\u6f22" in texts
        assert r"\x1b[31m" in texts


@pytest.fixture(scope="module")
def many() -> list[Session]:
    return list(made_up(10_000))


def test_the_clock_writes_times_of_any_year() -> None:
    noon = 477_576_000 * 10**9
    assert Clock(noon, noon + 3600 * 10**9).label(12 * 3600) == "12:00"
    assert Clock(noon, noon + 60 * 10**9).label(12 * 3600 + 15) == "12:00:15"
    assert Clock(noon, noon + 5 * 86_400 * 10**9).label(86_400) == "02-19"
    far = 2**63  # the year 2262
    ax = new_axes()
    Clock(far, far * 3).draw(ax)
    draw(ax)
    ax = new_axes()
    Clock(noon, noon).draw(ax)
    draw(ax)
    assert [nice_step(seconds) for seconds in (0.3, 1, 7, 1000, 90_000)] == [0.5, 1, 10, 1800, 172_800]


def contrast(one: Inks) -> float:
    """Return the contrast of ink to paper, as WCAG defines it."""

    def luminance(colour: tuple[float, float, float]) -> float:
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted(map(luminance, (one.ink, one.paper)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("style", ["default", "dark_background", "grayscale", "ggplot"])
def test_what_is_said_can_be_read_in_every_style(style: str, incident: list[Session]) -> None:
    """No text, and no line of an accepted login, is of the colour of what lies behind it."""
    with mpl.style.context(style):
        for plot in OF_MANY:
            ax = plot(incident, new_axes())
            inks = Inks.of(ax)
            assert contrast(inks) > 4
            for text in ax.texts:
                if text.get_text():
                    assert contrast(inks._replace(ink=mpl.colors.to_rgb(text.get_color()))) > 3, text
        ax = plots.gantt(incident, new_axes())
        lines = next(c for c in ax.collections if c.get_gid() == "sessions accepted")
        assert contrast(inks._replace(ink=mpl.colors.to_rgb(lines.get_color()[0]))) > 4  # type: ignore[attr-defined]


def test_a_zone_shifts_what_is_written_and_not_what_is_drawn(incident: list[Session]) -> None:
    there = [plots.gantt(incident, new_axes(), tz=zone) for zone in ("UTC", "Asia/Kolkata")]
    first = [ax.xaxis.get_major_formatter()(ax.xaxis.get_majorticklocs()[0]) for ax in there]
    minutes = [int(text[:2]) * 60 + int(text[3:5]) for text in first]
    assert minutes[1] - minutes[0] == 5 * 60 + 30
    assert [ax.get_xlabel() for ax in there] == ["time (UTC) on 2026-11-23", "time (IST) on 2026-11-23"]
    rows = [
        plots.activity(incident, new_axes(), tz=zone).get_yticklabels()[0].get_text() for zone in ("UTC", "Etc/GMT-2")
    ]
    assert int(rows[1][:2]) - int(rows[0][:2]) == 2


def test_without_axes_a_figure_is_made(incident: list[Session]) -> None:
    with mpl.rc_context({"backend": "agg"}):
        for plot in (*OF_MANY, lambda sessions: plots.ladder(sessions[40])):
            ax = plot(incident)  # type: ignore[call-arg]
            draw(ax)
            plt.close(ax.figure)  # type: ignore[arg-type]


def test_no_global_state_is_touched(incident: list[Session]) -> None:
    before = dict(mpl.rcParams)
    for plot in OF_MANY:
        plot(incident, new_axes())
    assert dict(mpl.rcParams) == before
