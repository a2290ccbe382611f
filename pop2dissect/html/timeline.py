"""The picture of what happened: who was there when, with whose account, and where the incidents are. SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pop2dissect.html.times import clock_stamp
from pop2dissect.incidents import Incident
from pop2dissect.session import Probe, Session
from pop2dissect.text.safe import fit, terminal_safe
from pop2dissect.text.values import UTC, count

MAX_ROWS = 9
"""Rows for clients of incidents; all others share one more."""
WIDTH, LEFT, RIGHT = 760, 218, 748
_APART = 17
"""Between two numbers on one row, so that they do not cover each other."""


class Frame(NamedTuple):
    """The measures of the picture."""

    width: int
    left: int
    right: int
    top: int
    row: int
    ticks: int
    name: int
    """Cells of text that fit a row's name."""
    above: int
    """How far above its row the name stands; 0 where it stands beside it."""


BROAD = Frame(WIDTH, LEFT, RIGHT, top=26, row=26, ticks=5, name=34, above=0)
NARROW = Frame(360, 4, 350, top=14, row=50, ticks=3, name=50, above=22)
"""For the screen of a telephone, on which the broad one could not be read."""


class Label(NamedTuple):
    """A text, already harmless."""

    x: int
    y: int
    text: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The picture: paths as SVG has them, by what came of the login, and texts."""

    width: int
    height: int
    rows: tuple[Label, ...]
    ticks: tuple[Label, ...]
    grid: str
    accepted: str
    refused: str
    other: str
    flags: tuple[Label, ...]
    """The incidents' numbers."""

    @property
    def foot(self) -> int:
        """Where the rows end."""
        return self.height - 22


@dataclass(slots=True)
class _Row:
    name: str
    place: int
    flags: list[int] = field(default_factory=list)
    """Where on it numbers are."""


def timeline(
    incidents: Sequence[Incident], sessions: Sequence[Session], probes: Sequence[Probe], frame: Frame = BROAD
) -> Timeline | None:
    """Draw the sessions in rows: a row for each client of an incident and each account that let it in, one for others.

    None where nothing happened, or where it has no duration.
    """
    times = [*(session.start for session in sessions), *(session.end for session in sessions)]
    times += (time for probe in probes for time in (probe.first_time, probe.last_time))
    times += (one.first_time for one in incidents if one.first_time is not None)
    if not incidents or not times or min(times) == max(times):
        return None
    return _Drawing(incidents, sessions, min(times), max(times), frame).drawn()


class _Drawing:
    def __init__(
        self, incidents: Sequence[Incident], sessions: Sequence[Session], first: int, last: int, frame: Frame
    ) -> None:
        self._frame = frame
        self._incidents = incidents
        self._sessions = sessions
        self._first, self._last = first, last
        self._rows: dict[tuple[str, str], _Row] = {}

    def drawn(self) -> Timeline:
        frame = self._frame
        clients = dict.fromkeys(client for one in self._incidents for client in one.clients)
        suspects = {client: place for place, client in enumerate(clients)}
        for session in self._sessions:
            if session.login == "accepted" and session.client.ip in suspects and session.user:
                self._row(session.client.ip, session.user)
        for client in suspects:
            self._row(client, "")
        ordered = sorted(self._rows.items(), key=lambda item: (suspects[item[0][0]], item[0][1] == ""))
        self._rows = dict(ordered[:MAX_ROWS])
        others = len({session.client.ip for session in self._sessions} - {client for client, _ in self._rows})
        if others:
            self._rows["", ""] = _Row(f"{count(others, 'other client')}", 0)
        for place, row in enumerate(self._rows.values()):
            row.place = frame.top + frame.row * place + frame.row // 2 + frame.above // 2
        paths: dict[str, list[str]] = {"accepted": [], "refused": [], "other": []}
        for session in self._sessions:
            x, y = self._x(session.start), self._of(session).place
            width = max(2, self._x(session.end) - x)
            paths[session.login if session.login in paths else "other"].append(f"M{x} {y - 6}v12h{width}v-12z")
        flags = [flag for one in self._incidents if (flag := self._flag(one)) is not None]
        height = frame.top + frame.row * len(self._rows) + 24
        steps = [self._first + (self._last - self._first) * step // (frame.ticks - 1) for step in range(frame.ticks)]
        return Timeline(
            width=frame.width,
            height=height,
            rows=tuple(
                Label(frame.left, row.place - frame.above, row.name)
                if frame.above
                else Label(frame.left - 10, row.place + 3, row.name)
                for row in self._rows.values()
            ),
            ticks=tuple(
                Label(self._x(time), height - 8, clock_stamp(time // 10**9 * 10**9, self._first, UTC).utc)
                for time in steps
            ),
            grid="".join(f"M{self._x(time)} {frame.top}V{height - 20}" for time in steps),
            accepted="".join(paths["accepted"]),
            refused="".join(paths["refused"]),
            other="".join(paths["other"]),
            flags=tuple(flags),
        )

    def _row(self, client: str, user: str) -> None:
        name = f"{client} as {terminal_safe(user)}" if user else f"{client}, not let in"
        self._rows.setdefault((client, user), _Row(fit(name, self._frame.name), 0))

    def _of(self, session: Session) -> _Row:
        user = session.user or "" if session.login == "accepted" else ""
        client = session.client.ip
        return self._rows.get((client, user)) or self._rows.get((client, "")) or self._rows["", ""]

    def _flag(self, one: Incident) -> Label | None:
        if one.first_time is None:
            return None
        for key in [(client, user) for client in one.clients for user in (*one.users, "")]:
            if key in self._rows:
                row = self._rows[key]
                break
        else:
            return None
        x = self._x(one.first_time)
        while any(abs(x - other) < _APART for other in row.flags):
            x += 1
        row.flags.append(x)
        return Label(min(x, self._frame.width - 9), row.place, str(one.number))

    def _x(self, time: int) -> int:
        return self._frame.left + (time - self._first) * (self._frame.right - self._frame.left) // (
            self._last - self._first
        )
