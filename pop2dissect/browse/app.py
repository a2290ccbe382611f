"""The panes, and the keys that go from one to the other."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Final, get_args

from textual import on, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize

from pop2dissect.browse.book import Book, numbers_phrase
from pop2dissect.browse.cells import Cell, Row
from pop2dissect.browse.details import Detail, Place, line_details, session_details
from pop2dissect.browse.export import WRITERS, export
from pop2dissect.browse.octets import Octets
from pop2dissect.browse.outline import Event, outline
from pop2dissect.browse.rows import Rows
from pop2dissect.browse.screens import Ask, Over
from pop2dissect.browse.styles import SHEET
from pop2dissect.document.display_filters import session_command, session_filter
from pop2dissect.document.lines import Line, session_lines
from pop2dissect.errors import Pop2DissectError
from pop2dissect.filters import FILTERS, ORDERS, Order
from pop2dissect.masking import Mask
from pop2dissect.session import Session
from pop2dissect.terminal.follow import said
from pop2dissect.text.values import count, elapsed

PANES: Final = ("story", "sessions", "lines", "details", "octets")
_TITLES: Final = dict(zip(PANES, ("What happened", "Sessions", "Lines", "Fields", "Octets"), strict=True))
_WIDE: Final = 140
"""Cells of a terminal on which 16 octets stand in a row beside the fields."""
_HINT: Final = 'words, "phrases", user:bertil login:accepted severity:high ...; empty for all; ? lists the names'


class Browser(App[None]):
    """A capture in panes."""

    CSS = SHEET
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "find", key_display="/"),
        Binding("f", "follow", "follow"),
        Binding("m,space", "mark", "mark", key_display="m"),
        Binding("M", "mark_shown", "mark all shown", show=False),
        Binding("e", "export('mail')", "mail"),
        Binding("a", "export('annotate')", "frames"),
        Binding("w", "wireshark", "wireshark"),
        Binding("o", "order", "order"),
        Binding("z", "zoom", "zoom"),
        Binding("question_mark", "keys", "keys", key_display="?"),
        Binding("q,ctrl+c", "quit", "quit", key_display="q"),
        Binding("n", "step(1)", "next session", show=False),
        Binding("p", "step(-1)", "previous session", show=False),
        Binding("escape", "all", "all sessions again", show=False),
        *(Binding(str(number), f"pane('{name}')", _TITLES[name], show=False) for number, name in enumerate(PANES, 1)),
    ]

    def __init__(self, book: Book) -> None:
        super().__init__(ansi_color=True)
        self.book = book
        self.events: list[Event] = outline(book)
        self.lines: list[Line] = []
        self.fields: list[Detail] = []
        self._field_of: list[Detail] = []
        """Which of them each row belongs to."""
        self._octets: Octets | None = None
        self._wanted: int | None = None
        """The frame whose line is to be shown next."""

    def compose(self) -> ComposeResult:
        """Make the panes."""
        yield Rows("head", cursor=False)
        with Vertical(id="panes"):
            with Horizontal(id="top"):
                yield Rows("story")
                with Vertical(id="right"):
                    yield Rows("sessions")
                    yield Rows("lines")
            with Horizontal(id="bottom"):
                yield Rows("details")
                yield Rows("octets", cursor=False)
        yield Rows("keys", cursor=False)

    def on_mount(self) -> None:
        """Fill them."""
        keys = (one for one in self.BINDINGS if isinstance(one, Binding) and one.show)
        self._pane("keys").lay([[cell for key in keys for cell in _shown(key)]])
        self._pane("head").can_focus = self._pane("keys").can_focus = False
        for number, (name, title) in enumerate(_TITLES.items(), 1):
            self._pane(name).border_title = f"{number} {title}"
        self._pane("story").show(len(self.events), lambda place: self.events[place].row())
        self._show_sessions()
        story = self._pane("story")
        story.focus()
        story.action_move(1)

    def on_resize(self, event: Resize) -> None:
        """Give the octets two columns where there is room."""
        self.screen_stack[0].set_class(event.size.width >= _WIDE, "-wide")

    def _pane(self, name: str) -> Rows:
        return self.screen_stack[0].query_one(f"#{name}", Rows)

    @property
    def session(self) -> Session | None:
        """The session under the cursor; None where none is shown."""
        place = self._pane("sessions").place
        return self.book.shown[place] if place < len(self.book.shown) else None

    @property
    def line(self) -> Line | None:
        """The line under the cursor."""
        place = self._pane("lines").place
        return self.lines[place] if place < len(self.lines) else None

    def _mask(self, session: Session) -> Mask:
        return Mask(session, self.book.rendering.show_passwords)

    def _show_head(self) -> None:
        self._pane("head").lay([self.book.head()])

    def _show_sessions(self, number: int | None = None) -> None:
        """Show the sessions that were found, the cursor on one of them by its number."""
        numbers = [session.id for session in self.book.shown]
        place = numbers.index(number) if number in numbers else 0
        self._show_head()
        self._pane("sessions").show(len(numbers), self.book.row, place)
        self._show_session()

    def _show_session(self) -> None:
        session = self.session
        self.lines = [] if session is None else list(session_lines(session, self._mask(session)))
        place = 0
        if self._wanted is not None:
            place = next((at for at, line in enumerate(self.lines) if self._wanted in line.frames), 0)
            self._wanted = None
        self._pane("lines").show(len(self.lines), self._line_row, place)
        if session is None:
            self._show_fields([])
        elif place:
            self._show_line()
        else:
            self._show_fields(list(session_details(session, self.book.about[session.id], self.book.rendering)))
            self._show_octets(place=None)

    def _line_row(self, place: int) -> Row:
        line, session = self.lines[place], self.session
        assert session is not None
        arrow = "→" if line.direction == "client" else "←"
        return [
            Cell("" if line.time is None else elapsed(line.time - session.start), "dim", 8, True),
            Cell(self.book.rendering.frames(line.frames[:1]), "dim", 7, True),
            Cell(f" {arrow} ", line.direction),
            Cell(line.text, line.direction if line.quoted else "dim"),
            Cell(f"  ! {line.remarks[0]}" if line.remarks else "", "notable"),
        ]

    def _show_line(self) -> None:
        session, line = self.session, self.line
        if session is None or line is None:
            return
        self._show_fields(list(line_details(session, line, self._mask(session), self.book.rendering)))
        self._show_octets(Place(line.start, line.end))

    def _show_fields(self, fields: list[Detail]) -> None:
        self.fields = fields
        self._lay_fields()

    @on(Rows.Resized, "#details")
    def _lay_fields(self) -> None:
        pane = self._pane("details")
        rows = [(field, row) for field in self.fields for row in field.rows(max(pane.size.width - 1, 10))]
        self._field_of = [field for field, _ in rows]
        pane.lay([row for _, row in rows])

    def _show_octets(self, place: Place | None, chosen: Place | None = None) -> None:
        session, line = self.session, self.line
        pane = self._pane("octets")
        if session is None or line is None or place is None:
            self._octets = None
            pane.display = False
            return
        pane.display = True
        octets = self._octets = Octets(session, line.direction, place, self._mask(session))
        octets.chosen = chosen
        width = 16 if pane.size.width >= 76 else 8
        at = 0 if chosen is None else octets.row_of(chosen.start, width)
        pane.show(octets.rows(width), partial(octets.row, width=width), at)

    @on(Rows.Resized, "#octets")
    def _octets_resized(self) -> None:
        if self._octets is not None:
            self._show_octets(self._octets.place, self._octets.chosen)

    @on(Rows.Moved, "#story")
    def _story_moved(self, moved: Rows.Moved) -> None:
        self._show_fields(list(self.events[moved.place].details(self.book.rendering)))
        self._show_octets(None)

    @on(Rows.Moved, "#sessions")
    def _session_moved(self) -> None:
        self._show_session()

    @on(Rows.Moved, "#lines")
    def _line_moved(self) -> None:
        self._show_line()

    @on(Rows.Moved, "#details")
    def _field_moved(self, moved: Rows.Moved) -> None:
        place, line = self._field_of[moved.place].place, self.line
        if place is not None and line is not None:
            whole = Place(min(line.start, place.start), max(line.end, place.end))
            self._show_octets(whole, place)

    @on(Rows.Chosen, "#story")
    def _event_chosen(self, chosen: Rows.Chosen) -> None:
        event = self.events[chosen.place]
        if event.sessions:
            self._wanted = event.frame
            self._find(numbers_phrase(event.sessions))
            self._pane("sessions").focus()

    @on(Rows.Chosen, "#sessions")
    def _session_chosen(self) -> None:
        self._pane("lines").focus()
        self._show_line()

    @on(Rows.Chosen, "#lines")
    def _line_chosen(self) -> None:
        self._show_line()
        self._pane("details").focus()

    @on(Rows.Chosen, "#details")
    def _field_chosen(self) -> None:
        self._pane("octets").focus()

    def action_pane(self, name: str) -> None:
        """Go to a pane."""
        if self._pane(name).display:
            self._pane(name).focus()

    def action_step(self, by: int) -> None:
        """Go to the next session, or the one before."""
        self._pane("sessions").action_move(by)

    def action_find(self) -> None:
        """Ask which sessions are wanted."""
        self.push_screen(Ask("Find sessions", self.book.asked, _HINT), self._find)

    def _find(self, text: str | None) -> None:
        if text is None:
            return
        session = self.session
        try:
            self.book.find(text)
        except Pop2DissectError as error:
            self._say(str(error), wrong=True)
            return
        wanted = self._wanted
        holds = next((one.id for one in self.book.shown if wanted is not None and _has(one, wanted)), None)
        self._show_sessions(holds or (None if session is None else session.id))

    def action_all(self) -> None:
        """Show all panes, or else all sessions again."""
        if any(pane.has_class("zoomed") for pane in self.query(Rows)):
            self.action_zoom()
        elif self.book.asked:
            self._find("")

    def action_follow(self) -> None:
        """Show the whole conversation of the session."""
        if self.session is not None:
            rows: list[Row] = [[Cell(f"Session {self.session.id}", "heading")]]
            for direction, line in said(self.session, self._mask(self.session)):
                sign = Cell("→ " if direction == "client" else "← ", direction)
                text = line if isinstance(line, str) else f"({count(line, 'byte')} missing from the capture)"
                rows.append([sign, Cell(text, direction if isinstance(line, str) else "notable")])
            self.push_screen(Over(rows))

    def action_mark(self) -> None:
        """Mark the session, or take the mark away."""
        if self.session is not None:
            self.book.mark(self.session)
            self._show_head()
            self._pane("sessions").refresh()

    def action_mark_shown(self) -> None:
        """Mark all that are shown."""
        self.book.mark_shown()
        self._show_head()
        self._pane("sessions").refresh()

    def action_export(self, name: str) -> None:
        """Ask where to, and write the marked sessions there."""
        if not self.book.marked:
            self._say("no session is marked: m marks one, M all that are shown", wrong=True)
            return
        writer = WRITERS[name]
        about = f"{count(len(self.book.marked), 'session')}; with a manifest, by which pop2dissect verify checks it"
        self.push_screen(Ask(writer.title, writer.path, about), partial(self._export, name))

    def _export(self, name: str, path: str | None) -> None:
        if path:
            self._say("the captures are read again ...")
            self._write(name, sorted(self.book.marked), path)

    @work(thread=True, exclusive=True)
    def _write(self, name: str, numbers: list[int], path: str) -> None:
        try:
            done, wrong = export(self.book, WRITERS[name], numbers, path), False
        except (Pop2DissectError, OSError) as error:
            done, wrong = str(error), True
        self.call_from_thread(self._say, done, wrong=wrong)

    def action_wireshark(self) -> None:
        """Show how Wireshark opens the session at the line."""
        session, line = self.session, self.line
        if session is not None:
            frames = line.frames if line is not None and self._octets is not None else ()
            command = (
                session_command(session, self.book.rendering, frames) or "none: Wireshark cannot open this capture"
            )
            texts = ("Display filter", session_filter(session), "", "Command line", command)
            self.push_screen(
                Over([[Cell(text, "" if place in (1, 4) else "heading")] for place, text in enumerate(texts)])
            )

    def action_order(self) -> None:
        """Take the next of the orders that sessions can have."""
        orders: tuple[Order, ...] = ORDERS
        session = self.session
        self.book.sort(orders[(orders.index(self.book.order) + 1) % len(orders)])
        self._show_sessions(None if session is None else session.id)

    def action_zoom(self) -> None:
        """Give the pane the whole screen, or take it back."""
        zoomed = [pane for pane in self.query(Rows) if pane.has_class("zoomed")]
        chosen = self.focused
        around = self.query("#panes Rows, #top, #bottom, #right")
        around.remove_class("hidden", "zoomed")
        if not zoomed and isinstance(chosen, Rows):
            chosen.add_class("zoomed")
            for widget in around:
                widget.set_class(widget is not chosen and widget not in chosen.ancestors, "hidden")

    def action_keys(self) -> None:
        """Show what the keys do, and what can be asked for."""
        rows: list[Row] = [[Cell("Keys", "heading")]]
        rows += ([Cell(keys, "name", 18), Cell(what)] for keys, what in _KEYS)
        rows += [[], [Cell('What / finds: words, "phrases", and', "heading")]]
        rows += (
            [Cell(f"{name}:{one.metavar.partition(',')[0].lower()}", "name", 18), Cell(one.help)]
            for name, one in FILTERS.items()
        )
        self.push_screen(Over(rows))

    def _say(self, text: str, *, wrong: bool = False) -> None:
        self.push_screen(Over([[Cell(text, "notable" if wrong else "strong")]]))

    @property
    def failure(self) -> Exception | None:
        """The fault that ended it."""
        return self._exception

    def _fatal_error(self) -> None:
        """End without the traceback, which may show text of the capture: whoever ran us is told of the error."""
        self._close_messages_no_wait()


_KEYS: Final = (
    ("Tab, 1 to 5", "go to the next pane, or to one by its number"),
    ("arrows, PgUp, End", "move; left and right show more of long lines"),
    ("Enter", "go deeper: an event's sessions, a session's lines, a line's fields, their octets"),
    ("/", "find sessions; Esc shows all again"),
    ("n, p", "next and previous session, whatever the pane"),
    ("f", "follow: the whole conversation"),
    ("m, M", "mark the session; mark all that are shown"),
    ("e, a", "export what is marked: mail as .eml; frames as an annotated capture"),
    ("w", "how Wireshark opens the session at this line"),
    ("o", f"another order: {', '.join(get_args(Order))}"),
    ("z", "the pane alone on the screen, and back"),
    ("q", "quit"),
)


def _shown(key: Binding) -> Row:
    return Cell(key.key_display or key.key, "mark"), Cell(f" {key.description} ", "dim")


def _has(session: Session, frame: int) -> bool:
    return session.first_frame <= frame <= session.last_frame
