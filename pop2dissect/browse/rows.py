"""The widget that all panes are: rows that are made when they are shown, and the only way by which text is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from pop2dissect.browse.cells import Cell, Row
from pop2dissect.browse.styles import STYLES
from pop2dissect.text.safe import cell_width, fit, terminal_safe

_SHIFT = 16
_LONGEST = 1 << 14
"""Characters of a text that are shown."""


class Rows(ScrollView, can_focus=True):
    """A list of any length, of which only the rows on screen are made; one of them is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home,g", "go_to(0)", show=False),
        Binding("end,G", "go_to(-1)", show=False),
        Binding("left", "shift(-1)", show=False),
        Binding("right", "shift(1)", show=False),
        Binding("enter", "choose", show=False),
    ]

    @dataclass
    class Told(Message):
        """Something happened to a pane, with a row under the cursor."""

        pane: Rows
        place: int

        @property
        def control(self) -> Rows:
            """The pane, for ``on`` to select by."""
            return self.pane

    class Moved(Told):
        """Another row is under the cursor."""

    class Chosen(Told):
        """Enter was pressed on a row."""

    class Resized(Told):
        """The pane has another width."""

    def __init__(self, name: str, *, cursor: bool = True) -> None:
        super().__init__(id=name)
        self._cursor = cursor
        self.count = 0
        self.place = 0
        """The row under the cursor."""
        self._make: Callable[[int], Row] = lambda _: ()
        self._shifted = 0

    def show(self, count: int, make: Callable[[int], Row], place: int = 0) -> None:
        """Show so many rows, each made when it is needed, the cursor on one of them."""
        self.count, self._make, self._shifted = count, make, 0
        self.place = min(max(place, 0), max(count - 1, 0))
        self.virtual_size = Size(1, count)
        self._follow()

    def lay(self, rows: Sequence[Row], place: int = 0) -> None:
        """Show rows that are there already."""
        self.show(len(rows), rows.__getitem__, place)

    def render_line(self, y: int) -> Strip:
        """Make a row harmless, and cut it to the pane."""
        width = self.scrollable_content_region.width
        number = y + self.scroll_offset.y
        if number >= self.count:
            return Strip.blank(width)
        under = None
        if number == self.place and self._cursor:
            under = Style(reverse=True) if self.has_focus else Style(bold=True, underline=True)
        strip = Strip([_segment(cell, under) for cell in self._make(number)])
        return strip.crop(self._shifted, self._shifted + width).extend_cell_length(width, under)

    def action_move(self, by: int) -> None:
        """Go some rows down, or up."""
        self._to((self.place if self._cursor else self.scroll_offset.y) + by)

    def action_page(self, by: int) -> None:
        """Go a page down, or up."""
        self.action_move(by * max(self.scrollable_content_region.height - 1, 1))

    def action_go_to(self, place: int) -> None:
        """Go to a row; -1 is the last."""
        self._to(place if place >= 0 else self.count - 1)

    def action_shift(self, by: int) -> None:
        """Show what is further right, or left."""
        self._shifted = max(self._shifted + by * _SHIFT, 0)
        self.refresh()

    def action_choose(self) -> None:
        """Tell that the row under the cursor is chosen."""
        if self.count:
            self.post_message(self.Chosen(self, self.place))

    def on_click(self, event: Click) -> None:
        """Put the cursor where the mouse is; a second click chooses."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.y + self.scroll_offset.y < self.count:
            self._to(offset.y + self.scroll_offset.y)
            if event.chain > 1:
                self.action_choose()

    def on_resize(self, _: Resize) -> None:
        """Tell it: what fits a row may have changed."""
        self.virtual_size = Size(1, self.count)
        self.post_message(self.Resized(self, self.place))

    def _to(self, place: int) -> None:
        place = min(max(place, 0), self.count - 1)
        if place >= 0 and place != self.place:
            self.place = place
            self._follow()
            self.post_message(self.Moved(self, place))

    def _follow(self) -> None:
        if self._cursor:
            self.scroll_to_region(Region(0, self.place, 1, 1), animate=False, force=True)
        else:
            self.scroll_to(y=self.place, animate=False, force=True)
        self.refresh()


def _segment(cell: Cell, under: Style | None) -> Segment:
    """Return a cell as it may go to the terminal: nothing else does."""
    text = terminal_safe(cell.text[:_LONGEST])
    if cell.width is not None:
        text = fit(text, cell.width)
        blank = " " * (cell.width - cell_width(text))
        text = blank + text if cell.right else text + blank
    return Segment(text, under or STYLES[cell.style])
